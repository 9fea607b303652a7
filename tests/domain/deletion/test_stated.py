"""The gate and the statement: what has changed since the approval, and when asking again mends it."""

from __future__ import annotations

import pytest

from domain.approval.statement import KeptStatement, StatedReferences, StatedUser, Statement
from domain.deletion.evidence import Check
from domain.deletion.stated import (
    STATEMENT,
    change_to_ask_about,
    changes_since,
    statement_check,
    told_changes,
)
from domain.references.kinds import Effect
from tests.builders import NOW, SUBSCRIPTION, a_statement


def seen(number: int) -> Statement:
    """A statement with so many users."""
    users = tuple(
        StatedUser(kind="virtual machine", id=f"/{n}", scope="/g", effect=Effect.WARNS)
        for n in range(number)
    )
    stated = StatedReferences(subscriptions=(SUBSCRIPTION,), complete=True, users=users)
    return a_statement(references=stated)


def test_an_unchanged_statement_passes() -> None:
    """And says which one it was."""
    check = statement_check(a_statement(round=2), a_statement(round=2))
    assert check == Check(name=STATEMENT, passed=True, found="as it was asked, round 2")


def test_a_change_does_not() -> None:
    """It says what has changed."""
    check = statement_check(seen(0), seen(1))
    found = "a new user: virtual machine /0 (warns)"
    assert check == Check(name=STATEMENT, passed=False, found=found)


@pytest.mark.parametrize(
    ("approved", "now"), [(None, a_statement()), (a_statement(), None), (None, None)]
)
def test_without_a_statement_nothing_passes(
    approved: Statement | None, now: Statement | None
) -> None:
    """The unknown does not hold."""
    check = statement_check(approved, now)
    assert (check.passed, check.found) == (False, "no statement was asked about")


@pytest.mark.parametrize(("number", "last"), [(5, "a new user: virtual machine /4 (warns)")])
def test_five_changes_are_told(number: int, last: str) -> None:
    """All of them."""
    told = told_changes(seen(0), seen(number))
    assert (len(told), told[-1]) == (5, last)


def test_of_more_the_number_is_told() -> None:
    """People read no lists of a thousand machines."""
    told = told_changes(seen(0), seen(7))
    assert (len(told), told[-1]) == (6, "and 2 more")


def kept(statement: Statement) -> KeptStatement:
    """A statement as it lies in the records."""
    return KeptStatement(text=statement.text, asked_at=NOW)


def test_it_is_asked_again_for_what_has_changed_since() -> None:
    """Nothing has the first time; nor is anything known of a text that is no statement."""
    assert changes_since(kept(seen(0)), kept(seen(1))) == told_changes(seen(0), seen(1)) != ()
    unread = KeptStatement(text="{}", asked_at=NOW)
    for before, now in (
        (None, kept(seen(1))),
        (kept(seen(0)), None),
        (unread, kept(seen(1))),
        (kept(seen(0)), unread),
    ):
        assert changes_since(before, now) == ()


CHANGED = Check(name=STATEMENT, passed=False, found="a new user")
NEEDED = Check(name="nobody needs the image", passed=False, found="a scale set")
LOCKED = Check(name="no lock on the image", passed=False, found="a lock")
WELL = Check(name="deletion approved", passed=True, found="yes")


@pytest.mark.parametrize(
    ("checks", "change"),
    [
        ([], None),
        ([WELL], None),
        ([WELL, CHANGED], "a new user"),
        ([WELL, NEEDED, CHANGED], "a new user"),
        ([WELL, NEEDED], None),
        ([WELL, LOCKED, CHANGED], None),
        ([WELL, LOCKED, NEEDED, CHANGED], None),
        ([CHANGED.model_copy(update={"passed": True})], None),
    ],
)
def test_it_is_asked_again_when_nothing_else_keeps_the_image(
    checks: list[Check], change: str | None
) -> None:
    """A new user may be one that needs the image: whoever is asked sees it, and what moves it."""
    assert change_to_ask_about(checks) == change
