"""The attempts to migrate one image, in both backends: the newest and the known ones are found in a few rows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.facts import ImageFacts
from domain.ids import image_key
from domain.migration.fingerprint import fingerprint_of
from domain.migration.sightings import Sighting
from records.attempts import attempt_row
from records.migrations import MigrationRecords
from records.store import RecordStore
from tests.builders import IMAGE_ID, NOW, an_acceptance, an_image
from tests.records.counting import Counting

KEY = image_key(IMAGE_ID)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def records(store: RecordStore) -> MigrationRecords:
    """Empty records in one backend."""
    return MigrationRecords(store)


def test_the_newest_of_many_attempts_costs_two_queries(store: RecordStore) -> None:
    """And one row besides the hint, beyond 999 attempts too."""
    for attempt in (1, 2, 998, 999, 1000):
        MigrationRecords(store).accept(an_acceptance(attempt))
    counting = Counting(store)
    assert MigrationRecords(counting).latest(KEY) == an_acceptance(1000)
    assert counting.asked == {"queries": 2, "rows": 2}


@pytest.mark.parametrize("hinted", [None, 1, 3, 5])
def test_a_hint_that_is_behind_is_made_up_for(
    store: RecordStore, records: MigrationRecords, hinted: int | None
) -> None:
    """Its writer died after the claim, or was overtaken."""
    for attempt in range(1, 6):
        accepted = an_acceptance(attempt)
        store.insert(KEY, attempt_row(attempt), accepted.model_dump(mode="json"))
        if attempt == hinted:
            records.hint_latest(accepted)
    assert records.latest(KEY) == an_acceptance(5)


def test_who_loses_a_claim_leaves_no_hint(records: MigrationRecords) -> None:
    """A hint in front of the attempts would hide them all."""
    records.accept(an_acceptance(1))
    assert records.accept(an_acceptance(2))
    assert not records.accept(an_acceptance(2))
    assert records.latest(KEY) == an_acceptance(2)


def seen(image: ImageFacts | None, attempt: int = 1) -> Sighting:
    """Return the sighting of an attempt that read this image."""
    return Sighting(
        migration=f"{KEY}-{attempt}",
        accepted_at=NOW + timedelta(minutes=attempt),
        fingerprint=fingerprint_of(image).value if image else None,
    )


def made(days: int | None) -> ImageFacts:
    """The same disks, made so many days later; None: nobody knows when."""
    created = None if days is None else (NOW + timedelta(days=days)).isoformat()
    return an_image(created=created)


@pytest.mark.parametrize(
    ("ended", "asked", "known"),
    [
        ([made(0)], made(0), True),
        ([made(0)], made(1), False),
        ([made(0)], made(None), True),
        ([made(None)], made(0), True),
        ([made(None)], made(None), True),
        ([made(0), made(1), made(2)], made(1), True),
        ([made(0), made(1), made(2)], made(3), False),
        ([an_image(hyperVGeneration="V1")], made(None), False),
        ([], made(0), False),
    ],
)
def test_an_image_that_was_read_is_known(
    records: MigrationRecords, ended: list[ImageFacts], asked: ImageFacts, known: bool
) -> None:
    """By its fingerprint, as far as both know it, whichever of its attempts has it."""
    for attempt, image in enumerate(ended, 1):
        records.remember_image(KEY, seen(image, attempt))
    fingerprint = fingerprint_of(asked).value
    sightings = records.sightings(KEY, fingerprint)
    assert any(sighting.is_of(fingerprint, LATER) for sighting in sightings) is known


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (2, 2)])
def test_of_attempts_that_read_nothing_the_last_counts(
    records: MigrationRecords, order: tuple[int, int]
) -> None:
    """Whoever ended last: the sweep may end an earlier one again."""
    for attempt in order:
        records.remember_image(KEY, seen(None, attempt))
    assert records.sightings(KEY, fingerprint_of(made(0)).value) == [seen(None, 2)]


def test_what_is_known_of_another_image_is_not_found(records: MigrationRecords) -> None:
    """Each image has rows of its own."""
    records.remember_image(image_key(IMAGE_ID + "b"), seen(made(0)))
    assert records.sightings(KEY, fingerprint_of(made(0)).value) == []
