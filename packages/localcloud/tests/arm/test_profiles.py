"""A profile gives the cloud failing regions, late regions and durations."""

from __future__ import annotations

from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from localcloud.arm.state.profile import DEFAULT, Profile
from packages.localcloud.tests.arm.driving import DEFINITION, VERSION, driven, error

FAILURE = "Failed with internal server error."


def test_one_failing_region_fails_the_version_in_azures_words(state_folder: Path) -> None:
    """The other region completes; the update ARM advises then mends the version."""
    profile = Profile(failing_regions={"westus2": FAILURE})
    with driven(state_folder, profile) as arm:
        arm.gallery()
        arm.image()
        made = arm.version(regions=("eastus2", "westus2"))
        arm.pass_time(hours=1)
        message = arm.operation(made)["error"]["message"]
        assert f"'{{region:westus2, detail:{FAILURE}}}'" in message
        version = arm.get(VERSION, expand="ReplicationStatus")["properties"]
        summary = {line["region"]: line for line in version["replicationStatus"]["summary"]}
        assert (summary["eastus2"]["state"], summary["westus2"]["state"]) == ("Completed", "Failed")
        assert summary["westus2"]["details"] == FAILURE
        assert version["provisioningState"] == "Failed"
        arm.put(VERSION, arm.version_body())
        arm.pass_time(hours=1)
        assert arm.state(VERSION) == "Succeeded"


def test_succeeded_does_not_mean_usable(state_folder: Path) -> None:
    """A late region replicates on after the operation; machines find no image there till then."""
    with driven(state_folder, Profile(late_regions={"westus2": 600})) as arm:
        arm.gallery()
        arm.image()
        arm.version(regions=("eastus2", "westus2"))
        while arm.state(VERSION) == "Creating":
            arm.pass_time(seconds=15)
        status = arm.get(VERSION, expand="ReplicationStatus")["properties"]["replicationStatus"]
        assert status["aggregatedState"] == "InProgress"
        machine = {
            "location": "westus2",
            "properties": {"storageProfile": {"imageReference": {"id": arm.id(VERSION)}}},
        }
        refused = arm.call("PUT", "virtualMachines/vm", machine)
        assert error(refused) == (404, "GalleryImageNotFound")
        arm.pass_time(minutes=11)
        assert arm.call("PUT", "virtualMachines/vm", machine).status_code == 201


def test_durations_can_be_set(state_folder: Path) -> None:
    """A profile's replication seconds are the version's, whatever would have been drawn."""
    with driven(state_folder, replace(DEFAULT, replication_seconds=7.0)) as arm:
        arm.gallery()
        arm.image()
        arm.version(regions=("eastus2", "westus2"))
        arm.pass_time(seconds=6.9)
        assert arm.state(VERSION) == "Creating"
        arm.pass_time(seconds=0.2)
        assert arm.state(VERSION) == "Succeeded"


def test_arm_may_count_children_for_a_while_after_they_are_gone(state_folder: Path) -> None:
    """With an index lag: 409 CannotDeleteResource while versions exist and some seconds longer, then 202."""
    with driven(state_folder, Profile(index_lag=15)) as arm:
        arm.gallery()
        arm.image()
        arm.version()
        arm.pass_time(minutes=30)
        gone = arm.call("DELETE", VERSION)
        while arm.operation(gone)["status"] == "InProgress":
            arm.pass_time(seconds=1)
        assert arm.call("GET", VERSION).status_code == 404
        assert error(arm.call("DELETE", DEFINITION)) == (409, "CannotDeleteResource")
        arm.pass_time(seconds=20)
        assert arm.call("DELETE", DEFINITION).status_code == 202


@pytest.mark.parametrize(("real", "hours"), [(False, 5), (True, 0)])
def test_a_real_date_stays_where_the_clock_is_moved(
    state_folder: Path, real: bool, hours: int
) -> None:
    """An app whose clock nobody moves holds its own against the Date header."""
    with driven(state_folder, Profile(real_date=real)) as arm:
        answers = [arm.call("GET", "images/none")]
        arm.pass_time(hours=5)
        answers.append(arm.call("GET", "images/none"))
        before, after = (parsedate_to_datetime(answer.headers["Date"]) for answer in answers)
        assert round((after - before).total_seconds() / 3600) == hours
