"""The image that machines, scale sets and disks name: managed image, version, or definition for the latest one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.regions import DISPLAY, short
from localcloud.arm.provisioning.replication import state
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import exists_fully
from localcloud.arm.state.world import World

IMAGE = "Microsoft.Compute/images"
DEFINITION = "Microsoft.Compute/galleries/images"
VERSION = "Microsoft.Compute/galleries/images/versions"


@dataclass(frozen=True, slots=True)
class DiskImage:
    """A disk that an image brings along; `lun` None: the one with the system."""

    lun: int | None
    gigabytes: int
    caching: str


def id_of(storage: Mapping[str, Any] | None) -> str:
    """The id in a storage profile's image reference, "" where it names none of this tenant's.

    Those of others (`/SharedGalleries/...`) and of the marketplace are not looked for.
    """
    named = str(((storage or {}).get("imageReference") or {}).get("id") or "")
    return named if named.lower().startswith("/subscriptions/") else ""


def require_image(world: World, call: Call, image_id: str) -> Resource:
    """The managed image or version that a new disk or machine in the call's location gets.

    A definition stands for its latest version. Raises NotFound or GalleryImageNotFound.
    """
    here = short(str(call.body.get("location", "")))
    found = world.find(image_id)
    if found is not None and found.type == DEFINITION:
        found = latest(world, call, found)
    if found is not None and found.type == VERSION:
        if not is_in(found, call, here):
            found = None
    elif found is not None and (found.type != IMAGE or short(str(found.location)) != here):
        found = None
    if found is None and "/galleries/" in image_id.lower():
        raise refusal("image not replicated", id=image_id, region=here)
    if found is None or not exists_fully(found, call.now):
        raise refusal("image missing", id=image_id, region=DISPLAY.get(here, here))
    return found


def is_in(version: Resource, call: Call, region: str) -> bool:
    """Return True if machines of this region can be made from the version; one put there directly is everywhere."""
    return not version.regions or any(
        r.name == region and state(r, call.now) == "Completed" for r in version.regions
    )


def latest(world: World, call: Call, definition: Resource) -> Resource | None:
    """The version with the highest number that the region has and that may be the latest."""
    here = short(str(call.body.get("location", "")))
    found = [
        version
        for version in world.listed(f"{definition.key}/versions")
        if is_in(version, call, here)
        and not version.properties["publishingProfile"].get("excludeFromLatest")
    ]
    return max(found, key=_number, default=None)


def _number(version: Resource) -> tuple[int, ...]:
    return tuple(int(part) for part in version.name.split("."))


def with_exact_version(world: World, call: Call, storage: Json) -> Json:
    """The profile with `exactVersion` in a reference to a definition, as the service fills it in."""
    named = world.find(id_of(storage)) if id_of(storage) else None
    newest = latest(world, call, named) if named and named.type == DEFINITION else None
    if newest is None:
        return storage
    return storage | {"imageReference": storage["imageReference"] | {"exactVersion": newest.name}}


def disks_of(image: Resource) -> list[DiskImage]:
    """The disks of a managed image or a version, the one with the system first."""
    storage: Json = (image.properties | image.revealed)["storageProfile"]
    if image.type == IMAGE:
        disks = [storage["osDisk"], *(storage.get("dataDisks") or [])]
        return [_disk(disk, "diskSizeGB", "caching") for disk in disks]
    disks = [storage.get("osDiskImage") or {}, *(storage.get("dataDiskImages") or [])]
    return [_disk(disk, "sizeInGB", "hostCaching") for disk in disks]


def _disk(disk: Json, size: str, caching: str) -> DiskImage:
    return DiskImage(disk.get("lun"), int(disk.get(size) or 0), str(disk.get(caching) or "None"))


def system_of(world: World, image: Resource) -> Json:
    """`osType` and `hyperVGeneration` of an image, or of the definition that a version belongs to."""
    if image.type == IMAGE:
        disk = image.properties["storageProfile"]["osDisk"]
        told = {"osType": disk.get("osType")} | {
            "hyperVGeneration": image.properties.get("hyperVGeneration", "V1")
        }
    else:
        parent = world.find(image.id.rsplit("/", 2)[0])
        names = ("osType", "hyperVGeneration")
        told = {name: parent.properties.get(name) for name in names} if parent else {}
    return {name: value for name, value in told.items() if value}
