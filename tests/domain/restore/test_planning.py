"""A restore is planned from what was kept and proven; whatever is not is told, with what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.errors import Problem
from domain.migration.fingerprint import FINGERPRINT_TAG
from domain.migration.polling import RegionStatus, VersionReading
from domain.restore.planning import Recipe, plan_restore
from domain.restore.recorded import RestorePlan
from tests.builders import IMAGE_ID, MIGRATION_ID, NOW, SCOPE
from tests.domain.restore.values import PUBLISHED, a_plan, a_recipe, a_version, readings


def problems(**changes: Any) -> list[str]:
    """The reasons against the restore when something differs."""
    found = plan_restore(readings(**changes), MIGRATION_ID, 1)
    assert isinstance(found, list), found
    assert {problem.field for problem in found} == {"version"}
    return [problem.message for problem in found]


def test_every_disk_of_the_image_is_made_of_the_version() -> None:
    """By its LUN, under a name of this attempt, beside the image; the image is made of these."""
    planned = plan_restore(readings(), MIGRATION_ID, 2)
    assert isinstance(planned, RestorePlan)
    version = a_plan().version_id
    names = [f"restore-{MIGRATION_ID}-2-{part}" for part in ("os", "lun0", "lun3")]
    assert [disk.disk.text for disk in planned.disks] == [f"{SCOPE}/disks/{n}" for n in names]
    assert [(disk.lun, disk.size_gb) for disk in planned.disks] == [(None, 127), (0, 100), (3, 50)]
    made = [d.body["properties"]["creationData"]["galleryImageReference"] for d in planned.disks]
    assert made == [{"id": version}, {"id": version, "lun": 0}, {"id": version, "lun": 3}]
    storage = planned.image_body["properties"]["storageProfile"]
    assert storage["osDisk"]["managedDisk"] == {"id": f"{SCOPE}/disks/{names[0]}"}
    assert {d["lun"]: d["managedDisk"]["id"] for d in storage["dataDisks"]} == {
        0: f"{SCOPE}/disks/{names[1]}",
        3: f"{SCOPE}/disks/{names[2]}",
    }
    assert (planned.image.text, planned.version_id) == (IMAGE_ID, version)
    assert planned.published == PUBLISHED.isoformat()


def test_a_version_that_is_gone_is_all_there_is_to_say() -> None:
    """It may be undeleted."""
    (found,) = problems(version=None, replication=None)
    assert found == (
        f"version {a_plan().version_id} is not there (any more); undelete it, if the gallery keeps what was deleted"
    )


def test_the_moment_of_the_recipe_is_the_last_one_to_be_published() -> None:
    """A younger version under the name is another one."""
    last = a_version(published_date=NOW.isoformat())
    assert isinstance(plan_restore(readings(version=last), MIGRATION_ID, 1), RestorePlan)
    younger = a_version(published_date=(NOW + timedelta(seconds=1)).isoformat())
    (found,) = problems(version=younger)
    assert found.endswith("after the image's recipe was kept: it is another one")
    (unknown,) = problems(version=a_version(published_date=None))
    assert "nobody knows when" in unknown


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"source_id": f"{IMAGE_ID}-2"}, f"made from {IMAGE_ID}-2, not from this image"),
        ({"source_id": None}, "made from nothing"),
        ({"tags": {FINGERPRINT_TAG: "v1-other"}}, "put it back"),
        ({"tags": {}}, "put it back"),
        ({"replication_mode": "Shallow"}, "its replication is Shallow"),
        ({"disks": ()}, "its disks are not those of the image"),
        ({"disks": a_version().disks[:2]}, "its disks are not those of the image"),
        ({"provisioning_state": "Updating"}, "it is Updating; wait"),
    ],
)
def test_each_fact_about_the_version_must_hold(changes: dict[str, Any], told: str) -> None:
    """One that does not is the only thing that is told."""
    (found,) = problems(version=a_version(**changes))
    assert told in found


def test_our_own_record_must_name_the_version() -> None:
    """With the approved fingerprint."""
    (found,) = problems(begun=None)
    assert found == "no record of this app says that it was made from this image"
    begun = readings().begun
    assert begun is not None
    other = begun.model_copy(update={"fingerprint": "v1-other"})
    assert problems(begun=other) == [found]


def test_the_recipe_must_be_of_the_approved_image() -> None:
    """Its content, as far as an image's JSON tells it."""
    generation = Recipe(at=NOW, image=a_recipe(hyperVGeneration="V1").image)
    assert problems(recipe=generation) == [
        "the recipe is not of the image that was approved to be deleted; restore it by hand"
    ]


def test_a_security_type_without_images_has_no_way_back() -> None:
    """Nor has a version without a replica in the image's region; all reasons are told at once."""
    statuses = (
        RegionStatus(name="eastus2", state="Replicating"),
        RegionStatus(name="westeurope", state="Completed"),
    )
    partly = VersionReading(provisioning_state="Succeeded", regions=statuses)
    plan = a_plan(security_type="TrustedLaunch")
    found = problems(plan=plan, replication=partly)
    assert [("TrustedLaunch" in text, "eastus2" in text) for text in found] == [
        (True, False),
        (False, True),
    ]
    assert "eastus2" in problems(replication=None)[0]


def test_problems_name_the_version() -> None:
    """As fields of an answer do."""
    found = plan_restore(readings(version=None), MIGRATION_ID, 1)
    assert isinstance(found, list)
    assert isinstance(found[0], Problem)
