"""The fingerprint: what an image is, whatever it is called and tagged."""

from __future__ import annotations

from typing import Any

import pytest

from domain.facts import ImageFacts, VersionFacts, image_facts
from domain.migration.fingerprint import (
    Fingerprint,
    content_of,
    fingerprint_of,
    made_from,
    same_as_far_as_known,
    without_creation_time,
)
from tests.builders import (
    CREATED,
    IMAGE_ID,
    a_version,
    an_image,
    data_disk,
    image_body,
    storage_profile,
)


def disks(*data: dict[str, Any], **os_disk: Any) -> dict[str, Any]:
    return {"storageProfile": storage_profile(os_disk=os_disk, data_disks=list(data))}


def changed(**body: Any) -> ImageFacts:
    return image_facts({**image_body(), **body}, CREATED)


TWO_DISKS = an_image(**disks(data_disk(0), data_disk(1)))

OTHERS: dict[str, tuple[ImageFacts, ImageFacts]] = {
    "another creation time": (an_image(), an_image(created="2024-03-11T09:14:52.1270320Z")),
    "another id": (an_image(), changed(id=IMAGE_ID + "b")),
    "another region": (an_image(), changed(location="westus")),
    "another generation": (an_image(), an_image(hyperVGeneration="V1")),
    "another OS": (an_image(), an_image(**disks(osType="Linux"))),
    "another OS state": (an_image(), an_image(**disks(osState="Specialized"))),
    "another OS disk": (an_image(), an_image(**disks(managedDisk={"id": "/x"}))),
    "another OS disk size": (an_image(), an_image(**disks(diskSizeGB=128))),
    "a data disk more": (an_image(), an_image(**disks(data_disk(0)))),
    "a data disk of another size": (TWO_DISKS, an_image(**disks(data_disk(0), data_disk(1, 5)))),
    "a data disk at another LUN": (
        an_image(**disks(data_disk(0))),
        an_image(**disks({**data_disk(0), "lun": 5})),
    ),
    "another virtual machine": (an_image(), an_image(sourceVirtualMachine={"id": "/vm"})),
    "a blob instead of a disk": (
        an_image(),
        an_image(**disks(managedDisk=None, blobUri="https://x/y.vhd")),
    ),
}
SAME: dict[str, tuple[ImageFacts, ImageFacts]] = {
    "other tags": (an_image(), changed(tags={"team": "data"})),
    "the id in other case": (an_image(), changed(id=IMAGE_ID.upper())),
    "the region by its long name": (an_image(), changed(location="East US 2")),
    "the creation time with an offset": (
        an_image(created="2024-03-11T09:14:52.5Z"),
        an_image(created="2024-03-11T10:14:52.500000+01:00"),
    ),
    "data disks in another order": (TWO_DISKS, an_image(**disks(data_disk(1), data_disk(0)))),
    "a provisioning state": (an_image(), an_image(provisioningState="Updating")),
    "fields that nobody knows yet": (an_image(), an_image(addedLater={"x": 1})),
    "no generation for generation 1": (
        an_image(hyperVGeneration="V1"),
        an_image(hyperVGeneration=None),
    ),
}


@pytest.mark.parametrize(("one", "other"), OTHERS.values(), ids=OTHERS)
def test_content_changes_the_fingerprint(one: ImageFacts, other: ImageFacts) -> None:
    """An image made anew is another image."""
    assert fingerprint_of(one).value != fingerprint_of(other).value


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_what_is_not_content_does_not_change_it(one: ImageFacts, other: ImageFacts) -> None:
    """Tags and spellings may change while an approval is waited for."""
    assert fingerprint_of(one) == fingerprint_of(other)


@pytest.mark.parametrize("created", [None, "", "yesterday", "2024-03-11T09:14:52"])
def test_without_a_creation_time_it_is_incomplete(created: str | None) -> None:
    """A time that cannot be read, or has no zone, is no time."""
    assert not fingerprint_of(an_image(created=created)).complete


def test_it_fits_a_tag_and_a_url() -> None:
    """Short, plain ASCII, versioned."""
    value = fingerprint_of(an_image()).value
    assert value.startswith("v1-")
    assert len(value) <= 64
    assert value.replace("-", "").isalnum()


def test_an_incomplete_one_agrees_as_far_as_it_knows() -> None:
    """The creation time can be unreadable for a while; content must agree all the same."""
    known, unknown = fingerprint_of(an_image()).value, fingerprint_of(an_image(created=None)).value
    other = fingerprint_of(an_image(hyperVGeneration="V1")).value
    later = fingerprint_of(an_image(created="2025-01-01T00:00:00Z")).value
    assert same_as_far_as_known(known, unknown)
    assert same_as_far_as_known(unknown, unknown)
    assert not same_as_far_as_known(known, later)
    assert not same_as_far_as_known(unknown, other)


FINGERPRINT = fingerprint_of(an_image())


VERSIONS = {
    "with tag and source": (a_version(), True),
    "with the source in other case": (a_version(source=IMAGE_ID.lower()), True),
    "without our tag": (a_version(tag=None), False),
    "with another fingerprint": (a_version(tag="v1-a-b"), False),
    "with another source": (a_version(source="/other"), False),
    "without a source": (a_version(source=None), False),
}


@pytest.mark.parametrize(("version", "ours"), VERSIONS.values(), ids=VERSIONS)
def test_a_version_is_ours_by_tag_and_source(version: VersionFacts, ours: bool) -> None:
    """Both must say so."""
    assert made_from(version, IMAGE_ID, FINGERPRINT.value) is ours


def test_it_survives_the_wire() -> None:
    """The deletion compares with that which was read at the start."""
    assert Fingerprint.model_validate(FINGERPRINT.model_dump(mode="json")) == FINGERPRINT


def test_what_an_earlier_deployment_wrote_is_recognised() -> None:
    """It stands as a tag on versions, and is compared with what is reckoned today."""
    assert (
        fingerprint_of(an_image()).value == "v1-16590bbb728c3f3f6b7569af-a220f7643cd1fc5bb479a19d"
    )


def test_the_half_that_is_content_is_told_apart_from_the_creation_time() -> None:
    """The first finds all attempts at images of that content; the second is what an unread time leaves."""
    known, unknown = fingerprint_of(an_image()).value, fingerprint_of(an_image(created=None)).value
    assert content_of(known) == content_of(unknown) == "v1-16590bbb728c3f3f6b7569af-"
    assert without_creation_time(known) == without_creation_time(unknown) == unknown
