"""The gate's checks on who uses the image: what waiting may change is waited out, all else is told at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.deletion.uses import use_checks, worth_another_try
from domain.references.kinds import Effect
from domain.references.scan import Gap, Scan
from domain.references.users import ImageUser
from tests.builders import IMAGE_ID, NOW
from tests.domain.deletion.test_gate import A_GAP, A_LOCK, a_scan, a_user

BUSY = Gap(where="scale sets", reason="TooManyRequests", transient=True, retry_after=30)
SLOW = Gap(where="templates", reason="no answer", transient=True)


def scan(**changes: Any) -> Scan:
    """A scan of this moment."""
    return a_scan(machines_read_at=NOW, **changes)


def test_nothing_is_waited_for_when_all_is_known() -> None:
    """The gate may open, or shut for other reasons."""
    assert worth_another_try(scan(), NOW) is None


def test_an_azure_that_does_not_answer_is_waited_out() -> None:
    """As long as the one asks that wants the most time."""
    later = worth_another_try(scan(gaps=(BUSY, SLOW)), NOW)
    assert later is not None
    assert (later.code, later.transient, later.retry_after) == ("UsersUnknown", True, 30)
    assert "TooManyRequests" in later.message


def test_a_scan_that_has_become_old_is_made_again() -> None:
    """A minute, to the second."""
    assert worth_another_try(scan(), NOW + timedelta(seconds=60)) is None
    later = worth_another_try(scan(), NOW + timedelta(seconds=61))
    assert later is not None
    assert (later.code, later.transient) == ("ScanTooOld", True)


@pytest.mark.parametrize(
    "found",
    [
        {"users": (a_user(Effect.BLOCKS),)},
        {"locks": (A_LOCK,)},
        {"veto": "DoNotDelete"},
        {"gaps": (BUSY, A_GAP)},
    ],
    ids=["a user", "a lock", "a tag", "no rights"],
)
def test_what_waiting_does_not_change_is_told_at_once(found: Any) -> None:
    """Even if something else could not be read."""
    gaps = found.get("gaps", (BUSY,))
    assert worth_another_try(scan(**{**found, "gaps": gaps}), NOW) is None


def test_a_refusal_says_what_to_do() -> None:
    """The first users with their commands, and how many more there are."""
    users = tuple(
        ImageUser(
            id=f"/set-{n}",
            kind="scale set",
            scope="/g",
            use="its model names the image",
            effect=Effect.BLOCKS,
            command=f"az vmss update --ids /set-{n}",
        )
        for n in range(8)
    )
    checks = {c.name: c for c in use_checks(scan(users=users), {}, "DoNotDelete", NOW)}
    check = checks["nobody needs the image"]
    assert not check.passed
    assert "scale set /set-0: its model names the image; move it: az vmss update" in check.found
    assert "set-5" not in check.found
    assert check.found.endswith("and 3 more (GET /api/references tells all)")
    assert IMAGE_ID not in check.found


def told(name: str, tags: dict[str, str], **changes: Any) -> str:
    """The text of one check."""
    checks = use_checks(scan(**changes), tags, "DoNotDelete", NOW)
    return next(check.found for check in checks if check.name == name)


def test_a_veto_is_named_with_its_tag() -> None:
    """And so is the tag that is not there."""
    name = "no veto tag on the image"
    assert told(name, {"donotdelete": ""}).startswith("tag donotdelete: take it away")
    assert told(name, {}) == "no tag DoNotDelete"


@pytest.mark.parametrize(
    ("number", "end"), [(5, "uses it"), (6, "more (GET /api/references tells all)")]
)
def test_five_users_are_told_in_full(number: int, end: str) -> None:
    """Of more, how many there are and where all of them stand."""
    text = told("nobody needs the image", {}, users=(a_user(Effect.BLOCKS),) * number)
    assert text.endswith(end)
    assert text.count("virtual machine /vm: uses it") == 5
    assert ("and 1 more" in text) is (number == 6)
    assert "move it" not in text


def test_a_user_is_told_with_the_command_that_moves_it() -> None:
    """A paste-ready one, behind what it does with the image."""
    user = a_user(Effect.BLOCKS).model_copy(update={"command": "az vmss update"})
    assert told("nobody needs the image", {}, users=(user,)).endswith("; move it: az vmss update")
