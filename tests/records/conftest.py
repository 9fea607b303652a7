"""The homes that the contract is held against: each test gets an empty one."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from records.backends.sqlite import SqliteRecords
from records.backends.table import TableRecords
from records.store import RecordStore
from tests.azurite import azurite as azurite

Home = Callable[[], RecordStore]


@pytest.fixture(params=["sqlite", "table"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """Opens the same empty home anew at every call, as another process would."""
    if request.param == "sqlite":
        return lambda: SqliteRecords(tmp_path / "records.db")
    connection: str = request.getfixturevalue("azurite")
    table = f"t{uuid.uuid4().hex}"
    return lambda: TableRecords.from_connection_string(connection, table=table)


@pytest.fixture
def store(home: Home) -> RecordStore:
    """One open, empty home."""
    return home()
