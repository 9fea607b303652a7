"""Managed images (`Microsoft.Compute/images`)."""

from __future__ import annotations

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.regions import short
from localcloud.arm.provisioning.captures import (
    blob_account,
    disk_size,
    provisioning_from,
    require_source,
    size_of,
    sku_of,
    storage_of,
)
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.world import World

TYPE = "Microsoft.Compute/images"
GENERATION_SINCE = "2022-08-01"
# Recorded with 2017-03-30: neither size nor type of a disk at first.
SOURCES_TELL_SINCE = "2017-12-01"
_SOURCES = ("snapshot", "managedDisk")
_ORDER = [
    "lun",
    "osType",
    "osState",
    "diskSizeGB",
    "snapshot",
    "managedDisk",
    "blobUri",
    "caching",
    "storageAccountType",
    "diskEncryptionSet",
]


def _write(world: World, call: Call, existing: Resource | None) -> Draft:
    sent = call.body.get("properties") or {}
    if existing is not None:
        # A PATCH of tags: nothing else is made anew.
        if sent == existing.properties:
            return _same(world, call, existing)
        sent = _updated(existing, sent)
    disks = [_completed(disk) for disk in _disks(world, call, sent, made=existing is not None)]
    inner: Json = {}
    if sent.get("sourceVirtualMachine"):
        inner["sourceVirtualMachine"] = {"id": sent["sourceVirtualMachine"]["id"]}
    inner["storageProfile"] = _profile([_ordered(disk) for disk in disks], sent)
    generation = sent.get("hyperVGeneration") or _default_generation(call, sent)
    if generation:
        inner["hyperVGeneration"] = generation
    if call.body.get("extendedLocation"):
        inner["extendedLocation"] = call.body["extendedLocation"]
    kind = "image update" if existing else "image create"
    return Draft(
        inner,
        world.seconds(kind, call.target.path),
        revealed={"storageProfile": _profile([_sized(world, disk) for disk in disks], sent)},
        hidden=existing.hidden if existing else _plan(world, sent),
    )


def _same(world: World, call: Call, existing: Resource) -> Draft:
    seconds = world.seconds("image update", call.target.path)
    revealed, hidden = existing.revealed, existing.hidden
    return Draft(existing.properties, seconds, revealed=revealed, hidden=hidden)


def _default_generation(call: Call, sent: Json) -> str | None:
    """Return V1 for an image of a machine since 2022-08-01, else None: no other gets one (recorded in 2023)."""
    lately = call.api >= GENERATION_SINCE and sent.get("sourceVirtualMachine")
    return "V1" if lately and call.method == "PUT" else None


def _plan(world: World, sent: Json) -> Json:
    """Return the machine's purchase plan as a hidden property of the image: versions of it must have the plan."""
    source = sent.get("sourceVirtualMachine")
    machine = world.find(source.get("id", "")) if source else None
    return {"plan": machine.extras["plan"]} if machine and machine.extras.get("plan") else {}


def _updated(existing: Resource, sent: Json) -> Json:
    """Return all properties after an update: those that it does not name stay; the source may not change."""
    old = existing.properties
    before = (old.get("sourceVirtualMachine") or {}).get("id", "")
    after = (sent.get("sourceVirtualMachine") or {}).get("id", before)
    if after.lower() != before.lower():
        raise refusal("property changed", path="sourceVirtualMachine")
    storage = (old | existing.revealed)["storageProfile"]
    given = {k: v for k, v in (sent.get("storageProfile") or {}).items() if v is not None}
    # The source of an image of a machine is the machine, so its disks are not looked at.
    if not before:
        _check_sources(storage, given)
    return (
        old | {k: v for k, v in sent.items() if v is not None} | {"storageProfile": storage | given}
    )


def _check_sources(old: Json, given: Json) -> None:
    """Raises PropertyChangeNotAllowed when a disk gets another source, comes or goes."""
    if "osDisk" in given and _origin(given["osDisk"]) != _origin(old["osDisk"]):
        raise refusal("property changed", path="osDisk")
    before = {disk.get("lun"): _origin(disk) for disk in old.get("dataDisks") or []}
    after = {disk.get("lun"): _origin(disk) for disk in given.get("dataDisks") or []}
    if "dataDisks" in given and before != after:
        raise refusal("property changed", path="dataDisks")


