"""The proof that a version is a copy of this very image, and that no other version hangs on it.

The tag with the fingerprint is the weakest part: it can be copied onto any version. Azure itself keeps the version's
source id, which is a name, the time at which it was published, and the size and LUN of each disk; we keep that we began
this version, and from which fingerprint.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from domain.deletion.evidence import Check
from domain.facts import Disk, ImageFacts, VersionFacts
from domain.ids import same_id
from domain.migration.fingerprint import FINGERPRINT_TAG
from domain.migration.requests import ReplicationMode
from domain.values import Message


class BegunVersion(Message):
    """Our record that a migration sent the PUT of a version, from which fingerprint of the image, and how."""

    version_id: str
    migration: str
    fingerprint: str
    mode: ReplicationMode
    at: datetime


def copy_checks(
    version: VersionFacts,
    image: ImageFacts,
    image_id: str,
    fingerprint: str,
    begun: BegunVersion | None,
) -> Iterator[Check]:
    """Yield what must hold of a version that shall be all that is left of the image."""
    source, tag = version.source_id or "none", version.tags.get(FINGERPRINT_TAG, "none")
    mode = version.replication_mode
    yield Check(name="full replication", passed=mode == "Full", found=mode)
    yield Check(name="version made from this image", passed=same_id(source, image_id), found=source)
    yield Check(
        name="version carries the approved fingerprint", passed=tag == fingerprint, found=tag
    )
    yield _begun_check(version, image, fingerprint, begun)
    yield _published_check(version, image)
    yield _disks_check(version, image)


def dependent_versions(
    versions: Iterable[VersionFacts], image_id: str, own: str = ""
) -> list[tuple[VersionFacts, str]]:
    """Return the versions other than our own that need the image, each with the reason."""
    dependents = []
    for version in versions:
        if same_id(version.id, own) or not same_id(version.source_id or "", image_id):
            continue
        if version.replication_mode == "Shallow":
            dependents.append((version, "Shallow and hangs on the image"))
        elif version.provisioning_state == "Creating":
            dependents.append((version, "still being made from the image"))
    return dependents


def _begun_check(
    version: VersionFacts, image: ImageFacts, fingerprint: str, begun: BegunVersion | None
) -> Check:
    """Somebody else's version allows no deletion, however much it looks like ours."""
    if begun is None:
        return Check(name="version begun by us", passed=False, found="no record of ours")
    created = _moment(image.created_time)
    ours = same_id(begun.version_id, version.id) and begun.fingerprint == fingerprint
    return Check(
        name="version begun by us",
        passed=ours and created is not None and begun.at >= created,
        found=f"by {begun.migration} at {begun.at.isoformat()} from {begun.fingerprint}",
    )


def _published_check(version: VersionFacts, image: ImageFacts) -> Check:
    published, created = _moment(version.published_date), _moment(image.created_time)
    return Check(
        name="version published after the image was created",
        passed=published is not None and created is not None and published >= created,
        found=f"published {version.published_date or 'unknown'}, image created {image.created_time or 'unknown'}",
    )


def _disks_check(version: VersionFacts, image: ImageFacts) -> Check:
    has, needs = _sizes(version.disks), _sizes(image.disks)
    return Check(
        name="disks of the version equal the image's",
        passed=same_disks(version, image),
        found=f"version {_listed(has)}; image {_listed(needs)}",
    )


def same_disks(version: VersionFacts, image: ImageFacts) -> bool:
    """Return True if the version has the image's disks: their LUNs and sizes, all of which are known."""
    has = _sizes(version.disks)
    return bool(has) and has == _sizes(image.disks) and None not in has.values()


def _sizes(disks: tuple[Disk, ...]) -> dict[str, int | None]:
    return {"OS" if d.lun is None else f"LUN {d.lun}": d.size_gb for d in disks}


def _listed(sizes: dict[str, int | None]) -> str:
    return ", ".join(f"{name} {size or '?'} GB" for name, size in sizes.items()) or "none"


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
