"""An event starts a migration for a new image only."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from domain.facts import ImageFacts
from domain.migration.fingerprint import fingerprint_of
from domain.migration.recorded import AcceptedRequest, State
from domain.migration.stages import Outcome
from records.backends.sqlite import SqliteRecords
from tests import builders as b
from tests.app import records
from tests.endings import end
from triggers.events.image_written import EventIgnoredError, _check_new

pytestmark = pytest.mark.usefixtures("own_records")


def accepted(fingerprint: str | None) -> AcceptedRequest:
    """An attempt that knows this of its image."""
    return b.an_acceptance().model_copy(update={"fingerprint": fingerprint})


def image(**changes: object) -> ImageFacts:
    """An image whose id is that of the builders' acceptance."""
    facts: ImageFacts = b.an_image()
    return facts.model_copy(update={"id": b.an_acceptance().source_image_id, **changes})


def is_new(facts: ImageFacts) -> bool:
    """Return True if an event about this image would start its migration."""
    try:
        _check_new(records(), facts)
    except EventIgnoredError:
        return False
    return True


def test_a_recorded_fingerprint_is_known_and_anotheris_new() -> None:
    """Tags and doubled events change no fingerprint; an image made anew has its own."""
    there = image()
    records().accept(accepted(fingerprint_of(there).value))
    assert not is_new(there)
    assert not is_new(image(tags={"team": "b"}))
    assert is_new(image(created_time=(b.NOW + timedelta(days=1)).isoformat()))


@pytest.mark.parametrize(("days", "new"), [(-1, False), (1, True), (None, False)])
def test_an_attempt_that_never_saw_its_image_is_told_by_time(days: int | None, new: bool) -> None:
    """It cannot have been about an image that was made after it was accepted; what is unknown starts nothing."""
    records().accept(accepted(None))
    created = None if days is None else (b.NOW + timedelta(days=days)).isoformat()
    assert is_new(image(created_time=created)) is new


def planned(started_with: ImageFacts, then: ImageFacts) -> None:
    """An attempt was accepted for one image, and its workflow planned for the other."""
    attempt = accepted(fingerprint_of(started_with).value)
    records().accept(attempt)
    fingerprint = fingerprint_of(then).value
    records().change_state(attempt.id, lambda _: State(fingerprint=fingerprint))


def test_what_the_workflow_read_counts() -> None:
    """A start may come before the creation time is listed; an image of the same disks made later is another."""
    there = image()
    planned(image(created_time=None), there)
    assert not is_new(there)
    assert is_new(image(created_time=(b.NOW + timedelta(days=1)).isoformat()))


def test_an_image_made_anew_between_the_start_and_the_plan_is_known() -> None:
    """It is the one that was migrated."""
    again = image(created_time=(b.NOW + timedelta(days=1)).isoformat())
    planned(image(), again)
    assert not is_new(again)


def ended(attempt: int, fingerprint: str | None) -> AcceptedRequest:
    """An attempt that knew this of its image, and has failed since."""
    made = b.an_acceptance(attempt).model_copy(update={"fingerprint": fingerprint})
    records().accept(made)
    end(records(), made, b.an_end(Outcome.FAILED))
    return made


def of_day(day: int) -> ImageFacts:
    """The image of that day, made anew of the same disks."""
    return image(created_time=(b.NOW + timedelta(days=day)).isoformat())


def test_an_image_of_an_earlier_attempt_is_known() -> None:
    """Whatever was migrated under its name since."""
    for day in (1, 2, 3):
        ended(day, fingerprint_of(of_day(day)).value)
    assert [is_new(of_day(day)) for day in (1, 2, 3, 4)] == [False, False, False, True]


def test_an_earlier_attempt_that_never_saw_its_image_is_told_by_time() -> None:
    """The attempts after it count for themselves."""
    never = ended(1, None)
    ended(2, fingerprint_of(of_day(2)).value)
    assert not is_new(image(created_time=never.accepted_at.isoformat()))
    assert is_new(of_day(1))


def test_an_event_about_an_image_with_500_attempts_reads_a_few_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It does whether the image is new or known; and so does the claim's look for the newest."""
    for attempt in range(1, 501):
        ended(attempt, fingerprint_of(of_day(attempt)).value)
    with counted(monkeypatch) as asked:
        assert is_new(of_day(501))
    assert len(asked) <= 6
    assert sum(asked) <= 20
    with counted(monkeypatch) as asked:
        assert not is_new(of_day(1))
        assert records().latest(b.an_acceptance().image_key) is not None
    assert len(asked) <= 8
    assert sum(asked) <= 20


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The number of rows that each query gives."""
    asked: list[int] = []
    really_read, really_list = SqliteRecords.read, SqliteRecords.list

    def read(store: SqliteRecords, *where: str) -> Any:
        row = really_read(store, *where)
        asked.append(1 if row else 0)
        return row

    def listed(store: SqliteRecords, *where: str, **options: Any) -> Any:
        row = really_list(store, *where, **options)
        asked.append(len(row))
        return row

    with monkeypatch.context() as patched:
        patched.setattr(SqliteRecords, "read", read)
        patched.setattr(SqliteRecords, "list", listed)
        yield asked
