"""Events in the records, in both backends: an hour is never overbooked, and what waits is never lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from domain.callers.actors import Actor, ActorKind
from domain.migration.event_starts import HOUR, WaitingEvent
from records.migrations import MigrationRecords
from tests.builders import IMAGE_ID, NOW
from tests.records.conftest import OpenStore

MINUTE = timedelta(minutes=1)
WRITERS = 6


@pytest.fixture
def events(open_store: OpenStore) -> MigrationRecords:
    """Records that are empty."""
    return MigrationRecords(open_store())


def waiting(name: str, minutes: int = 0, *owners: str) -> WaitingEvent:
    """An event about this image that was put down so many minutes after the others."""
    requester = Actor(kind=ActorKind.EVENT, id="eventGrid", owners=owners)
    since = NOW + timedelta(minutes=minutes)
    return WaitingEvent(image_id=f"{IMAGE_ID}-{name}", at=NOW, requester=requester, since=since)


def test_an_hour_that_is_full_gives_no_start(events: MigrationRecords) -> None:
    """Until the first of its starts is an hour old."""
    assert [events.take_start(2, NOW + n * MINUTE) for n in range(3)] == [True, True, False]
    assert not events.take_start(2, NOW + HOUR - MINUTE)
    assert events.take_start(2, NOW + HOUR)
    assert not events.take_start(2, NOW + HOUR)


def test_of_many_at_once_no_more_get_a_start_than_there_are(open_store: OpenStore) -> None:
    """Workers share the records: each start is given once."""
    barrier = Barrier(WRITERS)

    def take(_: int) -> bool:
        store = MigrationRecords(open_store())
        barrier.wait()
        return store.take_start(3, NOW)

    with ThreadPoolExecutor(WRITERS) as pool:
        assert sum(pool.map(take, range(WRITERS))) == 3


def test_what_waits_is_kept_in_its_order(events: MigrationRecords) -> None:
    """Until it is done with; the order is that of coming, whatever the images are called."""
    for event in (waiting("a", 2), waiting("c", 1), waiting("b", 3)):
        events.put_down(event)
    rows = events.waiting_events()
    assert [event.image_id[-1] for event, _ in rows] == ["c", "a", "b"]
    events.drop_event(*rows[0])
    assert [event.image_id[-1] for event, _ in events.waiting_events()] == ["a", "b"]


def test_events_about_one_image_wait_as_one(events: MigrationRecords) -> None:
    """However its id is written; whoever was just being done with is not forgotten when another joins."""
    events.put_down(waiting("a", 0, "ada"))
    [(first, etag)] = events.waiting_events()
    late = waiting("a", 5, "grace")
    events.put_down(late.model_copy(update={"image_id": late.image_id.upper()}))
    [(both, _)] = events.waiting_events()
    assert (both.since, both.requester.owners) == (first.since, ("ada", "grace"))
    events.drop_event(first, etag)
    assert len(events.waiting_events()) == 1
