"""Version numbers: each is taken once, by one insert, and never again."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.ids import MAX_VERSION_PART
from records.migrations import MigrationRecords
from records.store import RecordStore
from tests.builders import GALLERY_ID, MIGRATION_ID

DEFINITION = f"{GALLERY_ID}/images/web"


@pytest.fixture
def records(store: RecordStore) -> MigrationRecords:
    """Empty records in one home."""
    return MigrationRecords(store)


def test_05_of_many_at_once_each_takes_a_number_of_its_own(records: MigrationRecords) -> None:
    """All had seen the same versions in Azure; without a gap."""
    with ThreadPoolExecutor(20) as pool:
        taken = list(
            pool.map(
                lambda n: records.take_number(DEFINITION, "1.0.0", f"migration-{n}"), range(40)
            )
        )
    assert sorted(taken, key=lambda name: int(str(name).rpartition(".")[2])) == [
        f"1.0.{patch}" for patch in range(40)
    ]


@pytest.mark.parametrize(
    ("first", "then"),
    [("1.0.5", "1.0.6"), ("2.0.0", "2.0.0"), ("1.1.0", "1.1.0"), ("1.0.0", "1.0.6")],
)
def test_a_number_comes_behind_what_azure_has_and_what_was_taken(
    records: MigrationRecords, first: str, then: str
) -> None:
    """The later of the two; definitions are compared without case, and each has its own numbers."""
    assert records.take_number(DEFINITION, "1.0.5", "another") == "1.0.5"
    assert records.take_number(DEFINITION.upper(), first, MIGRATION_ID) == then
    assert records.take_number(DEFINITION + "2", first, MIGRATION_ID) == first


def test_a_migration_that_died_has_its_number_still(records: MigrationRecords) -> None:
    """Unless somebody else has it in Azure, or Azure has come further."""
    assert records.take_number(DEFINITION, "1.0.0", "another") == "1.0.0"
    for _ in range(2):
        assert records.take_number(DEFINITION, "1.0.0", MIGRATION_ID) == "1.0.1"
    assert records.take_number(DEFINITION, "1.0.0", MIGRATION_ID, taken="1.0.1") == "1.0.2"
    assert records.take_number(DEFINITION, "1.0.7", MIGRATION_ID) == "1.0.7"


def test_there_is_a_last_number(records: MigrationRecords) -> None:
    """None behind it."""
    last = f"1.0.{MAX_VERSION_PART}"
    assert records.take_number(DEFINITION, last, "another") == last
    assert records.take_number(DEFINITION, last, MIGRATION_ID) is None
