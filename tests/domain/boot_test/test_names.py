"""The names of a test and its machine come from ids alone, and ids have one form."""

import pytest

from domain.boot_test.names import (
    COMMAND,
    MIGRATION_TAG,
    TEST_TAG,
    id_of_lone_test,
    id_of_migrations_test,
    is_test_id,
    machine_name,
    migration_of,
    version_key,
)
from tests.domain.boot_test.boots import MIGRATION, VERSION

ALONE = id_of_lone_test(VERSION, "0a1b2c3d")


def test_a_migrations_tests_are_numbered() -> None:
    """And tell which migration they belong to."""
    test_id = id_of_migrations_test(MIGRATION, 2)
    assert test_id == f"{MIGRATION}-boot-2"
    assert (is_test_id(test_id), migration_of(test_id)) == (True, MIGRATION)
    assert migration_of(ALONE) is None
    assert is_test_id(ALONE)


def test_an_id_without_a_random_part_is_a_migrations_too() -> None:
    """As earlier versions made them."""
    old = MIGRATION.rpartition("-")[0]
    assert migration_of(id_of_migrations_test(old, 1)) == old


@pytest.mark.parametrize(
    "text",
    [
        "",
        MIGRATION,
        f"{MIGRATION}-boot-0",
        f"{MIGRATION}-boot-100",
        f"x{MIGRATION}-boot-1",
        f"{MIGRATION}-boot-1/",
        f"{MIGRATION}-replication",
        ALONE.upper(),
        ALONE[:-1],
        f"{ALONE}\n",
    ],
)
def test_other_texts_are_no_ids(text: str) -> None:
    """Records are only read under ids of this form."""
    assert not is_test_id(text)
    assert migration_of(text) is None


def test_ninety_nine_regions_have_tests() -> None:
    """More than a version has."""
    assert is_test_id(id_of_migrations_test(MIGRATION, 99))


def test_the_case_of_a_versions_id_is_no_matter() -> None:
    """Azure compares ids without it."""
    assert version_key(VERSION.upper()) == version_key(VERSION)
    assert id_of_lone_test(VERSION.upper(), "0a1b2c3d") == ALONE


def test_a_machine_is_named_after_its_test() -> None:
    """Always the same, of the characters that Azure takes, and another for each test."""
    names = {machine_name(id_of_migrations_test(MIGRATION, n)) for n in (1, 2)}
    assert len(names) == 2
    assert machine_name(ALONE) == machine_name(ALONE)
    assert all(len(name) == 25 and name.startswith("boot-") for name in names)


def test_the_names_that_others_see() -> None:
    """Tags and the run command, which operators look for."""
    assert (TEST_TAG, MIGRATION_TAG) == ("galleryMigrator.bootTest", "galleryMigrator.bootTestOf")
    assert COMMAND == "check"
