"""The emergency stop: the last call counts, who made it is told, and a setting stops by itself."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from domain.callers.actors import Actor, ActorKind
from domain.deletion.emergency_stop import (
    MOST_CHANGES_KEPT,
    EmergencyStop,
    StopChange,
    parse_stop,
    stop_check,
)
from domain.errors import InvalidRequestError
from tests.builders import NOW

ADA = Actor(kind=ActorKind.PERSON, id="0a", label="Ada")


def change(number: int = 0, *, stopped: bool) -> StopChange:
    at = NOW + timedelta(minutes=number)
    return StopChange(stopped=stopped, by=ADA, at=at, reason=f"reason {number}")


STOPPED = EmergencyStop().changed(change(1, stopped=True))
LIFTED = STOPPED.changed(change(2, stopped=False))


def test_the_last_call_counts() -> None:
    """And the ones before are kept."""
    assert EmergencyStop().standing is None
    assert STOPPED.standing == change(1, stopped=True)
    assert LIFTED.standing is None
    assert [one.stopped for one in LIFTED.changes] == [True, False]
    assert LIFTED.changed(change(3, stopped=True)).standing == change(3, stopped=True)


def test_only_so_many_are_kept() -> None:
    """The newest: a row has a size."""
    stop = EmergencyStop()
    for number in range(MOST_CHANGES_KEPT + 5):
        stop = stop.changed(change(number, stopped=True))
    assert len(stop.changes) == MOST_CHANGES_KEPT == 100
    assert stop.changes[0].reason == "reason 5"
    assert stop.changes[-1].reason == "reason 104"


@pytest.mark.parametrize(
    ("stop", "by_setting", "found"),
    [
        (EmergencyStop(), False, "none"),
        (LIFTED, False, "none"),
        (EmergencyStop(), True, "DELETION_STOPPED is true"),
        (LIFTED, True, "DELETION_STOPPED is true"),
    ],
)
def test_the_check_holds_while_neither_stops(
    stop: EmergencyStop, *, by_setting: bool, found: str
) -> None:
    """Each alone stops."""
    check = stop_check(stop, by_setting=by_setting)
    assert (check.name, check.passed, check.found) == (
        "no emergency stop",
        found == "none",
        found,
    )


def test_the_check_says_who_stopped_when_and_why() -> None:
    """Both are told when both stop."""
    one, both = stop_check(STOPPED, by_setting=False), stop_check(STOPPED, by_setting=True)
    assert not one.passed
    assert not both.passed
    at = (NOW + timedelta(minutes=1)).isoformat()
    assert one.found == f"stopped by {ADA.words} at {at}: reason 1"
    assert both.found == f"DELETION_STOPPED is true; {one.found}"


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"stopped": True},
        {"stopped": "yes", "reason": "r"},
        {"stopped": True, "reason": ""},
        {"stopped": True, "reason": " "},
        {"stopped": True, "reason": "a\nb"},
        {"stopped": True, "reason": "r" * 501},
        {"stopped": True, "reason": "r", "by": "me"},
        [],
    ],
)
def test_a_body_needs_a_reason_and_no_more(wrong: object) -> None:
    """Every problem is named."""
    with pytest.raises(InvalidRequestError):
        parse_stop(json.dumps(wrong).encode())


@pytest.mark.parametrize("reason", ["r", "r" * 500, "wrong images are chosen"])
def test_a_body_is_read(reason: str) -> None:
    """To the longest reason."""
    said = parse_stop(json.dumps({"stopped": False, "reason": reason}).encode())
    assert (said.stopped, said.reason) == (False, reason)
