"""The list of migrations, in both backends: what a page costs, and that no crash hides a migration."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.migration.latch import Latch
from domain.migration.recorded import AcceptedRequest
from domain.migration.stages import Outcome, Stage
from records.backends.sqlite import SqliteRecords
from records.listing import MOST_READS, ROWS_READ, _row
from records.migrations import MigrationRecords
from records.store import RecordStore
from tests.builders import IMAGE_ID, NOW, an_acceptance, an_end
from tests.records.counting import Counting

MANY, OPEN = 60_000, 1_500
ACCEPTED = an_acceptance()
KEPT = Latch(finished=an_end(Outcome.KEPT))
FILTERS: list[dict[str, Any]] = [
    {"stage": None, "outcome": None},
    {"stage": None, "outcome": Outcome.KEPT},
    {"stage": None, "outcome": Outcome.CANCELLED},
    {"stage": Stage.FINISHED, "outcome": None},
    {"stage": Stage.FINISHED, "outcome": Outcome.KEPT},
    {"stage": Stage.APPROVAL, "outcome": None},
    {"stage": Stage.APPROVAL, "outcome": Outcome.KEPT},
]


class Died(BaseException):
    """The process is gone."""


class Mortal(Counting):
    """A backend whose process dies before the write after so many."""

    def __init__(self, store: RecordStore, writes: int) -> None:
        super().__init__(store)
        self._left = writes

    def put(self, *what: Any) -> Any:
        """Unless it is dead."""
        self._spend()
        return super().put(*what)

    def delete(self, *what: Any) -> None:
        """Unless it is dead."""
        self._spend()
        super().delete(*what)

    def _spend(self) -> None:
        if not self._left:
            raise Died
        self._left -= 1


def found(records: MigrationRecords, limit: int = 9, **wanted: Any) -> list[str]:
    """Return the ids in the list, read page by page."""
    ids, after = [], ""
    while True:
        page, after = records.recent(
            stage=wanted.get("stage"), outcome=wanted.get("outcome"), limit=limit, after=after
        )
        ids += [entry.id for entry in page]
        if not after:
            return ids


def several(records: MigrationRecords, number: int = 7) -> list[AcceptedRequest]:
    """The oldest first; every third one was kept, the others wait for approval."""
    made = [an_acceptance(n, IMAGE_ID + str(n)) for n in range(1, number + 1)]
    for accepted in made:
        records.list_migration(accepted, Stage.APPROVAL, NOW)
        if accepted.attempt % 3 == 0:
            records.list_migration(accepted, Stage.FINISHED, NOW, KEPT)
    return made


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_a_filter_lets_through_what_it_says(
    store: RecordStore, wanted: dict[str, Any], limit: int
) -> None:
    """Newest first, each once, whatever the pages' size."""
    records = MigrationRecords(store)
    newest_first = several(records)[::-1]
    here = {
        accepted.id: (Stage.FINISHED, Outcome.KEPT)
        if accepted.attempt % 3 == 0
        else (Stage.APPROVAL, None)
        for accepted in newest_first
    }
    expected = [
        migration
        for migration, (stage, outcome) in here.items()
        if wanted["stage"] in {None, stage} and wanted["outcome"] in {None, outcome}
    ]
    assert found(records, limit, **wanted) == expected


@pytest.mark.parametrize("writes", range(4))
def test_whoever_dies_while_it_ends_leaves_it_in_the_list_once(
    store: RecordStore, writes: int
) -> None:
    """And the sweep, which ends it again, makes every filter right."""
    records = MigrationRecords(store)
    records.list_migration(ACCEPTED, Stage.APPROVAL, NOW)
    dying = MigrationRecords(Mortal(store, writes))
    try:
        dying.list_migration(ACCEPTED, Stage.FINISHED, NOW, KEPT)
    except Died:
        assert writes < 3
    assert found(records, limit=1) == [ACCEPTED.id]
    everywhere = found(records, stage=Stage.APPROVAL) + found(records, stage=Stage.FINISHED)
    assert set(everywhere) == {ACCEPTED.id}
    records.list_migration(ACCEPTED, Stage.FINISHED, NOW, KEPT)
    assert found(records, stage=Stage.APPROVAL) == []
    assert found(records, outcome=Outcome.KEPT) == found(records) == [ACCEPTED.id]


def test_a_step_that_comes_late_opens_nothing_again(store: RecordStore) -> None:
    """It was under way when the migration ended."""
    records = MigrationRecords(store)
    records.list_migration(ACCEPTED, Stage.FINISHED, NOW, KEPT)
    records.list_migration(ACCEPTED, Stage.APPROVAL, NOW)
    assert found(records, stage=Stage.APPROVAL) == []
    assert found(records, outcome=Outcome.KEPT) == found(records) == [ACCEPTED.id]


