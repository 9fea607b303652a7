"""Image versions: how they come to be, change, fail and go, as Azure was seen to treat them."""

from __future__ import annotations

from typing import Any

import pytest

from packages.localcloud.tests.arm.driving import (
    DEFINITION,
    VERSION,
    Driver,
    application,
    definition,
    error,
)


def test_a_version_is_created_while_time_passes(arm: Driver) -> None:
    """201 Creating at once; the operation and the state end together; sizes come only then."""
    arm.gallery()
    arm.image()
    made = arm.version()
    assert (made.status_code, made.json()["properties"]["provisioningState"]) == (201, "Creating")
    assert "Location" not in made.headers
    assert made.headers["Retry-After"] == "60"
    assert "osDiskImage" not in arm.get(VERSION)["properties"]["storageProfile"]
    assert arm.operation(made)["status"] == "InProgress"
    arm.pass_time(minutes=30)
    assert arm.operation(made)["status"] == "Succeeded"
    done = arm.get(VERSION)["properties"]
    assert done["provisioningState"] == "Succeeded"
    assert done["storageProfile"]["osDiskImage"]["sizeInGB"] == 30


def test_replication_is_shown_only_when_asked_for(arm: Driver) -> None:
    """Progress per region grows to Completed; without $expand there is no replicationStatus."""
    arm.gallery()
    arm.image()
    arm.version(regions=("eastus2", "West Europe"))
    seen = []
    for _ in range(30):
        arm.pass_time(minutes=1)
        seen.append(arm.get(VERSION, expand="ReplicationStatus")["properties"]["replicationStatus"])
    regions = [[line["region"] for line in status["summary"]] for status in seen]
    assert regions[0] == ["eastus2", "westeurope"]
    progress = [sum(line["progress"] for line in status["summary"]) for status in seen]
    assert progress == sorted(progress)
    assert len(set(progress)) > 4
    assert seen[-1]["aggregatedState"] == "Completed"
    assert "replicationStatus" not in arm.get(VERSION)["properties"]


@pytest.mark.parametrize(
    ("image", "definition_options", "code", "text"),
    [
        ({"hyperVGeneration": "V2"}, {}, "Conflict", "different Hypervisor generation ['V2']"),
        ({}, {"osType": "Windows"}, "BadRequest", "different OS type ['Linux']"),
        ({}, {"osState": "Specialized"}, "BadRequest", "different OS state ['Generalized']"),
    ],
)
def test_a_mismatch_fails_after_the_version_was_accepted(
    arm: Driver, image: Any, definition_options: Any, code: str, text: str
) -> None:
    """The PUT gets 201, the operation ends Failed, and the name is taken until it is deleted."""
    arm.gallery()
    arm.image(**image)
    arm.put("galleries/g/images/other", definition("other", **definition_options))
    path = "galleries/g/images/other/versions/1.0.0"
    made = arm.version(path)
    assert made.status_code == 201
    arm.pass_time(minutes=5)
    failed = arm.operation(made)
    assert (failed["status"], failed["error"]["code"]) == ("Failed", code)
    assert text in failed["error"]["message"]
    assert arm.state(path) == "Failed"
    assert error(arm.version(path)) == (409, "OperationNotAllowed")
    arm.call("DELETE", path)
    arm.pass_time(minutes=5)
    assert arm.version(path).status_code == 201


def test_a_purchase_plan_must_be_on_the_definition(arm: Driver) -> None:
    """An image of a marketplace machine fails under a definition without its plan."""
    arm.gallery()
    plan = {"name": "byol", "publisher": "contoso", "product": "firewall"}
    disk = {"osType": "Linux", "osState": "Generalized", "diskSizeGB": 60}
    body = {"location": "eastus2", "properties": {"storageProfile": {"osDisk": disk}}}
    arm.cloud.add_image({"id": arm.id("images/web"), "plan": plan, **body})
    without = arm.version()
    arm.put("galleries/g/images/planned", definition("planned", purchasePlan=plan))
    arm.pass_time(minutes=5)
    assert "different plan" in arm.operation(without)["error"]["message"]
    arm.version("galleries/g/images/planned/versions/1.0.0")
    arm.pass_time(minutes=30)
    assert arm.state("galleries/g/images/planned/versions/1.0.0") == "Succeeded"


