"""The names of a boot test and of all that it makes. They come from the test's id alone, so that a run that begins
again finds what an earlier one made."""

import re
from hashlib import sha256

from domain.ids import fold

# Of a migration's test, and of one that somebody asked for by itself.
_OF_MIGRATION = r"([0-9a-f]{32}-[1-9][0-9]{0,5}(?:-[0-9a-f]{8})?)-boot-[1-9][0-9]?"
_ALONE = r"boot-[0-9a-f]{32}-[0-9a-f]{8}"

TEST_TAG = "galleryMigrator.bootTest"
MIGRATION_TAG = "galleryMigrator.bootTestOf"
# Azure's name of the run command, below the machine.
COMMAND = "check"


def id_of_migrations_test(migration: str, number: int) -> str:
    """The id of a migration's test, counted from 1; also the instance id of its orchestration."""
    return f"{migration}-boot-{number}"


def id_of_lone_test(version_id: str, chance: str) -> str:
    """The id of a test that no migration asked for; `chance`: 8 random hex digits."""
    return f"boot-{version_key(version_id)}-{chance}"


def is_test_id(text: str) -> bool:
    """Return True if a text has the form of a test's id."""
    return re.fullmatch(f"{_OF_MIGRATION}|{_ALONE}", text) is not None


def migration_of(test_id: str) -> str | None:
    """The migration that a test belongs to, None for one that belongs to none."""
    match = re.fullmatch(_OF_MIGRATION, test_id)
    return match[1] if match else None


def version_key(version_id: str) -> str:
    """The hash that stands for a version in ids and record keys; case of the id is no matter."""
    return sha256(fold(version_id).encode()).hexdigest()[:32]


def machine_name(test_id: str) -> str:
    """The name of the machine; those of its disks and its interface begin with it."""
    return f"boot-{sha256(test_id.encode()).hexdigest()[:20]}"
