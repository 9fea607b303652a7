"""The proof that a version is a copy of this image: which disks are told apart, and what people read of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.deletion.copies import BegunVersion, copy_checks
from domain.deletion.evidence import Check
from domain.facts import Disk, ImageFacts, VersionFacts
from domain.migration.fingerprint import fingerprint_of
from domain.migration.requests import ReplicationMode
from tests.builders import (
    IMAGE_ID,
    MIGRATION_ID,
    NOW,
    a_version,
    an_image,
    data_disk,
    storage_profile,
)

DISKS = "disks of the version equal the image's"
PUBLISHED = "version published after the image was created"
OS_DISK = Disk(size_gb=127)


def checked(version: VersionFacts, image: ImageFacts) -> dict[str, Check]:
    """The checks by their names, of a version that we began after the image was created."""
    value = fingerprint_of(image).value
    begun = BegunVersion(
        version_id=version.id,
        migration=MIGRATION_ID,
        fingerprint=value,
        mode=ReplicationMode.FULL,
        at=NOW - timedelta(hours=1),
    )
    checks = copy_checks(version, image, IMAGE_ID, value, begun)
    return {check.name: check for check in checks}


def with_disks(*disks: Disk) -> VersionFacts:
    return a_version().model_copy(update={"disks": disks})


def data(lun: int, gigabytes: int | None = 127) -> Disk:
    return Disk(lun=lun, size_gb=gigabytes)


TWO_DATA_DISKS = an_image(storageProfile=storage_profile(data_disks=[data_disk(0), data_disk(1)]))
COPIES: dict[str, tuple[VersionFacts, bool]] = {
    "all of them": (with_disks(OS_DISK, data(0, 100), data(1, 100)), True),
    "all of them, in another order": (with_disks(data(1, 100), OS_DISK, data(0, 100)), True),
    "no data disk": (with_disks(OS_DISK), False),
    "the first data disk only": (with_disks(OS_DISK, data(0, 100)), False),
    "the last data disk only": (with_disks(OS_DISK, data(1, 100)), False),
    "no OS disk": (with_disks(data(0, 100), data(1, 100)), False),
    "a data disk at another LUN": (with_disks(OS_DISK, data(0, 100), data(2, 100)), False),
    "one whose size is not told": (with_disks(OS_DISK, data(0, 100), data(1, None)), False),
}


@pytest.mark.parametrize(("version", "equal"), COPIES.values(), ids=COPIES)
def test_each_disk_must_be_there_at_its_lun(version: VersionFacts, equal: bool) -> None:
    """Disks of one size are still as many disks."""
    assert checked(version, TWO_DATA_DISKS)[DISKS].passed is equal


def test_disks_of_one_size_are_as_many_disks() -> None:
    """The OS disk stands for no data disk."""
    image = an_image(storageProfile=storage_profile(data_disks=[data_disk(0, 127)]))
    assert not checked(with_disks(OS_DISK), image)[DISKS].passed


def test_the_disks_are_told() -> None:
    """Whoever reads a refusal sees which one is missing."""
    image = an_image(storageProfile=storage_profile(data_disks=[data_disk(3, None)]))
    assert checked(with_disks(), image)[DISKS].found == "version none; image OS 127 GB, LUN 3 ? GB"


def test_the_moments_are_told() -> None:
    """Those that are not known, as such."""
    known = checked(a_version(), an_image())[PUBLISHED].found
    assert known == (
        "published 2026-03-02T09:30:00+00:00, image created 2024-03-11T09:14:52.127031+00:00"
    )
    unpublished = a_version().model_copy(update={"published_date": None})
    unknown = checked(unpublished, an_image(created=None))[PUBLISHED].found
    assert unknown == "published unknown, image created unknown"


def test_a_version_without_source_or_tag_says_so() -> None:
    """Else the refusal would show nothing."""
    checks = checked(a_version(source=None, tag=None), an_image())
    assert checks["version made from this image"].found == "none"
    assert checks["version carries the approved fingerprint"].found == "none"
    other = checked(a_version(source="/other"), an_image())["version made from this image"]
    assert other.found == "/other"
