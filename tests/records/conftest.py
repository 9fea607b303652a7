"""The backends that the contract is held against: each test gets an empty one."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from records.backends.sqlite import SqliteRecords
from records.backends.table import TableRecords
from records.store import RecordStore
from tests.azurite import azurite as azurite

OpenStore = Callable[[], RecordStore]


@pytest.fixture(params=["sqlite", "table"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    """Opens the same empty backend anew at every call, as another process would."""
    if request.param == "sqlite":
        return lambda: SqliteRecords(tmp_path / "records.db")
    connection: str = request.getfixturevalue("azurite")
    table = f"t{uuid.uuid4().hex}"
    return lambda: TableRecords.from_connection_string(connection, table=table)


@pytest.fixture
def store(open_store: OpenStore) -> RecordStore:
    """One open, empty backend."""
    return open_store()
