"""Disks, and what snapshots have in common with them: what they are made from, and what Azure answers of every one.

Images and versions are made from them; attaching, access to their bytes and encryption with keys of
one's own are left out (`docs/local-cloud.md`).
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.provisioning.captures import require_source, size_of
from localcloud.arm.provisioning.disk_images import from_image
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import properties
from localcloud.arm.state.world import World

DISK_TYPE = "Microsoft.Compute/disks"
GIBIBYTE = 2**30
_COPIES = ("copy", "copystart", "restore")
_READ_ONLY = ("diskIOPSReadWrite", "diskMBpsReadWrite", "diskSizeBytes", "timeCreated", "uniqueId")
# Which api-version was the first to know a property (azure-mgmt-compute's models); older ones omit it.
_SINCE = {
    "diskIOPSReadWrite": "2018-06-01",
    "diskMBpsReadWrite": "2018-06-01",
    "diskSizeBytes": "2019-03-01",
    "uniqueId": "2019-03-01",
    "incremental": "2019-03-01",
    "encryption": "2019-07-01",
    "networkAccessPolicy": "2020-05-01",
    "tier": "2020-06-30",
    "publicNetworkAccess": "2021-04-01",
}
# Up to so many GB: tier, operations and megabytes a second.
_PREMIUM = (
    (4, "P1", 120, 25),
    (8, "P2", 120, 25),
    (16, "P3", 120, 25),
    (32, "P4", 120, 25),
    (64, "P6", 240, 50),
    (128, "P10", 500, 100),
    (256, "P15", 1100, 125),
    (512, "P20", 2300, 150),
    (1024, "P30", 5000, 200),
    (2048, "P40", 7500, 250),
    (4096, "P50", 7500, 250),
    (8192, "P60", 16_000, 500),
    (16_384, "P70", 18_000, 750),
    (32_767, "P80", 20_000, 900),
)
_STANDARD = {"diskIOPSReadWrite": 500, "diskMBpsReadWrite": 60}


def _write(world: World, call: Call, existing: Resource | None) -> Draft:
    sent = call.body.get("properties") or {}
    inner = {k: v for k, v in sent.items() if v is not None and k not in _READ_ONLY}
    top = {k: v for k, v in call.body.items() if k in ("sku", "zones", "extendedLocation") and v}
    sku = str((top.get("sku") or {}).get("name") or _sku(existing))
    top["sku"] = {"name": sku, "tier": sku.partition("_")[0].replace("SSD", "")}
    if existing and existing.extras.get("managedBy"):
        top["managedBy"] = existing.extras["managedBy"]
    origin = _origin(world, inner)
    brought = from_image(world, call, inner) if existing is None else {}
    size = inner.get("diskSizeGB") or brought.pop("diskSizeGB", None)
    size = size or (size_of(world, origin) if origin else None)
    if existing is not None:
        size = size or existing.revealed.get("diskSizeGB")
    inner = brought | inner
    later = _usual(inner) | _identity(world, call, existing)
    later["diskState"] = "Attached" if "managedBy" in top else "Unattached"
    if size:
        later |= {"diskSizeGB": size, "diskSizeBytes": int(size) * GIBIBYTE}
    if origin:
        later["creationData"] = _copied(inner["creationData"], origin)
    if call.target.kind == DISK_TYPE.lower():
        later |= performance(sku, int(size or 0))
    else:
        later["incremental"] = bool(inner.get("incremental", False))
    return Draft(inner, world.seconds("disk", call.target.path), revealed=later, extras=top)


def _sku(existing: Resource | None) -> str:
    sku: Json = existing.extras.get("sku") or {} if existing else {}
    return str(sku.get("name") or "Standard_LRS")


def _origin(world: World, inner: Json) -> Resource | None:
    """Return what it is a copy of, or None. Raises NotFound when that does not exist; blobs are not looked for."""
    data = inner.get("creationData") or {}
    if str(data.get("createOption")).lower() not in _COPIES:
        return None
    named = str(data.get("sourceResourceId") or data.get("sourceUri") or "")
    return require_source(world, named) if named.lower().startswith("/subscriptions/") else None


def _copied(data: Json, origin: Resource) -> Json:
    """Recorded: a copy names its source by id, however that was sent."""
    kept = {key: value for key, value in data.items() if key != "sourceUri"}
    kept["sourceResourceId"] = data.get("sourceResourceId") or origin.id
    unique = origin.revealed.get("uniqueId")
    return kept | ({"sourceUniqueId": unique} if unique else {})


def _usual(inner: Json) -> Json:
    """Return the properties that Azure fills in."""
    return {
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"} | (inner.get("encryption") or {}),
        "networkAccessPolicy": inner.get("networkAccessPolicy", "AllowAll"),
        "publicNetworkAccess": inner.get("publicNetworkAccess", "Enabled"),
    }


def _identity(world: World, call: Call, existing: Resource | None) -> Json:
    created = existing.created if existing else call.now
    random = world.random(call.target.path)
    unique = existing.revealed.get("uniqueId") if existing else None
    return {
        "timeCreated": arm_time(created),
        "uniqueId": unique or str(UUID(int=random.getrandbits(128), version=4)),
    }


def performance(sku: str, size: int) -> Json:
    """Operations and megabytes a second, and the tier of a premium disk."""
    if not sku.startswith("Premium_"):
        return dict(_STANDARD)
    fits = (row for row in _PREMIUM if size <= row[0])
    _, tier, operations, megabytes = next(fits, _PREMIUM[-1])
    return {"diskIOPSReadWrite": operations, "diskMBpsReadWrite": megabytes, "tier": tier}


def _show(resource: Resource, call: Call) -> Json:
    """Older api-versions answer without what they do not know; a standard disk has no tier."""
    inner = properties(resource, call.now)
    if "diskState" in inner and not _sku(resource).startswith("Premium_"):
        inner.pop("tier", None)
    if call.api < _SINCE["uniqueId"] and "sourceUniqueId" in (inner.get("creationData") or {}):
        data = inner["creationData"]
        inner["creationData"] = {k: v for k, v in data.items() if k != "sourceUniqueId"}
    return {key: inner[key] for key in inner if call.api >= _SINCE.get(key, "")}


KIND = Kind(
    DISK_TYPE,
    "disk",
    _write,
    show=_show,
    family="DiskOperations",
    retry_after=2,
    created_status=202,
    updated_status=202,
    answers={"create": "Updating", "PUT": "Updating", "PATCH": "Updating"},
)


def attached(world: World, machine: Resource, disk: Json, size: int) -> Resource:
    """The disk that comes into being with a machine."""
    managed = disk["managedDisk"]
    sku = str(managed.get("storageAccountType") or "Premium_LRS")
    inner: Json = {"creationData": {"createOption": disk.get("createOption") or "FromImage"}}
    if disk.get("osType"):
        inner["osType"] = disk["osType"]
    later = _usual(inner) | {
        "diskState": "Attached",
        "diskSizeGB": size,
        "diskSizeBytes": size * GIBIBYTE,
        "timeCreated": arm_time(machine.created),
        "uniqueId": str(UUID(int=world.random(managed["id"]).getrandbits(128), version=4)),
    }
    return Resource(
        id=managed["id"],
        type=DISK_TYPE,
        location=machine.location,
        properties=inner,
        created=machine.created,
        extras={"managedBy": machine.id, "sku": {"name": sku, "tier": sku.partition("_")[0]}},
        revealed=later | performance(sku, size),
        born=True,
    )


def released(disk: Resource) -> Resource:
    """The disk, attached to nothing."""
    kept = {key: value for key, value in disk.extras.items() if key != "managedBy"}
    return replace(disk, extras=kept, revealed=disk.revealed | {"diskState": "Unattached"})
