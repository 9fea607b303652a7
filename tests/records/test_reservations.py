"""Reservations of DELETEs: of many at once only as many are given as there may be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from records.backends.sqlite import SqliteRecords
from records.migrations import MigrationRecords
from tests.builders import NOW


def test_of_many_at_once_only_so_many_are_reserved(tmp_path: Path) -> None:
    """Each by a conditional write of one row; one that asks again has its own."""
    records = MigrationRecords(SqliteRecords(str(tmp_path / "records.sqlite")))
    with ThreadPoolExecutor(8) as threads:
        asked = [f"m{n}" for n in range(16)]
        given = list(threads.map(lambda m: records.reserve_deletion(m, 5, NOW), asked))
    assert sum(given) == 5
    mine = [name for name, had in zip(asked, given, strict=True) if had]
    assert set(records.read_reservations().times) == set(mine)
    assert all(records.reserve_deletion(name, 5, NOW) for name in mine)
    tomorrow = NOW + timedelta(days=1)
    assert records.reserve_deletion("another", 5, tomorrow)
    assert set(records.read_reservations().times) == {"another"}
