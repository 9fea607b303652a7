"""Disks made from images and versions, and the managed image that is made again from them."""

from __future__ import annotations

from typing import Any

import pytest
from azure.mgmt.compute import models

from packages.localcloud.tests.arm.driving import DISKS_API, VERSION, Driver, definition, error
from packages.localcloud.tests.arm.sdk import compute_client

DATA = [
    {"lun": 0, "diskSizeGB": 100, "caching": "None"},
    {"lun": 3, "diskSizeGB": 50, "caching": "ReadOnly"},
]


def source(arm: Driver) -> str:
    """A Linux image of generation 2 with two data disks; its id."""
    disk = {"osType": "Linux", "osState": "Generalized", "diskSizeGB": 30, "caching": "ReadWrite"}
    profile = {"osDisk": disk, "dataDisks": DATA}
    return arm.image(hyperVGeneration="V2", storageProfile=profile)


def version(arm: Driver) -> str:
    """A version of it that is there; its id."""
    source(arm)
    arm.put("galleries/g", {"location": "eastus2"})
    arm.put("galleries/g/images/d", definition(hyperVGeneration="V2"))
    assert arm.version().status_code == 201
    arm.pass_time(hours=1)
    return arm.id(VERSION)


def disk_body(reference: Any, name: str = "galleryImageReference", **more: Any) -> Any:
    """The body of a disk from an image."""
    inner = {"creationData": {"createOption": "FromImage", name: reference}} | more
    return {"location": "eastus2", "sku": {"name": "Premium_LRS"}, "properties": inner}


def make(arm: Driver, name: str, body: Any) -> Any:
    """The disk that was made."""
    answer = arm.call("PUT", f"disks/{name}", body, api=DISKS_API)
    assert answer.status_code == 202, answer.text
    arm.pass_time(minutes=1)
    return arm.call("GET", f"disks/{name}", api=DISKS_API).json()


@pytest.mark.parametrize("kind", ["galleryImageReference", "imageReference"])
def test_a_disk_has_size_and_system_of_its_image(arm: Driver, kind: str) -> None:
    """Of a version by one name, of a managed image by the other; a data disk has no system."""
    image = version(arm) if kind == "galleryImageReference" else source(arm)
    made = make(arm, "os", disk_body({"id": image}, kind))["properties"]
    assert (made["diskSizeGB"], made["osType"], made["hyperVGeneration"]) == (30, "Linux", "V2")
    assert made["creationData"] == {"createOption": "FromImage", kind: {"id": image}}
    data = make(arm, "data", disk_body({"id": image, "lun": 3}, kind))["properties"]
    assert data["diskSizeGB"] == 50
    assert "osType" not in data
    assert (
        make(arm, "big", disk_body({"id": image}, kind, diskSizeGB=64))["properties"]["diskSizeGB"]
        == 64
    )


def test_the_sdk_makes_and_reads_them(arm: Driver) -> None:
    """With azure-mgmt-compute's own models, in both directions."""
    gallery_version = version(arm)
    with compute_client(arm) as client:
        for name, reference in (
            ("os", models.ImageDiskReference(id=gallery_version)),
            ("data", models.ImageDiskReference(id=gallery_version, lun=0)),
        ):
            data = models.CreationData(
                create_option=models.DiskCreateOption.FROM_IMAGE, gallery_image_reference=reference
            )
            inner = models.DiskProperties(creation_data=data)
            disk = models.Disk(location="eastus2", properties=inner)
            client.disks.begin_create_or_update("rg", name, disk, polling=False)
        arm.pass_time(minutes=1)
        found: Any = {disk.name: disk.properties for disk in client.disks.list()}
    assert {name: made.disk_size_gb for name, made in found.items()} == {"os": 30, "data": 100}
    assert found["os"].os_type == models.OperatingSystemTypes.LINUX
    assert found["os"].hyper_v_generation == models.HyperVGeneration.V2
    assert found["data"].os_type is None
    assert found["data"].creation_data.gallery_image_reference.lun == 0
    assert found["data"].creation_data.gallery_image_reference.id == gallery_version