def test_one_version_at_a_time_is_built_from_an_image(arm: Driver) -> None:
    """A second version started meanwhile ends Failed; after the first is done it works."""
    arm.gallery()
    arm.image()
    arm.version()
    second = arm.version(f"{DEFINITION}/versions/2.0.0")
    arm.pass_time(minutes=30)
    assert "Too many requests on source" in arm.operation(second)["error"]["message"]
    assert arm.state(VERSION) == "Succeeded"
    third = arm.version(f"{DEFINITION}/versions/3.0.0")
    arm.pass_time(minutes=30)
    assert arm.operation(third)["status"] == "Succeeded"


def test_the_source_of_a_version_cannot_be_changed(arm: Driver) -> None:
    """409 PropertyChangeNotAllowed with the path as target; leaving the source out is fine."""
    arm.gallery()
    arm.image()
    arm.image("other")
    arm.version()
    arm.pass_time(minutes=30)
    refused = arm.call("PUT", VERSION, arm.version_body("other"))
    assert error(refused) == (409, "PropertyChangeNotAllowed")
    path = "galleryImageVersion.properties.storageProfile.source.id"
    assert refused.json()["error"]["target"] == path
    body = arm.version_body(regions=("eastus2", "westus2"))
    body["properties"]["storageProfile"] = {}
    assert arm.call("PUT", VERSION, body).status_code == 200


def test_an_added_region_replicates_while_the_version_updates(arm: Driver) -> None:
    """The old region stays Completed, the new one starts at nought, the version is Updating."""
    arm.gallery()
    arm.image()
    arm.version()
    arm.pass_time(minutes=30)
    arm.put(VERSION, arm.version_body(regions=("eastus2", "westus2")))
    status = arm.get(VERSION, expand="ReplicationStatus")["properties"]
    assert status["provisioningState"] == "Updating"
    states = {s["region"]: s["state"] for s in status["replicationStatus"]["summary"]}
    assert states == {"eastus2": "Completed", "westus2": "Unknown"}
    arm.pass_time(hours=1)
    assert arm.state(VERSION) == "Succeeded"


def test_a_region_cannot_be_dropped_unless_that_is_allowed(arm: Driver) -> None:
    """400 BadRequest, until the safety profile allows the deletion of replicated locations."""
    arm.gallery()
    arm.image()
    arm.version(regions=("eastus2", "westus2"))
    arm.pass_time(hours=1)
    assert error(arm.version()) == (400, "BadRequest")
    body = arm.version_body()
    body["properties"]["safetyProfile"] = {"allowDeletionOfReplicatedLocations": True}
    assert arm.call("PUT", VERSION, body).status_code == 200


REFUSED: list[tuple[str, Any, int, str]] = [
    ("1.0", {}, 400, "InvalidParameter"),
    ("1.0.4294967296", {}, 400, "InvalidParameter"),
    ("1.0.0", {"regions": ("westus2",)}, 400, "InvalidParameter"),
    ("1.0.0", {"regions": ("eastus2", "East US 2")}, 400, "InvalidParameter"),
    ("1.0.0", {"regions": ("eastus2", "mars")}, 400, "LocationNotAvailableForResourceType"),
    ("1.0.0", {"replicaCount": 101}, 400, "InvalidParameter"),
    ("1.0.0", {"endOfLifeDate": "2020-01-01T00:00:00Z"}, 400, "InvalidParameter"),
    ("1.0.0", {"endOfLifeDate": "soon"}, 400, "InvalidParameter"),
    ("1.0.0", {"source": "nothing"}, 404, "NotFound"),
]


@pytest.mark.parametrize(("name", "changes", "status", "code"), REFUSED)
def test_what_is_wrong_in_itself_is_refused_at_once(
    arm: Driver, name: str, changes: Any, status: int, code: str
) -> None:
    """Names, regions, counts, dates and sources are checked before the PUT is accepted."""
    arm.gallery()
    arm.image()
    refused = arm.version(f"{DEFINITION}/versions/{name}", **changes)
    assert error(refused) == (status, code)
    assert arm.call("GET", f"{DEFINITION}/versions/{name}").status_code == 404


