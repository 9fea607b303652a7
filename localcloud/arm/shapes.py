"""Whether a body has the shape its reader expects: objects, lists and texts where they belong.

The names below mean the same in all bodies of galleries, images and groups, so one table serves
them; what it does not name may be anything.
"""

from __future__ import annotations

from typing import Any

from localcloud.arm.errors import refusal
from localcloud.arm.model import Json

_OBJECT_NAMES = """
properties tags sku plan identity sourceVirtualMachine storageProfile osDisk snapshot managedDisk
diskEncryptionSet sharingProfile communityGalleryInfo softDeletePolicy identifier purchasePlan
recommended disallowed publishingProfile safetyProfile securityProfile encryption osDiskImage source
"""
_LIST_NAMES = "dataDisks features targetRegions targetExtendedLocations dataDiskImages groups"
_TEXT_NAMES = """
location id endOfLifeDate hyperVGeneration blobUri uri name osType osState caching hostCaching
storageAccountType storageAccountStrategy architecture replicationMode permissions operationType
description eula virtualMachineId communityGalleryImageId
"""
_OBJECTS = frozenset(_OBJECT_NAMES.split())
_LISTS = frozenset(_LIST_NAMES.split())
_TEXTS = frozenset(_TEXT_NAMES.split())
_READ = ("microsoft.compute/galleries", "microsoft.compute/images", "resourcegroups")
_NUMBERS = frozenset({"lun", "diskSizeGB", "sizeInGB"})
_NO_TEXTS = _OBJECTS | _LISTS | _NUMBERS


def check_shape(kind: str, body: Json) -> None:
    """Raises InvalidRequestContent naming the first value of a wrong kind; null is no value.

    Kinds that are kept as sent are not looked into: there the names may mean something else.
    """
    if kind.startswith(_READ):
        _check_below(body, "")


def _check_below(body: Any, at: str) -> None:
    if not isinstance(body, dict):
        return
    for key, value in body.items():
        if isinstance(value, str) and key not in _NO_TEXTS:
            continue  # most values: right wherever they stand
        path = f"{at}.{key}" if at else str(key)
        _check(key, value, path)
        for number, entry in enumerate(value if isinstance(value, list) else [value]):
            _check_below(entry, f"{path}[{number}]" if isinstance(value, list) else path)


def _check(key: str, value: Any, path: str) -> None:
    if value is None:
        return
    within = path.split(".")[-2:-1]
    if within in (["identifier"], ["tags"]):
        _require(isinstance(value, str), path, "a text")
    elif key in _OBJECTS:
        _require(isinstance(value, dict), path, "an object")
    elif key in _LISTS:
        entries = value if isinstance(value, list) else [None]
        _require(all(isinstance(entry, dict) for entry in entries), path, "a list of objects")
    elif key in _TEXTS:
        _require(isinstance(value, str), path, "a text")
    elif key in _NUMBERS:
        _require(isinstance(value, int), path, "a whole number")


def _require(right: bool, path: str, what: str) -> None:
    if not right:
        raise refusal("body", reason=f"{path} must be {what}")
