"""The list of mutants that may survive, each with the reason why it changes nothing, and what it says of a run."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.mutation.mutants import Change

ENOUGH = 0.95


def listed(path: Path) -> dict[Change, str]:
    """The survivors in a list and the reason of each. Raises KeyError for one that lacks a field."""
    rows = tomllib.loads(path.read_text())["survivor"] if path.exists() else []
    return {Change(*(row[name] for name in Change._fields)): row["reason"] for row in rows}


def complaints(survived: Mapping[Change, bool], reasons: Mapping[Change, str]) -> Iterator[str]:
    """Yield all that is wrong with a run, in which each change survived or did not."""
    killed = sum(not lives for lives in survived.values())
    if killed < ENOUGH * len(survived):
        yield f"fewer than {ENOUGH:.0%} are killed"
    for change, lives in survived.items():
        if lives and change not in reasons:
            yield f"survived and is not listed: {_told(change)}"
        if not lives and change in reasons:
            yield f"is listed and was killed: {_told(change)}"
    modules = {change.module for change in survived}
    for change, reason in reasons.items():
        if change.module in modules and change not in survived:
            yield f"is listed and does not exist: {_told(change)}"
        if not reason.strip():
            yield f"is listed without a reason: {_told(change)}"


def _told(change: Change) -> str:
    where = f"{change.module}, {change.within}" if change.within else change.module
    return f"{where}\n    {change.line}\n    {change.mutation}"
