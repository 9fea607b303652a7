"""Replication: ready means Succeeded and Completed everywhere; everything else waits, fails clearly or times out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import UnexpectedResponseError
from domain.migration.polling import (
    APPEARS_WITHIN,
    PollPolicy,
    RegionStatus,
    Replicated,
    ReplicationFailed,
    VersionReading,
    Wait,
    judge,
    judged_look,
    version_reading,
)

POLICY = PollPolicy(interval=timedelta(minutes=1), timeout=timedelta(hours=6))
WANTED = ("eastus2", "westeurope")
MINUTE = timedelta(minutes=1)
REGION_STATES = ["Unknown", "Replicating", "Completed", "Failed"]
VERSION_STATES = ["Creating", "Updating", "Migrating", "Unknown", "Succeeded", "Failed", "Deleting"]


def reading(state: str, east: str = "Completed", west: str = "Completed", **more: Any) -> Any:
    regions = (
        RegionStatus(name="eastus2", state=east),
        RegionStatus(name="westeurope", state=west, details="no quota"),
    )
    return VersionReading(provisioning_state=state, regions=regions, **more)


def judged(look: VersionReading, elapsed: timedelta = MINUTE, polls: int = 0) -> object:
    return judge(look, WANTED, polls, elapsed, POLICY)


WAITING = {
    "still creating": reading("Creating", "Replicating", "Replicating"),
    "the operation ended, a region has not": reading("Succeeded", "Completed", "Replicating"),
    "a region is not reported yet": VersionReading(
        provisioning_state="Succeeded", regions=(RegionStatus(name="eastus2", state="Completed"),)
    ),
    "no region is reported yet": VersionReading(provisioning_state="Succeeded"),
    "every region is done, the operation is not": reading("Updating"),
    "a region failed, Azure's error is not there yet": reading("Creating", "Failed"),
    "a region's state is new to us": reading("Succeeded", "Completed", "Verifying"),
    "not to be found yet": VersionReading(found=False),
}
FAILED = {
    "the version failed": (reading("Failed"), "VersionFailed", "Failed"),
    "the version failed with Azure's own text": (
        reading("Failed", error_code="GalleryImageNotFound", error_message="gone"),
        "GalleryImageNotFound",
        "gone",
    ),
    "a region failed": (reading("Failed", west="Failed"), "ReplicationFailed", "no quota"),
    "a region failed though the version succeeded": (
        reading("Succeeded", west="Failed"),
        "ReplicationFailed",
        "westeurope",
    ),
    "somebody deletes it": (reading("Deleting"), "VersionDeleting", "Deleting"),
    "it was cancelled": (reading("Canceled"), "VersionCanceled", "Canceled"),
}


def test_ready_is_succeeded_and_completed_everywhere() -> None:
    """Both, in every wanted region."""
    assert judged(reading("Succeeded")) == Replicated()


def test_a_region_nobody_wants_does_not_count() -> None:
    """A failed region that somebody else added is not ours to wait for."""
    look = reading("Succeeded")
    extra = RegionStatus(name="brazilsouth", state="Failed")
    assert judged(look.model_copy(update={"regions": (*look.regions, extra)})) == Replicated()


@pytest.mark.parametrize("look", WAITING.values(), ids=WAITING)
def test_what_may_still_become_ready_is_waited_for(look: VersionReading) -> None:
    """Until the deadline."""
    assert judged(look) == Wait(delay=MINUTE)


@pytest.mark.parametrize("look", WAITING.values(), ids=WAITING)
def test_what_is_never_ready_ends_at_the_deadline(look: VersionReading) -> None:
    """Six hours by default; the reason says what was missing."""
    assert isinstance(judged(look, timedelta(hours=6)), ReplicationFailed)


@pytest.mark.parametrize(("look", "code", "words"), FAILED.values(), ids=FAILED)
def test_a_failure_is_told_with_azures_own_words(
    look: VersionReading, code: str, words: str
) -> None:
    """Code and reason, from Azure where it gave any."""
    failure = judged(look)
    assert isinstance(failure, ReplicationFailed)
    assert failure.code == code
    assert words in failure.reason


def test_success_beats_the_deadline() -> None:
    """A version that became ready at the last look is ready."""
    assert judged(reading("Succeeded"), timedelta(days=2)) == Replicated()


def test_a_version_that_does_not_appear_is_missed_after_ten_minutes() -> None:
    """A GET can be 404 for minutes after the PUT, not for hours."""
    gone = VersionReading(found=False)
    assert isinstance(judged(gone, APPEARS_WITHIN - timedelta(seconds=1)), Wait)
    failure = judged(gone, APPEARS_WITHIN)
    assert isinstance(failure, ReplicationFailed)
    assert failure.code == "VersionNotFound"


def test_ten_minutes_are_the_time_to_appear() -> None:
    """docs/platform-notes.md#a-version-right-after-its-put"""
    assert timedelta(minutes=10) == APPEARS_WITHIN


