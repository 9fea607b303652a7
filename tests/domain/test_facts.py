"""Facts: what Azure's answers say, and which answers are no fact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.errors import UnexpectedResponseError
from domain.facts import (
    DefinitionFacts,
    Disk,
    GalleryFacts,
    VersionFacts,
    definition_facts,
    gallery_facts,
    image_facts,
    version_facts,
)
from tests import builders as b
from tests.builders import CREATED, IMAGE_ID, an_image, data_disk, image_body, storage_profile

NO_RESOURCES: dict[str, Any] = {
    "an error": {"error": {"code": "InternalServerError", "message": "x"}},
    "nothing": {},
    "a list": [],
    "a text": "Succeeded",
    "null": None,
    "properties that are null": {**image_body(), "properties": None},
    "an id that is a number": {**image_body(), "id": 1},
}
READERS: dict[str, Callable[[Any], object]] = {
    "image": lambda body: image_facts(body, None),
    "gallery": gallery_facts,
    "definition": definition_facts,
    "version": version_facts,
}


@pytest.mark.parametrize("body", NO_RESOURCES.values(), ids=NO_RESOURCES)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_an_answer_that_is_no_resource_is_no_fact(read: Callable[[Any], object], body: Any) -> None:
    """An error behind a 200 must not look like an empty resource."""
    with pytest.raises(UnexpectedResponseError):
        read(body)


def test_an_image_is_read_with_all_its_disks() -> None:
    """OS disk first, data disks by LUN, snapshots and blobs as sources too."""
    blob = {"lun": 1, "blobUri": "https://x/y.vhd"}
    snapshot = {"lun": 0, "snapshot": {"id": "/snapshots/s"}, "diskSizeGB": 5}
    image = an_image(storageProfile=storage_profile(data_disks=[blob, snapshot, data_disk(2)]))
    assert [disk.lun for disk in image.disks] == [None, 0, 1, 2]
    assert [disk.source for disk in image.data_disks[:2]] == ["/snapshots/s", "https://x/y.vhd"]
    assert image.data_disks[1].size_gb is None


def test_what_azure_leaves_out_has_the_documented_meaning() -> None:
    """No generation is the first, no tags are none."""
    body = image_body(hyperVGeneration=None)
    del body["tags"]
    facts = image_facts(body, CREATED)
    assert (facts.hyper_v_generation, facts.tags, facts.id) == ("V1", {}, IMAGE_ID)


def test_soft_deletion_is_a_policy_of_the_gallery() -> None:
    """Off when it is not said."""
    body = {"id": "/g", "location": "eastus", "properties": {"provisioningState": "Succeeded"}}
    assert not gallery_facts(body).soft_delete
    policy = {"softDeletePolicy": {"isSoftDeleteEnabled": True}, "provisioningState": "Succeeded"}
    assert gallery_facts({**body, "properties": policy}).soft_delete


def test_an_unreadable_answer_says_what_it_lacks() -> None:
    """It stands in the log beside Azure's correlation id."""
    for body, words in (
        ({**image_body(), "properties": None}, "has no object 'properties'"),
        ({**image_body(), "properties": {}}, "has no object 'properties.storageProfile'"),
        ([], "has no object 'properties'"),
        (image_body(storageProfile={"osDisk": "web-os"}), "has no object 'osDisk'"),
        (image_body(provisioningState=None), "has no text 'provisioningState'"),
        (image_body(provisioningState=1), "has no text 'provisioningState'"),
        ({**image_body(), "id": ""}, "has no text 'id'"),
    ):
        with pytest.raises(UnexpectedResponseError, match=words):
            image_facts(body, None)  # type: ignore[arg-type]


