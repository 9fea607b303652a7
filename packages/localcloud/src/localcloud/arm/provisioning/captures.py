"""Virtual machines, disks and snapshots, as far as images and versions are made from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from localcloud.arm.protocol.errors import refusal
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import is_pending
from localcloud.arm.state.world import World

MACHINE = "microsoft.compute/virtualmachines"
ACCOUNT = "microsoft.storage/storageaccounts"
# GB, of an OS disk whose size the caller did not name.
OS_SIZES = {"Windows": 127}
LINUX_SIZE = 30
DATA_SIZE = 10
# The key of a machine's hidden mark.
DEALLOCATED = "deallocated"


def require_source(world: World, resource_id: str) -> Resource:
    """The disk, snapshot or machine of that id. Raises NotFound when there is none."""
    source = world.find(resource_id)
    if source is None:
        raise refusal("source resource missing", name=resource_id.rsplit("/", 1)[-1])
    return source


def storage_of(world: World, machine_id: str) -> Json:
    """The storage profile an image captured from this machine gets. Raises NotFound.

    A disk's `size` is for later: while a machine is deallocated its model names no sizes (recorded),
    and so an image of it tells them only when it is complete.
    """
    machine = require_source(world, machine_id)
    profile = (machine.properties | machine.revealed).get("storageProfile", {})
    os_disk = profile.get("osDisk") or {}
    return {
        "osDisk": {
            "osType": os_type(machine),
            "osState": "Generalized",
            "caching": os_disk.get("caching") or "ReadWrite",
            **_captured(world, machine, os_disk, f"{machine.name}_OsDisk_1"),
        },
        "dataDisks": [
            {
                "lun": disk["lun"],
                "caching": disk.get("caching") or "None",
                **_captured(world, machine, disk, f"{machine.name}_lun_{disk['lun']}"),
            }
            for disk in profile.get("dataDisks") or []
        ],
    }


def os_type(machine: Resource) -> str:
    """Linux unless the machine's OS profile or image says Windows."""
    profile = machine.properties.get("storageProfile") or {}
    named = (profile.get("osDisk") or {}).get("osType")
    reference = profile.get("imageReference") or {}
    windows = "windowsConfiguration" in (machine.properties.get("osProfile") or {})
    return str(
        named or ("Windows" if windows or "Windows" in str(reference.get("publisher")) else "Linux")
    )


def _captured(world: World, machine: Resource, disk: Json, name: str) -> Json:
    if disk.get("vhd"):
        return {"blobUri": disk["vhd"].get("uri"), "diskSizeGB": disk.get("diskSizeGB")}
    managed = disk.get("managedDisk") or {}
    disks = machine.id.rsplit("/", 2)[0] + "/disks/"
    named = managed.get("id") or disks + str(disk.get("name") or name)
    known = world.find(named)
    size = (known and size_of(world, known)) or disk.get("diskSizeGB")
    when = "size" if machine.hidden.get(DEALLOCATED) else "diskSizeGB"
    return {
        "managedDisk": {"id": named},
        when: size,
        "storageAccountType": managed.get("storageAccountType") or sku_of(known) or "Premium_LRS",
    }


def sku_of(disk: Resource | None) -> str | None:
    """The type of its storage, `Standard_LRS`."""
    return (disk.extras.get("sku") or {}).get("name") if disk else None


def blob_account(world: World, uri: str) -> Resource | None:
    """The storage account a blob is in, when the emulator has it."""
    accounts = world.of_type(ACCOUNT)
    name = (urlsplit(uri).hostname or "").partition(".")[0] if accounts else ""
    return next((account for account in accounts if account.name == name), None)


def disk_size(world: World, sources: Sequence[str], os: str | None) -> int:
    """Gigabytes: of the first source the emulator knows, else a usual size."""
    for source in sources:
        resource = world.find(source) if source else None
        if resource and (size := size_of(world, resource)):
            return size
    return DATA_SIZE if os is None else OS_SIZES.get(os, LINUX_SIZE)


def size_of(world: World, source: Resource) -> int | None:
    """`diskSizeGB` of a disk or snapshot, or of what it was copied from."""
    size = (source.properties | source.revealed).get("diskSizeGB")
    if size:
        return int(size)
    data = source.properties.get("creationData") or {}
    copied = world.find(data.get("sourceResourceId") or data.get("sourceUri") or "")
    return size_of(world, copied) if copied and copied.id != source.id else None


def provisioning_from(world: World, image: Resource, now: datetime) -> list[Resource]:
    """Machines that are being created from this managed image right now."""
    return [
        machine
        for machine in world.of_type(MACHINE)
        if machine.change == "Creating"
        and is_pending(machine, now)
        and _image_of(machine).lower() == image.key
    ]


def _image_of(machine: Resource) -> str:
    profile = machine.properties.get("storageProfile") or {}
    return str((profile.get("imageReference") or {}).get("id", ""))
