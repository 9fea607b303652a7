"""The choice of the image version's name.

A named version is free, or ours (made from this very image: then it is taken up), or taken. `auto` takes up what was
made from this image before; otherwise it is the patch after the highest number, soft-deleted versions counted, since
their names are not free either.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.facts import VersionFacts
from domain.ids import MAX_VERSION_PART, parse_version_name
from domain.migration.fingerprint import made_from
from domain.migration.requests import AUTO

FIRST_VERSION = "1.0.0"


class Settled(NamedTuple):
    """The name, and whether the version is there already and ours."""

    name: str
    adopts_existing: bool = False

    def takes_up(self, version: VersionFacts) -> bool:
        """True if that version is the one which is there already."""
        return self.adopts_existing and version.name == self.name


class NameTaken(NamedTuple):
    """The name cannot be had; `reason` says why, and what to do."""

    reason: str


def settle_version_name(
    asked: str,
    versions: Sequence[VersionFacts],
    soft_deleted: Sequence[str],
    image_id: str,
    fingerprint: str,
) -> Settled | NameTaken:
    """The version's name for `asked`, which is `auto` or a version name."""
    if asked == AUTO:
        return _automatic(versions, soft_deleted, image_id, fingerprint)
    there = next((version for version in versions if version.name == asked), None)
    if there is None and asked in soft_deleted:
        return NameTaken(
            f"version {asked} is soft-deleted, so its name is not free; restore it, wait until it is gone, "
            "or ask for another version"
        )
    if there is None:
        return Settled(asked)
    if not made_from(there, image_id, fingerprint):
        return NameTaken(
            f"version {asked} exists and was made from something else ({there.source_id}, or the image's "
            'content has changed since); ask for another version or "auto"'
        )
    if there.provisioning_state in {"Failed", "Deleting"}:
        return NameTaken(
            f"version {asked} is {there.provisioning_state}; delete it (az sig image-version delete) before "
            "its name can be used again, or ask for another version"
        )
    return Settled(asked, adopts_existing=True)


def _automatic(
    versions: Sequence[VersionFacts], soft_deleted: Sequence[str], image_id: str, fingerprint: str
) -> Settled | NameTaken:
    ours = [
        version.name
        for version in versions
        if made_from(version, image_id, fingerprint)
        and version.provisioning_state not in {"Failed", "Deleting"}
    ]
    if ours:
        return Settled(max(ours, key=parse_version_name), adopts_existing=True)
    numbers = sorted(_numbers([*(version.name for version in versions), *soft_deleted]))
    if not numbers:
        return Settled(FIRST_VERSION)
    major, minor, patch = numbers[-1]
    if patch == MAX_VERSION_PART:
        return NameTaken(
            f"no patch number is left after {major}.{minor}.{patch}; name the version yourself"
        )
    return Settled(f"{major}.{minor}.{patch + 1}")


def _numbers(names: Iterable[str]) -> Iterable[tuple[int, int, int]]:
    for name in names:
        try:
            yield parse_version_name(name)
        except ValueError:
            # No name that this app could clash with.
            continue
