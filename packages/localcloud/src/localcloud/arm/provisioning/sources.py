"""The sources of an image version: the forms allowed, the disks that they give, the failures that come later.

A version has one source, for all of it (managed image, machine, other version) or for each disk
(disk, snapshot, blob). All of them must exist but blobs, which the emulator does not have.
"""

from __future__ import annotations

import json

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.regions import short
from localcloud.arm.provisioning.captures import disk_size, storage_of
from localcloud.arm.state.model import Failure, Json, Resource
from localcloud.arm.state.states import exists_fully, is_pending
from localcloud.arm.state.world import World

# In GB.
LARGEST = 2048
_IMAGE = "Microsoft.Compute/images"
_VERSION = "Microsoft.Compute/galleries/images/versions"
Source = Resource


def check_forms(storage: Json) -> None:
    """Raises a refusal unless the profile names either one source for the whole version or one for each disk."""
    whole = any((storage.get("source") or {}).values())
    disks = [storage.get("osDiskImage") or {}, *(storage.get("dataDiskImages") or [])]
    single = any(any((disk.get("source") or {}).values()) for disk in disks)
    if whole == single:
        raise refusal("two sources")


def cached(storage: Json) -> Json:
    """Return the storage profile with a host caching for each disk that it names: "None" by default."""
    kept = dict(storage)
    if kept.get("osDiskImage"):
        kept["osDiskImage"] = {"hostCaching": "None"} | kept["osDiskImage"]
    if kept.get("dataDiskImages"):
        kept["dataDiskImages"] = [{"hostCaching": "None"} | d for d in kept["dataDiskImages"]]
    return {key: value for key, value in kept.items() if value not in (None, [])}


def _id(storage: Json) -> str:
    source = storage.get("source") or {}
    return str(source.get("id") or source.get("virtualMachineId") or "")


def find_source(world: World, call: Call, storage: Json) -> Source | None:
    """The image, version or machine that is the whole source, None when each disk has its own.

    Raises NotFound for a source that does not exist, or not in this region.
    """
    wanted = _id(storage)
    if not wanted:
        _require_disks(world, storage)
        return None
    source = world.find(wanted)
    if source is None or not exists_fully(source, call.now):
        raise refusal("source missing", id=wanted)
    image = source.type == _IMAGE
    if image and short(str(source.location)) != short(str(call.body.get("location"))):
        raise refusal("source missing", id=wanted)
    return source


def _require_disks(world: World, storage: Json) -> None:
    for disk in [storage.get("osDiskImage") or {}, *(storage.get("dataDiskImages") or [])]:
        source = disk.get("source") or {}
        wanted = source.get("id")
        if wanted and not source.get("uri") and world.find(wanted) is None:
            raise refusal("source missing", id=wanted)


def disk_images(world: World, storage: Json, source: Source | None) -> Json:
    """`osDiskImage` and `dataDiskImages` as they appear when the version has succeeded."""
    if not (storage.get("source") or {}):
        return _own_disks(world, storage)
    if source is not None and source.type == _VERSION:
        kept: Json = (source.properties | source.revealed)["storageProfile"]
        return {k: _sourceless(kept[k]) for k in ("osDiskImage", "dataDiskImages") if k in kept}
    profile = _profile(world, storage, source)
    os_disk = profile.get("osDisk") or {}
    images: Json = {
        "osDiskImage": {
            "sizeInGB": _size(world, os_disk, os_disk.get("osType") or "Linux"),
            "hostCaching": os_disk.get("caching", "None"),
            "source": {},
        }
    }
    data = [
        {
            "lun": disk["lun"],
            "sizeInGB": _size(world, disk, None),
            "hostCaching": disk.get("caching", "None"),
        }
        for disk in profile.get("dataDisks") or []
    ]
    return images | ({"dataDiskImages": data} if data else {})


def _profile(world: World, storage: Json, source: Source | None) -> Json:
    if source is not None and source.type == _IMAGE:
        return dict((source.properties | source.revealed)["storageProfile"])
    return storage_of(world, _id(storage))


