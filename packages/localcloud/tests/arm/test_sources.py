"""The sources of an image version, and the disks that each of them gives it."""

from __future__ import annotations

from typing import Any

import pytest

from packages.localcloud.tests.arm.driving import DEFINITION, VERSION, Driver, error

ACCOUNT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/a"
BLOB = {"storageAccountId": ACCOUNT, "uri": "https://a.blob.core.windows.net/c/os.vhd"}


def machine(arm: Driver) -> str:
    """A Linux machine with a data disk; its id."""
    profile = {
        "imageReference": {"publisher": "Canonical", "sku": "18.04-LTS"},
        "osDisk": {"createOption": "FromImage", "caching": "ReadWrite"},
        "dataDisks": [{"lun": 3, "createOption": "Empty", "diskSizeGB": 64}],
    }
    arm.put(
        "virtualMachines/vm", {"location": "eastus2", "properties": {"storageProfile": profile}}
    )
    arm.pass_time(minutes=5)
    return arm.id("virtualMachines/vm")


def made_from(arm: Driver, storage: Any, path: str = VERSION) -> Any:
    """The finished storage profile of a version with this source."""
    body = arm.version_body()
    body["properties"]["storageProfile"] = storage
    arm.put(path, body)
    arm.pass_time(hours=1)
    version = arm.get(path)["properties"]
    assert version["provisioningState"] == "Succeeded"
    return version["storageProfile"]


def test_from_a_machine(arm: Driver) -> None:
    """Its disks with their sizes; the machine stays the source."""
    arm.gallery()
    source = {"virtualMachineId": machine(arm)}
    made = made_from(arm, {"source": source})
    assert made["source"] == source
    assert made["osDiskImage"] == {"sizeInGB": 30, "hostCaching": "ReadWrite", "source": {}}
    assert made["dataDiskImages"] == [{"lun": 3, "sizeInGB": 64, "hostCaching": "None"}]


def test_from_single_disks(arm: Driver) -> None:
    """A snapshot and a disk: each keeps its source and gets its size."""
    arm.gallery()
    os_source = {"id": arm.disk("snapshots/os", 200)}
    data_source = {"id": arm.disk("disks/data", 50)}
    made = made_from(
        arm,
        {
            "osDiskImage": {"hostCaching": "ReadOnly", "source": os_source},
            "dataDiskImages": [{"lun": 1, "source": data_source}],
        },
    )
    assert made["osDiskImage"] == {"sizeInGB": 200, "hostCaching": "ReadOnly", "source": os_source}
    assert made["dataDiskImages"] == [
        {"lun": 1, "sizeInGB": 50, "hostCaching": "None", "source": data_source}
    ]


def test_from_a_copied_snapshot(arm: Driver) -> None:
    """A copy has the size of what it was copied from."""
    arm.gallery()
    original = arm.disk("disks/original", 77)
    data = {"createOption": "Copy", "sourceResourceId": original}
    body = {"location": "eastus2", "properties": {"creationData": data}}
    arm.call("PUT", "snapshots/copy", body, api="2024-03-02")
    made = made_from(arm, {"osDiskImage": {"source": {"id": arm.id("snapshots/copy")}}})
    assert made["osDiskImage"]["sizeInGB"] == 77


def test_from_a_blob(arm: Driver) -> None:
    """The blob and its storage account stay the source."""
    arm.gallery()
    made = made_from(arm, {"osDiskImage": {"source": BLOB}})
    assert made["osDiskImage"]["source"] == BLOB


def test_from_another_version(arm: Driver) -> None:
    """Disks as the other version has them, without their own sources."""
    arm.gallery()
    arm.image()
    arm.version()
    arm.pass_time(hours=1)
    made = made_from(arm, {"source": {"id": arm.id(VERSION)}}, f"{DEFINITION}/versions/2.0.0")
    assert made["osDiskImage"] == {"sizeInGB": 30, "hostCaching": "None", "source": {}}


@pytest.mark.parametrize(
    "storage",
    [
        {"source": {"virtualMachineId": "virtualMachines/none"}},
        {"osDiskImage": {"source": {"id": "snapshots/none"}}},
        {
            "osDiskImage": {"source": BLOB},
            "dataDiskImages": [{"lun": 0, "source": {"id": "disks/none"}}],
        },
    ],
    ids=["machine", "snapshot", "data disk"],
)
def test_from_what_does_not_exist(arm: Driver, storage: Any) -> None:
    """404 naming the source."""
    arm.gallery()
    body = arm.version_body()
    body["properties"]["storageProfile"] = storage
    refused = arm.call("PUT", VERSION, body)
    assert error(refused) == (404, "NotFound")
    assert "none is not found" in refused.json()["error"]["message"]


@pytest.mark.parametrize("storage", [{}, {"source": {"id": "x"}, "osDiskImage": {"source": BLOB}}])
def test_one_form_of_source_and_only_one(arm: Driver, storage: Any) -> None:
    """None, or two forms at once, is refused."""
    arm.gallery()
    body = arm.version_body()
    body["properties"]["storageProfile"] = storage
    assert error(arm.call("PUT", VERSION, body)) == (400, "InvalidParameter")


def test_an_image_of_another_region_is_not_found(arm: Driver) -> None:
    """The source must be where the version is."""
    arm.gallery()
    arm.image()
    body = arm.version_body(regions=("westus2",))
    refused = arm.call("PUT", VERSION, body | {"location": "westus2"})
    assert error(refused) == (404, "NotFound")
    assert "same region" in refused.json()["error"]["message"]


def test_a_source_over_two_terabytes_fails_later(arm: Driver) -> None:
    """Accepted, then failed with the size in the text."""
    arm.gallery()
    os_disk = {"osType": "Linux", "osState": "Generalized", "diskSizeGB": 2520}
    arm.image(storageProfile={"osDisk": os_disk})
    made = arm.version()
    arm.pass_time(minutes=5)
    failed = arm.operation(made)["error"]
    assert failed["code"] == "GallerySourceResourceExceedsMaxSize"
    assert "2520" in failed["message"]