def _origin(disk: Json) -> dict[str, str]:
    """Return the ids from which a disk is made, without case."""
    named = {kind: str((disk.get(kind) or {}).get("id", "")).lower() for kind in _SOURCES}
    named["blobUri"] = str(disk.get("blobUri") or "").lower()
    return {kind: name for kind, name in named.items() if name}


def _disks(world: World, call: Call, sent: Json, *, made: bool) -> list[Json]:
    """The OS disk and the data disks asked for; those that it does not name come from the machine.

    made: whether the image is there already; its sources may be gone then.
    """
    given = sent.get("storageProfile") or {}
    disks = [given.get("osDisk") or {}, *(given.get("dataDisks") or ())]
    if not made:
        disks = [_found(world, call, disk) for disk in disks]
        if sent.get("sourceVirtualMachine"):
            captured = storage_of(world, sent["sourceVirtualMachine"]["id"])
            named = given.get("dataDisks") is not None
            disks = [
                captured["osDisk"] | disks[0],
                *(disks[1:] if named else captured["dataDisks"]),
            ]
    if not disks[0]:
        raise refusal("required", parameter="storageProfile.osDisk")
    return disks


def _found(world: World, call: Call, disk: Json) -> Json:
    """Return the disk with type and size of its source. Raises NotFound, or InvalidParameter for two sources."""
    named = [kind for kind in _SOURCES if (disk.get(kind) or {}).get("id")]
    if len(named) + bool(disk.get("blobUri")) > 1:
        raise refusal(
            "disk sources", disk=f"dataDisks[{disk['lun']}]" if "lun" in disk else "osDisk"
        )
    if not named:
        if uri := disk.get("blobUri"):
            _check_region(call, "blob", blob_account(world, uri), uri)
        return disk
    source = require_source(world, disk[named[0]]["id"])
    _check_region(call, named[0], source, source.id)
    if call.api < SOURCES_TELL_SINCE:
        return disk
    defaults = {"storageAccountType": sku_of(source), "diskSizeGB": size_of(world, source)}
    return {k: v for k, v in defaults.items() if v} | {
        k: v for k, v in disk.items() if v is not None
    }


def _profile(disks: list[Json], sent: Json) -> Json:
    profile: Json = {"osDisk": disks[0], "dataDisks": disks[1:]}
    resilient = (sent.get("storageProfile") or {}).get("zoneResilient")
    return profile if resilient is None else profile | {"zoneResilient": resilient}


def _check_region(call: Call, kind: str, source: Resource | None, uri: str) -> None:
    """Raises InvalidParameter for a source in another region than the image."""
    if source and source.location and short(source.location) != call.body.get("location"):
        raise refusal("image region", kind=kind, uri=uri)


def _completed(disk: Json) -> Json:
    """Defaults filled in; sizes, and the type of a blob's, come only when the image is there."""
    kept = {key: value for key, value in disk.items() if value is not None}
    kept.setdefault("caching", "None")
    if not kept.get("blobUri"):
        kept.setdefault("storageAccountType", "Standard_LRS")
    return kept


def _ordered(disk: Json) -> Json:
    return {key: disk[key] for key in _ORDER if key in disk}


def _sized(world: World, disk: Json) -> Json:
    size = disk.get("diskSizeGB") or disk.get("size")
    if not size:
        ids = [(disk.get(kind) or {}).get("id", "") for kind in _SOURCES]
        size = disk_size(world, ids, disk.get("osType"))
    return _ordered({"storageAccountType": "Standard_LRS"} | disk | {"diskSizeGB": size})


def _erase(world: World, call: Call, existing: Resource) -> None:
    machines = provisioning_from(world, existing, call.now)
    if machines:
        names = ", ".join(machine.name for machine in machines)
        raise refusal("image in use", machines=names, image=existing.name)


KIND = Kind(TYPE, "image", _write, erase=_erase, family="operations")