def test_an_updated_disk_stays_as_large(arm: Driver) -> None:
    """The image may be gone by then; tags change nothing else."""
    image = source(arm)
    make(arm, "os", disk_body({"id": image}, "imageReference"))
    arm.call("DELETE", "images/web")
    arm.pass_time(minutes=1)
    arm.call("PATCH", "disks/os", {"tags": {"x": "y"}}, api=DISKS_API)
    arm.pass_time(minutes=1)
    again = arm.call("GET", "disks/os", api=DISKS_API).json()
    assert (again["properties"]["diskSizeGB"], again["tags"]) == (30, {"x": "y"})


@pytest.mark.parametrize(
    ("reference", "location", "refused"),
    [
        ({"id": "images/none"}, "eastus2", (404, "NotFound")),
        ({"id": "galleries/g/images/d/versions/9.0.0"}, "eastus2", (404, "GalleryImageNotFound")),
        ({"id": VERSION}, "westus2", (404, "GalleryImageNotFound")),
        ({"id": "images/web"}, "westus2", (404, "NotFound")),
        ({"id": VERSION, "lun": 7}, "eastus2", (400, "InvalidParameter")),
        ({"lun": 0}, "eastus2", (400, "InvalidParameter")),
        (None, "eastus2", (400, "InvalidParameter")),
    ],
)
def test_what_cannot_be_made_is_refused(
    arm: Driver, reference: Any, location: str, refused: tuple[int, str]
) -> None:
    """An image that is not there, or not in the region; a disk that it has not."""
    version(arm)
    if reference and "id" in reference:
        reference = reference | {"id": arm.id(reference["id"])}
    body = disk_body(reference) | {"location": location}
    assert error(arm.call("PUT", "disks/os", body, api=DISKS_API)) == refused


def test_an_image_is_made_again_from_a_versions_disks(arm: Driver) -> None:
    """After its deletion, through the real SDK: same disks, sizes, caching; then the disks may go."""
    gallery_version = version(arm)
    before = arm.get("images/web")["properties"]
    arm.call("DELETE", "images/web")
    arm.pass_time(minutes=1)
    make(arm, "os", disk_body({"id": gallery_version}))
    for disk in DATA:
        reference = {"id": gallery_version, "lun": disk["lun"]}
        make(arm, f"data-{disk['lun']}", disk_body(reference))
    managed = {"osType": "Linux", "osState": "Generalized", "caching": "ReadWrite"}
    body: Any = {
        "location": "eastus2",
        "properties": {
            "hyperVGeneration": "V2",
            "storageProfile": {
                "osDisk": managed | {"managedDisk": {"id": arm.id("disks/os")}},
                "dataDisks": [
                    {"lun": disk["lun"], "caching": disk["caching"]}
                    | {"managedDisk": {"id": arm.id(f"disks/data-{disk['lun']}")}}
                    for disk in DATA
                ],
            },
        },
    }
    with compute_client(arm) as client:
        client.images.begin_create_or_update("rg", "web", body, polling=False)
        arm.pass_time(minutes=1)
        for name in ("os", "data-0", "data-3"):
            client.disks.begin_delete("rg", name, polling=False)
        arm.pass_time(minutes=1)
        assert list(client.disks.list()) == []
        assert client.images.get("rg", "web").name == "web"
    after = arm.get("images/web")["properties"]
    assert _shape(after) == _shape(before)
    assert after["provisioningState"] == "Succeeded"


def _shape(image: Any) -> Any:
    """An image without ids and types of storage."""
    profile = image["storageProfile"]
    disks = [profile["osDisk"], *profile["dataDisks"]]
    told = ("lun", "osType", "osState", "diskSizeGB", "caching")
    return image["hyperVGeneration"], [{k: d[k] for k in told if k in d} for d in disks]
