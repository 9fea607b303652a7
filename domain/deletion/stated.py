"""The part of the gate that holds the approved statement against that of now, and says when it is asked again."""

from collections.abc import Sequence
from typing import Literal

from domain.approval.statement import KeptStatement, Statement, changes, still_covers
from domain.deletion.evidence import Check
from domain.references.scan import at_most
from domain.values import Message

STATEMENT = "what was approved is what there is"
# A user that has appeared may need the image: whoever is asked again sees it, and what moves it.
_TO_BE_ASKED = frozenset({STATEMENT, "nobody needs the image"})
_MOST_TOLD = 5


class StatementChanged(Message):
    """The approval was for something else than what there is, and no DELETE was ever sent."""

    kind: Literal["changed"] = "changed"
    change: str


def statement_check(approved: Statement | None, now: Statement | None) -> Check:
    """The check of the statement that was asked about against that of what was just read."""
    if approved is None or now is None:
        return Check(name=STATEMENT, passed=False, found="no statement was asked about")
    return Check(
        name=STATEMENT,
        passed=still_covers(approved, now),
        found="; ".join(told_changes(approved, now)) or f"as it was asked, round {now.round}",
    )


def told_changes(approved: Statement, now: Statement) -> tuple[str, ...]:
    """The first differences that the approval does not cover, and how many there are besides."""
    return tuple(at_most(_MOST_TOLD, changes(approved, now), "and {} more"))


def changes_since(before: KeptStatement | None, now: KeptStatement | None) -> tuple[str, ...]:
    """The changes for which it is asked again; none the first time."""
    approved, asked = (kept.statement if kept else None for kept in (before, now))
    return told_changes(approved, asked) if approved and asked else ()


def change_to_ask_about(checks: Sequence[Check]) -> str | None:
    """Return what has changed since the approval, if nothing else keeps the image, so that asking again mends it."""
    failed = {check.name: check.found for check in checks if not check.passed}
    return failed.get(STATEMENT) if failed.keys() <= _TO_BE_ASKED else None
