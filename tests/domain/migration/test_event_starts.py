"""Starts by events: so many in an hour, and what waits for the next."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.callers.actors import Actor, ActorKind
from domain.migration.event_starts import HOUR, EventStarts, WaitingEvent
from tests.builders import IMAGE_ID, NOW

SECOND = timedelta(seconds=1)


def waiting(*owners: str, **changes: object) -> WaitingEvent:
    """An event that waits."""
    event = Actor(kind=ActorKind.EVENT, id="eventGrid", owners=owners)
    values = {"image_id": IMAGE_ID, "at": NOW, "requester": event, "since": NOW, **changes}
    return WaitingEvent.model_validate(values)


def test_an_hour_has_so_many_starts_and_no_more() -> None:
    """The first of them makes room again once it is an hour old, to the moment."""
    one = EventStarts().with_one_more(2, NOW)
    assert one is not None
    two = one.with_one_more(2, NOW + SECOND)
    assert two is not None
    assert two.at == (NOW, NOW + SECOND)
    assert two.with_one_more(2, NOW + HOUR - SECOND) is None
    three = two.with_one_more(2, NOW + HOUR)
    assert three is not None
    assert three.at == (NOW + SECOND, NOW + HOUR)


@given(st.lists(st.integers(0, 4 * 3600), max_size=60), st.integers(1, 5))
def test_at_no_time_are_there_more_within_an_hour(moments: list[int], most: int) -> None:
    """Whenever they come; and one that comes when there is room is never refused."""
    starts, taken = EventStarts(), list[int]()
    for moment in sorted(moments):
        more = starts.with_one_more(most, NOW + timedelta(seconds=moment))
        room = sum(moment - other < 3600 for other in taken) < most
        assert (more is not None) == room
        if more:
            starts = more
            taken.append(moment)
    assert len(starts.at) <= most


def test_events_about_one_image_wait_as_one() -> None:
    """In the place of the first, with the newer time, whichever came first; both exclude whom they exclude."""
    early, late = waiting("a", "b"), waiting("b", "c", at=NOW + SECOND, since=NOW + HOUR)
    joined = early.joined_by(late)
    assert (joined.since, joined.at) == (NOW, NOW + SECOND)
    assert joined.requester.owners == ("a", "b", "c")
    assert early.joined_by(waiting(at=NOW - SECOND)).at == NOW
    assert waiting(at=None).joined_by(waiting(at=None)).at is None
    assert waiting(at=None).joined_by(early).at == NOW
