"""The permission to delete: with an identity for it, and with none."""

from __future__ import annotations

from demo.identities import DELETER
from domain.deletion.permission import NO_DELETER, NOT_PERMITTED, permission_check


def test_an_identity_permits() -> None:
    """The evidence names it."""
    check = permission_check(DELETER)
    assert (check.name, check.passed) == ("deletion permitted", True)
    assert check.found == f"by the identity {DELETER}"


def test_without_one_nothing_is_permitted() -> None:
    """It says so in these words, and which setting is missing."""
    check = permission_check("")
    assert (check.name, check.passed) == ("deletion permitted", False)
    assert check.found == NOT_PERMITTED
    assert NOT_PERMITTED.startswith("deletion not permitted: ")
    assert "set DELETER_CLIENT_ID" in NOT_PERMITTED


def test_the_plan_says_it_in_a_sentence() -> None:
    """Before anybody waits for anything."""
    assert NO_DELETER.startswith("Deletion not permitted: ")
    assert NO_DELETER.endswith("nobody is asked for an approval, and the image is kept.")
