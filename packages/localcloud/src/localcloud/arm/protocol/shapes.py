"""The check that a body has the shape its reader expects: objects, lists and texts where they belong.

The names below mean the same in all bodies of galleries, images and groups, so one table serves
them; what it does not name may be anything.
"""

from __future__ import annotations

from typing import Any

from localcloud.arm.protocol.errors import refusal
from localcloud.arm.state.model import Json

_OBJECT_NAMES = """
properties tags sku plan identity sourceVirtualMachine storageProfile osDisk snapshot managedDisk
diskEncryptionSet sharingProfile communityGalleryInfo softDeletePolicy identifier purchasePlan
recommended disallowed publishingProfile safetyProfile securityProfile encryption osDiskImage source
manageActions settings advancedSettings
"""
_LIST_NAMES = (
    "dataDisks features targetRegions targetExtendedLocations dataDiskImages groups customActions"
)
_TEXT_NAMES = """
location id endOfLifeDate hyperVGeneration blobUri uri name osType osState caching hostCaching
storageAccountType storageAccountStrategy architecture replicationMode permissions operationType
description eula virtualMachineId communityGalleryImageId
mediaLink defaultConfigurationLink supportedOSType
"""
_WANTED: dict[str, tuple[type, str]] = {
    **dict.fromkeys(_OBJECT_NAMES.split(), (dict, "an object")),
    **dict.fromkeys(_LIST_NAMES.split(), (list, "a list of objects")),
    **dict.fromkeys(_TEXT_NAMES.split(), (str, "a text")),
    **dict.fromkeys(("lun", "diskSizeGB", "sizeInGB"), (int, "a whole number")),
}
_OF_TEXTS = frozenset({"identifier", "tags"})
_READ = ("microsoft.compute/galleries", "microsoft.compute/images", "resourcegroups")


def check_shape(kind: str, body: Json) -> None:
    """Raises InvalidRequestContent naming the first value of a wrong kind; null is no value.

    Kinds that are kept as sent are not looked into: there the names may mean something else.
    """
    if kind.startswith(_READ):
        _check_object(body, "", "")


def _check_object(body: Json, name: str, at: str) -> None:
    """name: its key; at: the path of its values up to their own keys."""
    of_texts = name in _OF_TEXTS
    for key, value in body.items():
        wanted = (str, "a text") if of_texts else _WANTED.get(key)
        if wanted is not None and value is not None and not isinstance(value, wanted[0]):
            raise refusal("body", reason=f"{at}{key} must be {wanted[1]}")
        if isinstance(value, dict):
            _check_object(value, key, f"{at}{key}.")
        elif isinstance(value, list):
            _check_list(value, f"{at}{key}", of_objects=wanted is not None)


def _check_list(entries: list[Any], path: str, *, of_objects: bool) -> None:
    if of_objects and not all(isinstance(entry, dict) for entry in entries):
        raise refusal("body", reason=f"{path} must be a list of objects")
    for number, entry in enumerate(entries):
        if isinstance(entry, dict):
            _check_object(entry, "", f"{path}[{number}].")
