"""The version is protected first: what is left of the image must not be easy to delete."""

from datetime import datetime
from enum import StrEnum

from domain.deletion.evidence import Check
from domain.facts import VersionFacts


class Protection(StrEnum):
    """A protection that the settings may ask for."""

    END_OF_LIFE = "endOfLife"
    SOFT_DELETE = "softDelete"
    LOCK = "lock"


_WORDS = {
    Protection.END_OF_LIFE: "an end of life in the future with blockDeletionBeforeEndOfLife",
    Protection.SOFT_DELETE: "the gallery's soft delete",
    Protection.LOCK: "a lock on the version",
}


def blocks_until_end_of_life(version: VersionFacts, now: datetime) -> bool:
    """Return True if Azure refuses to delete the version before a moment that is yet to come."""
    end = version.end_of_life_date
    return version.blocks_deletion and end is not None and datetime.fromisoformat(end) > now


def protection_check(wanted: tuple[Protection, ...], there: frozenset[Protection]) -> Check:
    """The check that the version has one of the protections that count; without any that count it holds."""
    counting = [protection for protection in wanted if protection in there]
    if not wanted:
        return Check(name="version protected", passed=True, found="no protection is asked for")
    if counting:
        found = ", ".join(_WORDS[protection] for protection in counting)
        return Check(name="version protected", passed=True, found=found)
    found = "none of: " + ", ".join(_WORDS[protection] for protection in wanted)
    return Check(name="version protected", passed=False, found=found)
