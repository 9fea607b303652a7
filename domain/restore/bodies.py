"""The bodies that a restore sends: disks made of the version, and the image made of these disks as its recipe says.

What the recipe has and this app does not know is kept; left out is what Azure alone writes, and from what the image was
made, since it is made of something else now.
"""

from collections.abc import Mapping

from domain.facts import Disk, ImageFacts
from domain.ids import ComputeId, fold
from domain.migration.fingerprint import MIGRATION_TAG
from domain.restore.recorded import TemporaryDisk
from domain.values import Json

SOURCES = ("managedDisk", "snapshot", "blobUri")
"""The properties of an image's disk that say what it was made from."""
# Of the types that images name, those that a disk can have too.
DISK_TYPES = ("Premium_LRS", "StandardSSD_LRS", "Standard_LRS")
_READ_ONLY = frozenset({"provisioningState", "sourceVirtualMachine"})


def temporary_disk_id(image: ComputeId, migration: str, attempt: int, lun: int | None) -> ComputeId:
    """The id of a disk that a restore makes on the way: beside the image, under a name that nobody else chooses."""
    name = f"restore-{migration}-{attempt}-{'os' if lun is None else f'lun{lun}'}"
    text = f"{image.text.rpartition('/images/')[0]}/disks/{name}"
    return image.model_copy(update={"text": text, "kind": "disks", "name": name})


def temporary_disk(
    recipe: Json,
    disk: Disk,
    image: ComputeId,
    version_id: str,
    migration: str,
    attempt: int,
) -> TemporaryDisk:
    """One disk of the image, made of the version. It is nobody's to read or to attach, and gone in the end."""
    reference: Json = {"id": version_id} | ({} if disk.lun is None else {"lun": disk.lun})
    properties: Json = {
        "creationData": {"createOption": "FromImage", "galleryImageReference": reference},
        "networkAccessPolicy": "DenyAll",
        "publicNetworkAccess": "Disabled",
    }
    if disk.encryption_set:
        properties["encryption"] = {
            "type": "EncryptionAtRestWithCustomerKey",
            "diskEncryptionSetId": disk.encryption_set,
        }
    kept = {key: recipe[key] for key in ("extendedLocation",) if recipe.get(key)}
    body = {
        "location": recipe["location"],
        **kept,
        "tags": {MIGRATION_TAG: migration},
        "sku": {"name": _disk_type(recipe, disk.lun)},
        "properties": properties,
    }
    name = temporary_disk_id(image, migration, attempt, disk.lun)
    return TemporaryDisk(disk=name, lun=disk.lun, size_gb=disk.size_gb, body=body)


def image_body(recipe: Json, facts: ImageFacts, sources: Mapping[int | None, Json]) -> Json:
    """The body of the image's PUT. `sources`: of each disk, by LUN, what it is made from now."""
    given = recipe["properties"]
    storage = given["storageProfile"]
    disks = [_from(disk, sources[disk["lun"]]) for disk in storage.get("dataDisks") or []]
    profile = storage | {"osDisk": _from(storage["osDisk"], sources[None]), "dataDisks": disks}
    kept = {key: value for key, value in given.items() if key not in _READ_ONLY}
    # Azure does not always see it in a disk: docs/platform-notes.md#images-without-a-generation
    made = {**kept, "hyperVGeneration": facts.hyper_v_generation, "storageProfile": profile}
    top = {key: recipe[key] for key in ("extendedLocation",) if recipe.get(key)}
    return {
        "location": recipe["location"],
        **top,
        "tags": recipe.get("tags") or {},
        "properties": made,
    }


def sources_of(image: Json) -> frozenset[str]:
    """The things that an image's disks are made from, as ids are compared; none of what is no image."""
    storage = (image.get("properties") or {}).get("storageProfile") or {}
    disks = [storage.get("osDisk") or {}, *(storage.get("dataDisks") or [])]
    named = [str(disk.get("blobUri") or "") for disk in disks]
    named += [str((disk.get(kind) or {}).get("id") or "") for disk in disks for kind in SOURCES[:2]]
    return frozenset(fold(name) for name in named if name)


def _from(disk: Json, source: Json) -> Json:
    return {key: value for key, value in disk.items() if key not in SOURCES} | source


def _disk_type(recipe: Json, lun: int | None) -> str:
    storage = recipe["properties"]["storageProfile"]
    disks = [storage["osDisk"]] if lun is None else storage.get("dataDisks") or []
    named = next((d.get("storageAccountType") for d in disks if d.get("lun") == lun), None)
    return named if named in DISK_TYPES else DISK_TYPES[-1]