def test_deletion_shows_in_reads_only_later(arm: Driver) -> None:
    """202 with both URLs; Deleting until the operation ends, then 404; then 204."""
    arm.gallery()
    arm.image()
    arm.version()
    arm.pass_time(minutes=30)
    gone = arm.call("DELETE", VERSION)
    assert gone.status_code == 202
    assert arm.state(VERSION) == "Deleting"
    waiting = arm.call("GET", gone.headers["Location"])
    assert (waiting.status_code, waiting.text) == (202, "")
    assert "marked for deletion" in arm.version().json()["error"]["message"]
    arm.pass_time(minutes=5)
    assert error(arm.call("GET", VERSION)) == (404, "ResourceNotFound")
    done = arm.call("GET", gone.headers["Location"])
    assert (done.status_code, done.text) == (200, "")
    assert arm.call("DELETE", VERSION).status_code == 204


@pytest.mark.parametrize("child", [VERSION, "galleries/g/applications/a"])
def test_what_has_lost_its_last_child_can_be_deleted_at_once(arm: Driver, child: str) -> None:
    """409 CannotDeleteResource while the child answers 200, 202 as soon as it answers 404."""
    arm.gallery()
    arm.image()
    arm.version()
    arm.put("galleries/g/applications/a", application())
    arm.pass_time(minutes=30)
    parent = child.rsplit("/", 2)[0]
    if parent == "galleries/g":
        for path in (VERSION, DEFINITION):
            arm.call("DELETE", path)
            arm.pass_time(minutes=5)
    assert error(arm.call("DELETE", parent)) == (409, "CannotDeleteResource")
    gone = arm.call("DELETE", child)
    while gone.status_code == 202 and arm.operation(gone)["status"] == "InProgress":
        arm.pass_time(seconds=1)
    assert arm.call("GET", child).status_code == 404
    assert arm.call("DELETE", parent).status_code == 202


def test_a_version_can_be_kept_from_deletion_until_its_end_of_life(arm: Driver) -> None:
    """Its own error code until the date has passed."""
    arm.gallery()
    arm.image()
    body = arm.version_body(endOfLifeDate="2026-04-01T00:00:00Z")
    body["properties"]["safetyProfile"] = {"blockDeletionBeforeEndOfLife": True}
    arm.put(VERSION, body)
    arm.pass_time(minutes=30)
    refused = arm.call("DELETE", VERSION)
    assert error(refused) == (409, "DeleteGalleryImageVersionBlockedBeforeEndOfLife")
    arm.pass_time(days=60)
    assert arm.call("DELETE", VERSION).status_code == 202


def test_a_soft_deleted_version_can_be_restored(arm: Driver) -> None:
    """It leaves lists and reads, is listed as soft-deleted, and a PUT of location restores it."""
    arm.gallery(softDeletePolicy={"isSoftDeleteEnabled": True})
    arm.image()
    arm.version()
    arm.pass_time(minutes=30)
    arm.call("DELETE", VERSION)
    arm.pass_time(minutes=5)
    assert arm.call("GET", VERSION).status_code == 404
    assert arm.get(f"{DEFINITION}/versions")["value"] == []
    kept = arm.get("galleries/g/softDeletedArtifactTypes/images/artifacts/d/versions")["value"]
    assert [line["properties"]["resourceArmId"] for line in kept] == [arm.id(VERSION)]
    assert arm.call("PUT", VERSION, {"location": "eastus2", "tags": {}}).status_code == 200
    arm.pass_time(minutes=30)
    restored = arm.get(VERSION)["properties"]
    assert restored["provisioningState"] == "Succeeded"
    assert restored["storageProfile"]["source"]["id"] == arm.id("images/web")


def test_a_second_put_of_the_same_version_changes_nothing(arm: Driver) -> None:
    """While it is being created 200 Creating; it ends when it would have ended."""
    arm.gallery()
    arm.image()
    first = arm.version()
    arm.pass_time(minutes=1)
    again = arm.version()
    assert (again.status_code, again.json()["properties"]["provisioningState"]) == (200, "Creating")
    arm.pass_time(minutes=30)
    ends = {arm.operation(answer)["endTime"] for answer in (first, again)}
    assert len(ends) == 1
