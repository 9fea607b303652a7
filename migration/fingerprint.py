"""What a managed image *is*, in one short text: names are reused, content is not.

The fingerprint covers the id, the creation time, OS, generation and every disk's source, size and LUN; tags may
change without changing it. Without a creation time it is incomplete: an image re-created from the same disks under
the same name could not be told apart, so an incomplete fingerprint never allows a deletion.
"""

import hashlib
import json

from migration.facts import ImageFacts, VersionFacts
from migration.wire import Value

FINGERPRINT_TAG = "gallery-migrator.fingerprint"
MIGRATION_TAG = "gallery-migrator.migration"
SOURCE_TAG = "gallery-migrator.source"

_COMPLETE, _INCOMPLETE = "v1-", "v1-incomplete-"


class Fingerprint(Value):
    """`value` compares images; `complete` says whether it can stand for content."""

    value: str
    complete: bool


def fingerprint_of(image: ImageFacts) -> Fingerprint:
    """The fingerprint of an image as it was read."""
    content = {
        "id": image.id.lower(),
        "location": image.location,
        "created": image.created_time,
        "os": [image.os_type, image.os_state, image.hyper_v_generation],
        "virtualMachine": (image.source_virtual_machine or "").lower(),
        "disks": [[disk.lun, (disk.source or "").lower(), disk.size_gb] for disk in image.disks],
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:40]
    complete = image.created_time is not None
    return Fingerprint(value=(_COMPLETE if complete else _INCOMPLETE) + digest, complete=complete)


def made_from(version: VersionFacts, image_id: str, fingerprint: str) -> bool:
    """Whether our tags and the version's source say that it was made from this very image."""
    return (
        version.tags.get(FINGERPRINT_TAG) == fingerprint
        and (version.source_id or "").lower() == image_id.lower()
    )
