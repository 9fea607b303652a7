"""The fingerprint: the identity of a managed image in one short text, since names are reused and content is not.

The fingerprint covers the id, OS, generation and every disk's source, size and LUN in its first half, the creation
time in its second; tags may change without changing it. Without a creation time it is incomplete: an image re-created
from the same disks under the same name could not be told apart, so an incomplete fingerprint never allows a deletion.
"""

import hashlib
import json

from domain.facts import ImageFacts, VersionFacts
from domain.ids import fold, same_id
from domain.values import Message

FINGERPRINT_TAG = "gallery-migrator.fingerprint"
MIGRATION_TAG = "gallery-migrator.migration"
SOURCE_TAG = "gallery-migrator.source"

_UNKNOWN = "unknown"


class Fingerprint(Message):
    """`value` compares images; `complete` says whether it can stand for content."""

    value: str
    complete: bool


def fingerprint_of(image: ImageFacts) -> Fingerprint:
    """The fingerprint of an image as it was read."""
    content = {
        "id": fold(image.id),
        "location": image.location,
        "os": [image.os_type, image.os_state, image.hyper_v_generation],
        "virtualMachine": fold(image.source_virtual_machine or ""),
        "disks": [[disk.lun, fold(disk.source or ""), disk.size_gb] for disk in image.disks],
    }
    created = _hash(image.created_time) if image.created_time else _UNKNOWN
    return Fingerprint(
        value=f"v1-{_hash(json.dumps(content, sort_keys=True))}-{created}",
        complete=image.created_time is not None,
    )


def same_as_far_as_known(one: str, other: str) -> bool:
    """Return True if two fingerprints agree in all that both know. Never enough for a deletion."""
    content, _, created = one.rpartition("-")
    other_content, _, other_created = other.rpartition("-")
    return content == other_content and (
        created == other_created or _UNKNOWN in {created, other_created}
    )


def content_of(value: str) -> str:
    """Return the part with which all fingerprints of the same content begin."""
    return f"{value.rpartition('-')[0]}-"


def without_creation_time(value: str) -> str:
    """Return what a fingerprint would be if the creation time were not known."""
    return content_of(value) + _UNKNOWN


def made_from(version: VersionFacts, image_id: str, fingerprint: str) -> bool:
    """Return True if our tags and the version's source say that it was made from this very image."""
    return version.tags.get(FINGERPRINT_TAG) == fingerprint and same_id(
        version.source_id or "", image_id
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
