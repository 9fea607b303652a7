"""Disks and snapshots: what Azure fills in, by api-version, and what copies know of their source."""

from __future__ import annotations

from typing import Any

import pytest

from packages.localcloud.tests.arm.driving import DISKS_API, Driver, error

ALWAYS = {
    "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
    "networkAccessPolicy": "AllowAll",
    "publicNetworkAccess": "Enabled",
    "diskState": "Unattached",
    "provisioningState": "Succeeded",
}


def get(arm: Driver, path: str, api: str = DISKS_API) -> Any:
    """A disk or snapshot."""
    response = arm.call("GET", path, api=api)
    assert response.status_code == 200, response.text
    return response.json()


def copy(arm: Driver, path: str, source: Any, option: str = "Copy") -> Any:
    """PUT of a copy."""
    data = {"createOption": option, **source}
    body = {"location": "eastus2", "properties": {"creationData": data}}
    return arm.call("PUT", path, body, api=DISKS_API)


def test_what_every_disk_has(arm: Driver) -> None:
    """Size in bytes, performance, encryption, access; a premium disk has a tier."""
    arm.image()
    arm.disk("disks/standard", 200)
    arm.disk("disks/premium", 30, "Premium_LRS")
    inner = get(arm, "disks/standard")["properties"]
    assert inner.pop("timeCreated").endswith("+00:00")
    assert len(inner.pop("uniqueId")) == 36
    assert inner == ALWAYS | {
        "creationData": {"createOption": "Empty"},
        "diskSizeGB": 200,
        "diskSizeBytes": 214748364800,
        "diskIOPSReadWrite": 500,
        "diskMBpsReadWrite": 60,
    }
    premium = get(arm, "disks/premium")
    assert premium["sku"] == {"name": "Premium_LRS", "tier": "Premium"}
    properties = premium["properties"]
    assert (
        properties["tier"],
        properties["diskIOPSReadWrite"],
        properties["diskMBpsReadWrite"],
    ) == ("P4", 120, 25)


def test_what_every_snapshot_has(arm: Driver) -> None:
    """As a disk, without performance; whether it is incremental; the id of its source."""
    arm.image()
    source = arm.disk("disks/d", 12)
    assert copy(arm, "snapshots/s", {"sourceUri": source}).status_code == 202
    arm.pass_time(minutes=1)
    inner = get(arm, "snapshots/s")["properties"]
    for name in ("timeCreated", "uniqueId"):
        inner.pop(name)
    unique = get(arm, "disks/d")["properties"]["uniqueId"]
    data = {"createOption": "Copy", "sourceResourceId": source, "sourceUniqueId": unique}
    size = {"diskSizeGB": 12, "diskSizeBytes": 12884901888}
    assert inner == ALWAYS | size | {"creationData": data, "incremental": False}


def test_older_api_versions_know_less(arm: Driver) -> None:
    """2017-03-30 answers sizes in GB and states only (recorded)."""
    arm.image()
    source = arm.disk("disks/d", 12)
    copy(arm, "snapshots/s", {"sourceResourceId": source})
    arm.pass_time(minutes=1)
    known = {"creationData", "diskSizeGB", "timeCreated", "provisioningState", "diskState"}
    for path in ("disks/d", "snapshots/s"):
        assert set(get(arm, path, "2017-03-30")["properties"]) == known
    data = get(arm, "snapshots/s", "2017-03-30")["properties"]["creationData"]
    assert data == {"createOption": "Copy", "sourceResourceId": source}


@pytest.mark.parametrize("path", ["disks/new", "snapshots/new"])
@pytest.mark.parametrize("key", ["sourceResourceId", "sourceUri"])
def test_a_copy_of_what_does_not_exist(arm: Driver, path: str, key: str) -> None:
    """404 NotFound with the name of the source, and nothing is made; a blob is not looked for."""
    arm.image()
    refused = copy(arm, path, {key: arm.id("disks/none")})
    assert error(refused) == (404, "NotFound")
    assert refused.json()["error"]["message"] == "Resource none is not found."
    assert arm.call("GET", path, api=DISKS_API).status_code == 404
    blob = {"sourceUri": "https://a.b/c.vhd", "storageAccountId": "x"}
    assert copy(arm, path, blob, "Import").status_code == 202


def test_a_machine_brings_its_disks(arm: Driver) -> None:
    """They exist, attached, with their sizes, and outlive it; a snapshot of one can be made."""
    arm.image()
    machine = arm.machine()
    os_disk = get(arm, "virtualMachines/vm", "2024-07-01")["properties"]["storageProfile"]["osDisk"]
    disk = get(arm, os_disk["managedDisk"]["id"])
    assert (disk["managedBy"], disk["properties"]["diskState"]) == (machine, "Attached")
    assert disk["properties"]["diskSizeGB"] == os_disk["diskSizeGB"] == 30
    assert copy(arm, "snapshots/s", {"sourceResourceId": disk["id"]}).status_code == 202
    arm.call("DELETE", "virtualMachines/vm", api="2024-07-01")
    arm.pass_time(minutes=5)
    left = get(arm, disk["id"])
    assert "managedBy" not in left
    assert (left["properties"]["diskState"], left["properties"]["diskSizeGB"]) == ("Unattached", 30)
