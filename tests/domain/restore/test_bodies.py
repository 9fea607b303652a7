"""The bodies of a restore keep what the recipe has, and leave out what Azure alone writes and what is gone."""

from __future__ import annotations

from typing import Any

import pytest

from domain.facts import image_facts
from domain.ids import parse_image_id
from domain.migration.fingerprint import MIGRATION_TAG
from domain.restore.bodies import (
    DISK_TYPES,
    image_body,
    sources_of,
    temporary_disk,
    temporary_disk_id,
)
from domain.values import Json
from tests import builders as b
from tests.builders import IMAGE_ID, MIGRATION_ID, SCOPE

IMAGE = parse_image_id(IMAGE_ID)
VERSION = "/version"
SET = {"id": f"{SCOPE}/diskEncryptionSets/keys"}


def disk_bodies(recipe: Json) -> list[Json]:
    """The bodies of all disks of an image."""
    facts = image_facts(recipe, None)
    made = [temporary_disk(recipe, d, IMAGE, VERSION, MIGRATION_ID, 1) for d in facts.disks]
    return [disk.body for disk in made]


def test_a_disk_is_nobodys_to_read() -> None:
    """In the image's region, of its type, with our tag, made of the version."""
    storage = b.storage_profile({"storageAccountType": "StandardSSD_LRS"})
    (body,) = disk_bodies(b.image_body(storageProfile=storage))
    assert body == {
        "location": "eastus2",
        "tags": {MIGRATION_TAG: MIGRATION_ID},
        "sku": {"name": "StandardSSD_LRS"},
        "properties": {
            "creationData": {"createOption": "FromImage", "galleryImageReference": {"id": VERSION}},
            "networkAccessPolicy": "DenyAll",
            "publicNetworkAccess": "Disabled",
        },
    }


@pytest.mark.parametrize("named", [*DISK_TYPES, "Standard_ZRS", None])
def test_a_disk_has_the_type_of_the_images_where_disks_have_it(named: str | None) -> None:
    """Each its own; a type that no disk has becomes the plainest."""
    data = [b.data_disk(0, 10, storageAccountType=named), b.data_disk(1, 10)]
    storage = b.storage_profile({"storageAccountType": "Premium_LRS"}, data)
    types = [body["sku"]["name"] for body in disk_bodies(b.image_body(storageProfile=storage))]
    known = named if named in DISK_TYPES else "Standard_LRS"
    assert types == ["Premium_LRS", known, "Standard_LRS"]


def test_encryption_and_edge_zones_are_kept() -> None:
    """On the way and in the image."""
    storage = b.storage_profile({"diskEncryptionSet": SET}, [b.data_disk(0, 10)])
    zone = {"name": "attatlanta1", "type": "EdgeZone"}
    recipe = b.image_body(storageProfile=storage) | {"extendedLocation": zone}
    system, data = disk_bodies(recipe)
    assert system["properties"]["encryption"] == {
        "type": "EncryptionAtRestWithCustomerKey",
        "diskEncryptionSetId": SET["id"],
    }
    assert "encryption" not in data["properties"]
    assert system["extendedLocation"] == data["extendedLocation"] == zone
    made = body_of(recipe)
    assert made["extendedLocation"] == zone
    assert made["properties"]["storageProfile"]["osDisk"]["diskEncryptionSet"] == SET


def body_of(recipe: Json) -> Json:
    """The body of the image's PUT, of disks `a`, and `b0`, `b1` … by LUN."""
    facts = image_facts(recipe, None)
    sources: dict[int | None, Json] = {d.lun: {"managedDisk": f"b{d.lun}"} for d in facts.disks}
    return image_body(recipe, facts, sources | {None: {"managedDisk": "a"}})


def test_the_image_is_the_recipe_with_other_sources() -> None:
    """Tags, generation, LUN, size, caching, type, zone resilience, and what this app does not know."""
    disks = [
        b.data_disk(3, 50, caching="None", storageAccountType="Standard_LRS", future=1),
        {"lun": 0, "snapshot": {"id": "s"}, "blobUri": "https://blob", "diskSizeGB": 4},
    ]
    profile = b.storage_profile({"caching": "ReadOnly"}, disks) | {"zoneResilient": True}
    more: dict[str, Any] = {"sourceVirtualMachine": {"id": "vm"}, "later": "x"}
    assert body_of(b.image_body(storageProfile=profile, **more)) == {
        "location": "eastus2",
        "tags": {"team": "web"},
        "properties": {
            "hyperVGeneration": "V2",
            "later": "x",
            "storageProfile": {
                "zoneResilient": True,
                "osDisk": {
                    "osType": "Windows",
                    "osState": "Generalized",
                    "diskSizeGB": 127,
                    "caching": "ReadOnly",
                    "managedDisk": "a",
                },
                "dataDisks": [
                    {
                        "lun": 3,
                        "diskSizeGB": 50,
                        "caching": "None",
                        "storageAccountType": "Standard_LRS",
                        "future": 1,
                        "managedDisk": "b3",
                    },
                    {"lun": 0, "diskSizeGB": 4, "managedDisk": "b0"},
                ],
            },
        },
    }


def test_a_generation_that_the_recipe_leaves_out_is_sent() -> None:
    """Azure's default for an image without one; and an image without tags gets none."""
    recipe = b.image_body(hyperVGeneration=None) | {"tags": None}
    made = body_of(recipe)
    assert (made["properties"]["hyperVGeneration"], made["tags"]) == ("V1", {})
    assert "extendedLocation" not in made


def test_the_names_of_disks_tell_migration_and_attempt() -> None:
    """Beside the image, and short enough for Azure."""
    system = temporary_disk_id(IMAGE, MIGRATION_ID, 1, None)
    assert system.text == f"{SCOPE}/disks/restore-{MIGRATION_ID}-1-os"
    assert (system.kind, system.resource_group) == ("disks", IMAGE.resource_group)
    longest = temporary_disk_id(IMAGE, "f" * 32 + "-999999-00000000", 99, 63)
    assert longest.text.rpartition("/")[2] == longest.name
    assert len(longest.name) <= 80


def test_an_image_is_known_by_all_its_sources() -> None:
    """Of every kind, without case; what is no image has none."""
    disks: list[Json] = [
        {"lun": 0, "snapshot": {"id": "/S/Snap"}},
        {"lun": 1, "blobUri": "https://Blob"},
        {"lun": 2},
    ]
    image = b.image_body(storageProfile=b.storage_profile(data_disks=disks))
    assert sources_of(image) == {f"{SCOPE}/disks/web-os".lower(), "/s/snap", "https://blob"}
    assert sources_of({}) == frozenset()
