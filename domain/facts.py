"""Facts: Azure's answers cut down to what decisions need of images, galleries, image definitions and image versions.

Each `*_facts` function takes a resource's JSON as Azure Resource Manager answers it and raises UnexpectedResponseError
when the answer cannot be that resource (an error body behind a 200, say): such an answer is no fact.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from pydantic import ValidationError

from domain.errors import UnexpectedResponseError
from domain.regions import normalise_region
from domain.values import Json, Message

# Of an image or definition that names none: docs/platform-notes.md#images-without-a-generation
DEFAULT_GENERATION = "V1"

P = ParamSpec("P")
T = TypeVar("T")


# What is being made or changed just now; its end says more.
BUSY_STATES = frozenset({"Creating", "Updating", "Migrating", "Unknown"})


def fact(read: Callable[P, T]) -> Callable[P, T]:
    """Makes UnexpectedResponseError of whatever a reader stumbles over in an answer."""

    @wraps(read)
    def reader(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except (ValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise UnexpectedResponseError(f"Azure's answer could not be read: {error}") from error

    return reader


class Disk(Message):
    """One disk of a managed image. `source` is what it was made from: managed disk, snapshot or blob."""

    lun: int | None = None
    source: str | None = None
    size_gb: int | None = None
    encryption_set: str | None = None


class ImageFacts(Message):
    """A managed image. `created_time` comes from the resources list: image bodies have none."""

    id: str
    location: str
    provisioning_state: str
    tags: dict[str, str] = {}
    hyper_v_generation: str = DEFAULT_GENERATION
    os_type: str
    os_state: str
    os_disk: Disk
    data_disks: tuple[Disk, ...] = ()
    source_virtual_machine: str | None = None
    extended_location: str | None = None
    created_time: str | None = None

    @property
    def disks(self) -> tuple[Disk, ...]:
        """The OS disk and the data disks."""
        return (self.os_disk, *self.data_disks)


class GalleryFacts(Message):
    """An Azure Compute Gallery, as far as plans need it."""

    id: str
    location: str
    provisioning_state: str
    soft_delete: bool = False


# Of a definition: one of its kind in a gallery.
IDENTIFIER = ("publisher", "offer", "sku")


class DefinitionFacts(Message):
    """An image definition of a gallery."""

    name: str
    provisioning_state: str
    os_type: str
    os_state: str
    hyper_v_generation: str = DEFAULT_GENERATION
    architecture: str = "x64"
    publisher: str
    offer: str
    sku: str
    security_type: str = "Standard"
    purchase_plan: dict[str, str | None] | None = None
    disk_controllers: str = ""

    @property
    def in_the_making(self) -> bool:
        """True if somebody has begun it and Azure has not ended it yet."""
        return self.provisioning_state == "Creating"


class VersionFacts(Message):
    """An image version; `regions`, `replica_counts` and `storage_types` by short region name. `disks`: none until it
    has succeeded."""

    id: str
    name: str
    location: str
    provisioning_state: str
    source_id: str | None = None
    tags: dict[str, str] = {}
    regions: tuple[str, ...] = ()
    replica_counts: dict[str, int] = {}
    storage_types: dict[str, str] = {}
    replication_mode: str = "Full"
    exclude_from_latest: bool = False
    end_of_life_date: str | None = None
    blocks_deletion: bool = False
    published_date: str | None = None
    disks: tuple[Disk, ...] = ()


@fact
def image_facts(body: Json, created_time: str | None) -> ImageFacts:
    """The facts in a managed image's JSON."""
    properties, storage = _of(body, "properties"), _of(body, "properties", "storageProfile")
    os_disk = _of(storage, "osDisk")
    return ImageFacts(
        id=_text(body, "id"),
        location=normalise_region(_text(body, "location")),
        provisioning_state=_text(properties, "provisioningState"),
        tags=body.get("tags") or {},
        hyper_v_generation=properties.get("hyperVGeneration") or DEFAULT_GENERATION,
        os_type=_text(os_disk, "osType"),
        os_state=_text(os_disk, "osState"),
        os_disk=_disk(os_disk),
        data_disks=tuple(
            sorted(
                (_disk(disk) for disk in storage.get("dataDisks") or []), key=lambda d: d.lun or 0
            )
        ),
        source_virtual_machine=(properties.get("sourceVirtualMachine") or {}).get("id"),
        extended_location=(body.get("extendedLocation") or {}).get("name"),
        created_time=_utc_text(created_time),
    )


