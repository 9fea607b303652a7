"""The knowledge that an attempt leaves of its image, and when a later event begins anew."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.migration.fingerprint import fingerprint_of
from domain.migration.sightings import Sighting
from tests import builders as b
from tests.builders import NOW, an_image

KNOWN = fingerprint_of(an_image()).value
UNKNOWN = fingerprint_of(an_image(created=None)).value
ANOTHER = fingerprint_of(an_image(created="2025-01-01T00:00:00Z")).value
HOUR = timedelta(hours=1)


SIGHTINGS: dict[str, tuple[str | None, str, datetime | None, bool]] = {
    "read, the same": (KNOWN, KNOWN, NOW, True),
    "read, another": (KNOWN, ANOTHER, NOW, False),
    "read without its time, the same content": (UNKNOWN, KNOWN, NOW, True),
    "read, another, although its time is not known": (KNOWN, "v1-x-unknown", None, False),
    "read, the same, although it seems later": (KNOWN, KNOWN, NOW + 2 * HOUR, True),
    "not read, made before": (None, KNOWN, NOW - HOUR, True),
    "not read, made at that moment": (None, KNOWN, NOW, True),
    "not read, made since": (None, KNOWN, NOW + timedelta(microseconds=1), False),
    "not read, made nobody knows when": (None, UNKNOWN, None, True),
}


@pytest.mark.parametrize(
    ("read", "fingerprint", "created", "same"), SIGHTINGS.values(), ids=SIGHTINGS
)
def test_an_attempt_is_about_the_image_that_it_read_or_that_was_there(
    read: str | None, fingerprint: str, created: datetime | None, same: bool
) -> None:
    """One that has not read its image cannot have been about one that was made later."""
    sighting = Sighting(migration=b.MIGRATION_ID, accepted_at=NOW, fingerprint=read)
    assert sighting.is_of(fingerprint, created) is same


@pytest.mark.parametrize(
    ("failed_at", "event_at", "again"),
    [
        (None, NOW, False),
        (NOW, None, False),
        (None, None, False),
        (NOW, NOW - HOUR, False),
        (NOW, NOW, False),
        (NOW, NOW + timedelta(microseconds=1), True),
    ],
)
def test_only_an_event_after_a_failure_starts_another_attempt(
    failed_at: datetime | None, event_at: datetime | None, again: bool
) -> None:
    """An event that comes twice, or late, is no reason; nor is one of an attempt that did not fail."""
    sighting = Sighting(migration=b.MIGRATION_ID, accepted_at=NOW, failed_at=failed_at)
    assert sighting.may_be_tried_again(event_at) is again