def _size(world: World, disk: Json, os: str | None) -> int:
    return int(disk.get("diskSizeGB") or disk.get("size") or disk_size(world, [], os))


def _sourceless(images: list[Json] | Json) -> list[Json] | Json:
    if isinstance(images, list):
        return [{k: v for k, v in image.items() if k != "source"} for image in images]
    return images | {"source": {}}


def _own_disks(world: World, storage: Json) -> Json:
    def sized(disk: Json, os: str | None) -> Json:
        source = (disk.get("source") or {}).get("id") or ""
        lun = {"lun": disk["lun"]} if "lun" in disk else {}
        return lun | {"sizeInGB": disk_size(world, [source], os)} | disk

    images: Json = {}
    if storage.get("osDiskImage"):
        images["osDiskImage"] = sized(storage["osDiskImage"], "Linux")
    if storage.get("dataDiskImages"):
        images["dataDiskImages"] = [sized(disk, None) for disk in storage["dataDiskImages"]]
    return images


def mismatch(
    world: World, call: Call, source: Source | None, definition: Resource
) -> Failure | None:
    """Return why the service will fail this version after having accepted it, or None."""
    if source is None:
        return None
    if _in_use(world, call, source):
        text = refusal("source busy", id=source.id).failure.message
        return Failure("Conflict", text)
    if source.type != _IMAGE:
        return None
    wanted, profile = definition.properties, _profile(world, {}, source)
    os_disk = profile["osDisk"]
    return (
        _differs(source, "Hypervisor generation", "Hypervisor generation", "Conflict",
                 source.properties.get("hyperVGeneration", "V1"), wanted["hyperVGeneration"])
        or _differs(source, "OS type", "OS type generation", "BadRequest",
                    os_disk.get("osType"), wanted["osType"])
        or _differs(source, "OS state", "OS state", "BadRequest",
                    os_disk.get("osState"), wanted["osState"])
        or _plan_differs(source, wanted.get("purchasePlan"))
        or _too_large(profile)
    )  # fmt: skip


def _differs(
    source: Resource, what: str, parents: str, code: str, has: object, wanted: object
) -> Failure | None:
    if has == wanted:
        return None
    return Failure(
        code,
        f"The resource with id '{source.id}' has a different {what} ['{has}'] than the parent "
        f"gallery image {parents} ['{wanted}'].",
    )


def _plan_differs(source: Resource, wanted: Json | None) -> Failure | None:
    """Return the failure if the definition lacks the purchase plan of a marketplace machine's image."""
    has = source.hidden.get("plan")
    keys = ("name", "publisher", "product")
    if has is None or (wanted and all(has.get(k) == wanted.get(k) for k in keys)):
        return None
    return Failure(
        "Conflict",
        f"The resource with id {source.id} has a different plan "
        f"['{json.dumps({k: has.get(k) for k in keys} | {'promotionCode': ''})}'] than the parent "
        f"gallery image plan ['{json.dumps(wanted)}'].",
    )


def _too_large(profile: Json) -> Failure | None:
    disks = [profile["osDisk"], *(profile.get("dataDisks") or [])]
    size = max(int(disk.get("diskSizeGB") or 0) for disk in disks)
    if size <= LARGEST:
        return None
    return Failure(
        "GallerySourceResourceExceedsMaxSize",
        "Replication failed in this region due to 'The GalleryImageVersion source resource size "
        f"{size} exceeds the max size {LARGEST} supported.'",
    )


def _in_use(world: World, call: Call, source: Resource) -> bool:
    """Return True if another version is being made of the source: Azure makes one at a time, replication included."""
    return any(
        str(version.hidden.get("source") or "").lower() == source.key
        and version.change == "Creating"
        and version.failure is None
        and version.key != call.target.key
        and not version.hidden.get("shallow")
        and (is_pending(version, call.now) or any(r.end > call.now for r in version.regions))
        for version in world.of_type(_VERSION)
    )