class EndsMeanwhile(Counting):
    """A backend in which a migration ends after the first partition of a page was read."""

    def list(self, *what: Any, **options: Any) -> Any:
        """And then it ends."""
        page = super().list(*what, **options)
        if self.asked["queries"] == 1:
            MigrationRecords(self._store).list_migration(ACCEPTED, Stage.FINISHED, NOW, KEPT)
        return page


def test_what_ends_while_a_page_is_read_is_on_it(store: RecordStore) -> None:
    """As ended: what was read later counts."""
    MigrationRecords(store).list_migration(ACCEPTED, Stage.APPROVAL, NOW)
    [entry], _ = MigrationRecords(EndsMeanwhile(store)).recent(
        stage=None, outcome=None, limit=9, after=""
    )
    assert (entry.id, entry.outcome) == (ACCEPTED.id, Outcome.KEPT)


def numbered(number: int) -> AcceptedRequest:
    """The later, the greater the number."""
    accepted_at = NOW + timedelta(seconds=number)
    return ACCEPTED.model_copy(update={"id": f"{number:032x}-1", "accepted_at": accepted_at})


def multiply(store: SqliteRecords, one: AcceptedRequest, numbers: range) -> None:
    """Copy the rows that the list has for one migration, for these numbers."""
    connection = store._open()
    rows = connection.execute(
        "SELECT partition, value FROM record WHERE row = ?", (_row(one),)
    ).fetchall()
    copies = (
        (partition, _row(made), value.replace(one.id, made.id))
        for made in map(numbered, numbers)
        for partition, value in rows
    )
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO record VALUES (?, ?, ?, 'etag')", copies)
    connection.execute("COMMIT")


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> SqliteRecords:
    """60,000 migrations that completed but the oldest, which was kept; in front of them 1,500 that are planned, and
    behind these an older one that waits for approval."""
    path: Path = tmp_path_factory.mktemp("crowded") / "records.db"
    store = SqliteRecords(path)
    records = MigrationRecords(store)
    records.list_migration(numbered(0), Stage.FINISHED, NOW, KEPT)
    records.list_migration(numbered(1), Stage.FINISHED, NOW, Latch(finished=an_end()))
    multiply(store, numbered(1), range(2, MANY))
    records.list_migration(numbered(MANY), Stage.APPROVAL, NOW)
    records.list_migration(numbered(MANY + 1), Stage.PLANNING, NOW)
    multiply(store, numbered(MANY + 1), range(MANY + 2, MANY + 1 + OPEN))
    return store


@pytest.mark.parametrize(
    ("wanted", "expected", "queries"),
    [
        ({"stage": None, "outcome": None}, 50, 2),
        ({"stage": None, "outcome": Outcome.COMPLETED}, 50, 1),
        ({"stage": None, "outcome": Outcome.KEPT}, 1, 1),
        ({"stage": None, "outcome": Outcome.CANCELLED}, 0, 1),
        ({"stage": Stage.FINISHED, "outcome": None}, 50, 1),
        ({"stage": Stage.PLANNING, "outcome": None}, 50, 1),
        ({"stage": Stage.APPROVAL, "outcome": None}, 0, MOST_READS),
        ({"stage": Stage.APPROVAL, "outcome": Outcome.KEPT}, 0, 0),
    ],
    ids=str,
)
def test_a_page_of_a_long_list_costs_a_few_queries(
    crowded: SqliteRecords, wanted: dict[str, Any], expected: int, queries: int
) -> None:
    """At 60,000 rows, however rare what is asked for is."""
    counting = Counting(crowded)
    page, _ = MigrationRecords(counting).recent(**wanted, limit=50, after="")
    assert len(page) == expected
    assert counting.asked["queries"] == queries
    assert counting.asked["rows"] <= max(2 * 51, queries * ROWS_READ)


def test_a_page_that_looked_at_enough_gives_a_cursor(crowded: SqliteRecords) -> None:
    """Though it found nothing: what is behind it is found by the next one."""
    records = MigrationRecords(crowded)
    page, cursor = records.recent(stage=Stage.APPROVAL, outcome=None, limit=50, after="")
    assert (page, bool(cursor)) == ([], True)
    page, cursor = records.recent(stage=Stage.APPROVAL, outcome=None, limit=50, after=cursor)
    assert ([entry.id for entry in page], cursor) == ([numbered(MANY).id], "")