@fact
def gallery_facts(body: Json) -> GalleryFacts:
    """The facts in a gallery's JSON."""
    properties = _of(body, "properties")
    return GalleryFacts(
        id=_text(body, "id"),
        location=_text(body, "location"),
        provisioning_state=_text(properties, "provisioningState"),
        soft_delete=bool((properties.get("softDeletePolicy") or {}).get("isSoftDeleteEnabled")),
    )


@fact
def definition_facts(body: Json) -> DefinitionFacts:
    """The facts in an image definition's JSON."""
    properties, identifier = _of(body, "properties"), _of(body, "properties", "identifier")
    features = {
        str(feature.get("name", "")).lower(): str(feature.get("value", ""))
        for feature in properties.get("features") or []
    }
    return DefinitionFacts(
        name=_text(body, "name"),
        provisioning_state=_text(properties, "provisioningState"),
        os_type=_text(properties, "osType"),
        os_state=_text(properties, "osState"),
        hyper_v_generation=properties.get("hyperVGeneration") or DEFAULT_GENERATION,
        architecture=properties.get("architecture") or "x64",
        publisher=_text(identifier, "publisher"),
        offer=_text(identifier, "offer"),
        sku=_text(identifier, "sku"),
        security_type=features.get("securitytype") or "Standard",
        purchase_plan=properties.get("purchasePlan") or None,
        disk_controllers=features.get("diskcontrollertypes", ""),
    )


@fact
def version_facts(body: Json) -> VersionFacts:
    """The facts in an image version's JSON."""
    properties = _of(body, "properties")
    profile = properties.get("publishingProfile") or {}
    storage = properties.get("storageProfile") or {}
    source = storage.get("source") or {}
    targets = {
        normalise_region(_text(region, "name")): region
        for region in profile.get("targetRegions") or []
    }
    return VersionFacts(
        id=_text(body, "id"),
        name=_text(body, "name"),
        location=normalise_region(_text(body, "location")),
        provisioning_state=_text(properties, "provisioningState"),
        source_id=source.get("id"),
        tags=body.get("tags") or {},
        regions=tuple(sorted(targets)),
        replica_counts=_told(targets, "regionalReplicaCount"),
        storage_types=_told(targets, "storageAccountType"),
        replication_mode=profile.get("replicationMode") or "Full",
        exclude_from_latest=bool(profile.get("excludeFromLatest")),
        end_of_life_date=_utc_text(profile.get("endOfLifeDate")),
        blocks_deletion=bool(
            (properties.get("safetyProfile") or {}).get("blockDeletionBeforeEndOfLife")
        ),
        published_date=_utc_text(profile.get("publishedDate")),
        disks=tuple(_copied_disks(storage)),
    )


def _copied_disks(storage: Json) -> Iterator[Disk]:
    """Yield the disks of a version. One without a LUN is the OS disk, so a data disk must have its own."""
    if system := storage.get("osDiskImage"):
        yield Disk(size_gb=system.get("sizeInGB"))
    for disk in storage.get("dataDiskImages") or []:
        yield Disk(lun=int(disk["lun"]), size_gb=disk.get("sizeInGB"))


def _told(bodies: dict[str, Json], key: str) -> dict[str, Any]:
    """Return the values under a key, of those bodies that have one."""
    return {name: body[key] for name, body in bodies.items() if body.get(key) is not None}


def _disk(body: Json) -> Disk:
    return Disk(
        lun=body.get("lun"),
        source=(body.get("managedDisk") or body.get("snapshot") or {}).get("id")
        or body.get("blobUri"),
        size_gb=body.get("diskSizeGB"),
        encryption_set=(body.get("diskEncryptionSet") or {}).get("id"),
    )


def _of(body: Any, *path: str) -> Json:
    for key in path:
        body = body.get(key) if isinstance(body, dict) else None
    if not isinstance(body, dict):
        raise ValueError(f"the answer has no object '{'.'.join(path)}'")
    return body


def _text(body: Json, key: str) -> str:
    value = body.get(key) if isinstance(body, dict) else None
    if not isinstance(value, str) or not value:
        raise ValueError(f"the answer has no text '{key}'")
    return value


def _utc_text(moment: str | None) -> str | None:
    """One spelling for one moment: services write 7 digits, drop trailing zeros, and use Z or an offset."""
    if not moment:
        return None
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return parsed.astimezone(UTC).isoformat() if parsed.tzinfo else None
