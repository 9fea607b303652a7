"""A view that hears of changes late: of any lag, in any order of looks, and of many changes."""

from __future__ import annotations

from datetime import datetime, timedelta

from localcloud.arm.state import delayed
from localcloud.arm.state.delayed import LONGEST, Delayed
from localcloud.arm.state.model import Resource
from localcloud.testing.running_arm import START

ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/{}"


def image(name: str, made: datetime = START, **properties: str) -> Resource:
    """An image with these properties."""
    return Resource(ID.format(name), "Microsoft.Compute/images", "eastus2", dict(properties), made)


def names(seen: Delayed, now: datetime, **lag: float) -> list[str]:
    """Its view."""
    return [resource.name for resource in seen.view(now, timedelta(**lag))]


def test_a_look_without_lag_spoils_none_with_one() -> None:
    """Lags may differ from look to look, as faults want them."""
    seen = Delayed()
    seen.note(START, "a", image("a"))
    later = START + timedelta(minutes=1)
    assert names(seen, later) == ["a"]
    assert names(seen, later, minutes=2) == []
    seen.note(later, "a", None)
    assert names(seen, later) == []
    assert names(seen, later, minutes=1) == ["a"]


def test_a_lag_has_an_end() -> None:
    """Nothing is kept back for longer than the longest one."""
    seen = Delayed()
    seen.note(START, "a", image("a"))
    assert names(seen, START + LONGEST, days=30) == ["a"]


def test_many_changes_are_merged() -> None:
    """The last of them is what is seen, whatever had to be forgotten."""
    seen = Delayed()
    number = delayed._MOST + 10
    for turn in range(number):
        seen.note(START, "a", image("a", turn=str(turn)))
    [found] = seen.view(START, timedelta(0))
    assert found.properties == {"turn": str(number - 1)}
    assert len(seen._changes) < number
