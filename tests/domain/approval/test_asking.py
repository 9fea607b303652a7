"""The replies of an asking."""

from __future__ import annotations

from domain.approval.asking import ApprovalOpened
from tests.builders import NOW


def test_an_asking_of_which_no_more_is_told_is_the_first() -> None:
    """A reply of an earlier deployment knew of no other."""
    reply = {"kind": "opened", "deadline": NOW.isoformat(), "round": 3}
    assert ApprovalOpened.model_validate(reply).asked == 1