def test_a_region_that_is_no_object_is_no_fact() -> None:
    """An answer is believed in whole or not at all."""
    body = b.version_json()
    body["properties"]["publishingProfile"]["targetRegions"] = ["East US 2"]
    with pytest.raises(UnexpectedResponseError, match="has no text 'name'"):
        version_facts(body)


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ("2024-03-11T09:14:52.1270319Z", "2024-03-11T09:14:52.127031+00:00"),
        ("2024-03-11T10:14:52.5+01:00", "2024-03-11T09:14:52.500000+00:00"),
        ("2024-03-11T09:14:52", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_moment_has_one_spelling(told: str | None, known: str | None) -> None:
    """In UTC; what has no zone, or cannot be read, is not known."""
    assert image_facts(image_body(), told).created_time == known


def test_a_definition_is_read_with_all_that_plans_need() -> None:
    """Its features by their names without case."""
    plan = {"name": "byol", "publisher": "contoso", "product": "firewall"}
    features = [
        {"name": "DiskControllerTypes", "value": "SCSI"},
        {"name": "securitytype", "value": "TrustedLaunch"},
    ]
    read = b.a_definition(
        hyperVGeneration="V2", architecture="Arm64", features=features, purchasePlan=plan
    )
    assert read == DefinitionFacts(
        name="web",
        provisioning_state="Succeeded",
        os_type="Windows",
        os_state="Generalized",
        hyper_v_generation="V2",
        architecture="Arm64",
        publisher="contoso",
        offer="web",
        sku="2019",
        security_type="TrustedLaunch",
        purchase_plan=plan,
        disk_controllers="SCSI",
    )


def test_what_a_definition_leaves_out_has_the_documented_meaning() -> None:
    """Generation 1, x64, no trusted launch, no purchase plan; an empty plan is none."""
    read = b.a_definition(hyperVGeneration=None, architecture=None, features=None, purchasePlan={})
    assert (read.hyper_v_generation, read.architecture) == ("V1", "x64")
    assert (read.security_type, read.purchase_plan) == ("Standard", None)


@pytest.mark.parametrize(
    ("state", "making"), [("Creating", True), ("Succeeded", False), ("Updating", False)]
)
def test_a_definition_is_in_the_making_until_azure_has_ended_it(state: str, making: bool) -> None:
    """One that is only updated can be used."""
    assert b.a_definition(provisioningState=state).in_the_making is making


def test_a_version_is_read_with_all_that_decisions_need() -> None:
    """Regions by their short names, of replicas and storage what Azure says."""
    body = b.version_json(mode="Shallow", hidden=True, state="Updating")
    body["tags"]["team"] = "web"
    profile = body["properties"]["publishingProfile"]
    profile["targetRegions"][0] = {"name": "East US 2"}
    profile["endOfLifeDate"] = "2030-12-31T01:00:00+01:00"
    body["properties"]["safetyProfile"] = {"blockDeletionBeforeEndOfLife": True}
    body["properties"]["storageProfile"]["dataDiskImages"] = [{"lun": 0, "sizeInGB": 64}]
    assert version_facts(body) == VersionFacts(
        id=body["id"],
        name="1.0.0",
        location="eastus2",
        provisioning_state="Updating",
        source_id=IMAGE_ID,
        tags=body["tags"],
        regions=("eastus2", "westeurope"),
        replica_counts={"westeurope": 2},
        storage_types={"westeurope": "Standard_LRS"},
        replication_mode="Shallow",
        exclude_from_latest=True,
        end_of_life_date="2030-12-31T00:00:00+00:00",
        blocks_deletion=True,
        published_date="2026-03-02T09:30:00+00:00",
        disks=(Disk(size_gb=127), Disk(lun=0, size_gb=64)),
    )


def test_what_a_version_leaves_out_has_the_documented_meaning() -> None:
    """Right after its PUT it may have next to nothing."""
    body = {
        "id": "/v",
        "name": "1.0.0",
        "location": "East US 2",
        "properties": {"provisioningState": "Creating"},
    }
    bare = VersionFacts(id="/v", name="1.0.0", location="eastus2", provisioning_state="Creating")
    assert version_facts(body) == bare
    assert (bare.source_id, bare.tags, bare.regions, bare.end_of_life_date) == (None, {}, (), None)
    assert bare.replication_mode == "Full"
    assert not bare.exclude_from_latest
    assert not bare.blocks_deletion


def test_a_gallery_deletes_softly_only_where_it_says_so() -> None:
    """A fact of an earlier deployment does not know the policy."""
    known = {"id": "/g", "location": "eastus", "provisioningState": "Succeeded"}
    assert not GalleryFacts.model_validate(known).soft_delete
