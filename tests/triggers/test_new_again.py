"""Whether an image that an event is about is known already."""

from datetime import timedelta

import pytest

from domain.facts import ImageFacts
from domain.migration.fingerprint import fingerprint_of
from domain.migration.recorded import Accepted, State
from tests import builders as b
from tests.app import records
from triggers.events.image_written import Dropped, _check_new

pytestmark = pytest.mark.usefixtures("own_records")


def accepted(fingerprint: str | None) -> Accepted:
    """An attempt that knows this of its image."""
    return b.an_acceptance().model_copy(update={"fingerprint": fingerprint})


def image(**changes: object) -> ImageFacts:
    """An image whose id is that of the builders' acceptance."""
    facts: ImageFacts = b.an_image()
    return facts.model_copy(update={"id": b.an_acceptance().source_image_id, **changes})


def is_new(facts: ImageFacts) -> bool:
    """Whether an event about this image would start its migration."""
    try:
        _check_new(records(), facts)
    except Dropped:
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
    found = fingerprint_of(then).value
    records().change_state(attempt.id, lambda _: State(fingerprint=found))


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