def test_the_deadlines_reason_says_what_was_missing() -> None:
    """The version's own state, and the regions that were behind."""
    late = timedelta(hours=6)
    behind = judged(reading("Creating", "Completed", "Replicating"), late)
    busy = judged(reading("Updating"), late)
    assert isinstance(behind, ReplicationFailed)
    assert isinstance(busy, ReplicationFailed)
    assert behind.code == busy.code == "ReplicationTimeout"
    assert behind.reason.endswith("the version is Creating, not Completed in westeurope")
    assert busy.reason.endswith("the version is Updating, not Completed in no region")


@given(
    st.sampled_from(VERSION_STATES),
    st.sampled_from(REGION_STATES),
    st.sampled_from(REGION_STATES),
    st.timedeltas(timedelta(0), timedelta(days=10)),
)
def test_nothing_but_completed_everywhere_is_ready(
    state: str, east: str, west: str, elapsed: timedelta
) -> None:
    """Over every combination of states and times; and no watch goes on for ever."""
    judgement = judged(reading(state, east, west), elapsed)
    ready = (state, east, west) == ("Succeeded", "Completed", "Completed")
    assert isinstance(judgement, Replicated) is ready
    assert not (isinstance(judgement, Wait) and elapsed >= POLICY.timeout)


@pytest.mark.parametrize(("polls", "minutes"), [(0, 1), (1, 1.25), (2, 1.5625), (8, 5), (9999, 5)])
def test_polls_become_rarer(polls: int, minutes: float) -> None:
    """Often while progress is watched, by a quarter rarer each time, fivefold in the end."""
    assert POLICY.delay(polls) == timedelta(minutes=minutes)


def test_no_wait_is_much_longer_than_what_was_waited_already() -> None:
    """So the end is noticed at most five minutes, and half the time that it took, after it came."""
    waited = timedelta(0)
    for polls in range(1, 50):
        waited += POLICY.delay(polls - 1)
        assert POLICY.delay(polls) <= max(POLICY.interval * 2, waited * 0.5)


def test_a_reading_is_read_from_azures_answer() -> None:
    """Display names become short ones; what is missing has a default."""
    body: dict[str, object] = {
        "properties": {
            "provisioningState": "Creating",
            "replicationStatus": {
                "summary": [
                    {"region": "East US 2", "state": "Replicating", "progress": 5, "details": ""},
                    {"region": "West Europe"},
                ]
            },
        }
    }
    assert version_reading(body) == VersionReading(
        provisioning_state="Creating",
        regions=(
            RegionStatus(name="eastus2", state="Replicating", progress=5),
            RegionStatus(name="westeurope"),
        ),
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"properties": None},
        {"properties": {}},
        {"error": {"code": "X"}},
        {"properties": {"provisioningState": "Succeeded", "replicationStatus": "Completed"}},
        {"properties": {"provisioningState": "Succeeded", "replicationStatus": {"summary": [1]}}},
    ],
    ids=str,
)
def test_an_answer_that_is_no_version_is_no_reading(body: dict[str, Any]) -> None:
    """Never Succeeded by default."""
    with pytest.raises(UnexpectedResponseError):
        version_reading(body)


@pytest.mark.parametrize("body", [{}, {"properties": {}}, {"properties": {"provisioningState": 1}}])
def test_a_reading_without_a_state_says_so(body: dict[str, Any]) -> None:
    """In the log, beside the correlation id."""
    with pytest.raises(UnexpectedResponseError, match="has no provisioningState"):
        version_reading(body)


def test_a_watch_of_an_earlier_deployment_goes_by_what_is_documented() -> None:
    """A look a minute, for six hours."""
    policy = PollPolicy.model_validate({})
    assert (policy.interval, policy.timeout) == (MINUTE, timedelta(hours=6))


@pytest.mark.parametrize(
    ("look", "completed"),
    [
        (VersionReading(found=False), 0),
        (reading("Creating", "Replicating", "Replicating"), 0),
        (reading("Creating", "Replicating"), 1),
        (reading("Succeeded"), 2),
    ],
)
def test_a_look_counts_the_wanted_regions_that_have_the_version(
    look: VersionReading, completed: int
) -> None:
    """One that somebody else added is no progress of ours."""
    extra = RegionStatus(name="brazilsouth", state="Completed")
    for seen in (look, look.model_copy(update={"regions": (*look.regions, extra)})):
        judgement = judged_look(seen, WANTED, 0, MINUTE, POLICY)
        assert (judgement.completed, judgement.regions) == (completed, 2)
        assert judgement.judgement == judged(look)
