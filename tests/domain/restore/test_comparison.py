"""A restored image is held against its recipe, value by value, but for what it was made from."""

from __future__ import annotations

from typing import Any

import pytest

from domain.restore.comparison import differences
from domain.values import Json
from tests import builders as b

DATA = [b.data_disk(3, 50, caching="None"), b.data_disk(0, 100)]


def an_image(*, system: Json | None = None, data: list[Json] | None = None, **more: Any) -> Json:
    """An image as Azure answers it."""
    storage = b.storage_profile(system, DATA if data is None else data)
    return b.image_body(storageProfile=storage, **more)


def test_sources_and_azures_own_words_are_no_difference() -> None:
    """Nor the order of the disks, the spelling of the region, what is empty, a default that is told."""
    other = {"managedDisk": None, "snapshot": {"id": "s"}}
    now = an_image(
        system=other,
        data=[DATA[1] | {"managedDisk": None, "blobUri": "https://b"}, DATA[0] | other],
        provisioningState="Updating",
        sourceVirtualMachine={"id": "vm"},
        later=None,
        nothing={},
    )
    now |= {"location": "East US 2", "id": "x", "name": "y", "type": "z", "etag": "1"}
    assert differences(an_image(), now) == ()
    assert differences(an_image(hyperVGeneration=None), an_image(hyperVGeneration="V1")) == ()


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (
            an_image(system={"caching": "ReadOnly"}),
            "properties.storageProfile.osDisk.caching: was nothing, is ReadOnly",
        ),
        (
            an_image(system={"diskSizeGB": 128}),
            "properties.storageProfile.osDisk.diskSizeGB: was 127, is 128",
        ),
        (
            an_image(data=[DATA[0] | {"caching": None}, DATA[1]]),
            "properties.storageProfile.dataDisks[LUN 3].caching: was None, is nothing",
        ),
        (an_image(hyperVGeneration="V1"), "properties.hyperVGeneration: was V2, is V1"),
        (an_image(hyperVGeneration=None), "properties.hyperVGeneration: was V2, is V1"),
        (an_image() | {"tags": {"team": "Web"}}, "tags.team: was web, is Web"),
        (an_image() | {"location": "westus"}, "location: was eastus2, is westus"),
        (
            an_image() | {"extendedLocation": {"name": "zone"}},
            "extendedLocation.name: was nothing, is zone",
        ),
    ],
)
def test_every_other_value_counts(now: Json, told: str) -> None:
    """It is told with both, by its path."""
    assert differences(an_image(), now) == (told,)


def test_a_disk_that_is_missing_is_told_by_its_lun() -> None:
    """Each of its values, in the order of the paths."""
    path = "properties.storageProfile.dataDisks[LUN 0]"
    assert differences(an_image(), an_image(data=DATA[:1])) == (
        f"{path}.diskSizeGB: was 100, is nothing",
        f"{path}.lun: was 0, is nothing",
    )


def test_ids_are_compared_without_case() -> None:
    """Of an encryption set, say; other texts with it."""
    upper = an_image(system={"diskEncryptionSet": {"id": "/S/Keys"}})
    lower = an_image(system={"diskEncryptionSet": {"id": "/s/keys"}})
    assert differences(upper, lower) == ()
    assert differences(an_image(zones=["1", "2"]), an_image(zones=["1", "3"])) == (
        "properties.zones[1]: was 2, is 3",
    )
