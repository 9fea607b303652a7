"""The records in one SQLite file: the backend for the local cloud and for a machine of one's own.

Every call is one statement, committed by itself and synced to the disk before it returns
(https://www.sqlite.org/pragma.html#pragma_synchronous), so a killed process loses nothing it was
told is written. Writers of other threads and processes are waited for, a few seconds at most.
A connection belongs to the thread that uses it, and is opened at that thread's first call.
"""

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from records.backends.encoding import (
    encode,
    end_of_prefix,
    is_bound,
    is_key,
    is_plain,
    no_keys,
    no_range,
    to_plain,
)
from records.store import (
    Json,
    Record,
    RecordChangedError,
    RecordError,
    RecordExistsError,
    Records,
    RecordsUnavailableError,
)

BUSY_SECONDS = 5.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
  partition TEXT NOT NULL, row TEXT NOT NULL, value TEXT NOT NULL, etag TEXT NOT NULL,
  PRIMARY KEY (partition, row))
"""
_INSERT = "INSERT INTO record (partition, row, value, etag) VALUES (?, ?, ?, ?)"
_PUT = (
    f"{_INSERT} ON CONFLICT (partition, row) DO UPDATE SET value = excluded.value, "
    "etag = excluded.etag"
)
_REPLACE = "UPDATE record SET value = ?, etag = ? WHERE partition = ? AND row = ? AND etag = ?"
_READ = "SELECT value, etag FROM record WHERE partition = ? AND row = ?"
_LIST = (
    "SELECT row, value, etag FROM record WHERE partition = ? AND row > ? AND row >= ? AND row < ? "
    "ORDER BY row LIMIT ?"
)
_DELETE = "DELETE FROM record WHERE partition = ? AND row = ? AND etag = coalesce(?, etag)"
_AFTER_ANY_KEY = "\x7f"
# https://www.sqlite.org/lang_select.html#the_limit_clause
_ALL = -1

# https://www.sqlite.org/rescode.html: what passes by itself or once the machine is looked after.
_OUTAGES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_PERM,
    }
)
_CONNECTION_IS_FINE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL})


class SqliteRecords:
    """The records in the file at `path`, which is made, with its folder, at the first call."""

    def __init__(self, path: str | Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = Path(path)
        self._busy_seconds = busy_seconds
        self._mine = threading.local()
        self._opening = threading.Lock()

    def insert(self, partition: str, row: str, value: Json) -> Record:
        """See `RecordStore.insert`."""
        _check(partition, row)
        text, etag = _text(value), _new_etag()
        try:
            self._write(_INSERT, partition, row, text, etag)
        except sqlite3.IntegrityError as error:
            raise RecordExistsError(f"{partition}/{row} exists already") from error
        return Record(partition, row, json.loads(text), etag)

    def put(self, partition: str, row: str, value: Json) -> Record:
        """See `RecordStore.put`."""
        _check(partition, row)
        text, etag = _text(value), _new_etag()
        self._write(_PUT, partition, row, text, etag)
        return Record(partition, row, json.loads(text), etag)

    def replace(self, partition: str, row: str, value: Json, etag: str) -> Record:
        """See `RecordStore.replace`."""
        _check(partition, row)
        text, new = _text(value), _new_etag()
        if not self._write(_REPLACE, text, new, partition, row, etag):
            raise RecordChangedError(f"{partition}/{row} was changed or removed by somebody else")
        return Record(partition, row, json.loads(text), new)

    def read(self, partition: str, row: str) -> Record | None:
        """See `RecordStore.read`."""
        _check(partition, row)
        with self._connection() as connection:
            stored = connection.execute(_READ, (partition, row)).fetchone()
        return Record(partition, row, json.loads(stored[0]), stored[1]) if stored else None

    def list(
        self, partition: str, *, prefix: str = "", after: str = "", limit: int | None = None
    ) -> Records:
        """See `RecordStore.list`."""
        least = 1 if limit is None else limit
        if not (is_key(partition) and is_bound(prefix) and is_bound(after) and least > 0):
            raise no_range(partition, prefix, after, least)
        end = end_of_prefix(prefix) if prefix else _AFTER_ANY_KEY
        with self._connection() as connection:
            rows = connection.execute(
                _LIST, (partition, after, prefix, end, limit or _ALL)
            ).fetchall()
        return [Record(partition, row, json.loads(text), etag) for row, text, etag in rows]

    def delete(self, partition: str, row: str, etag: str | None = None) -> None:
        """See `RecordStore.delete`."""
        _check(partition, row)
        if not self._write(_DELETE, partition, row, etag) and etag is not None:
            raise RecordChangedError(f"{partition}/{row} was changed or removed by somebody else")

    def close(self) -> None:
        """Close this thread's connection; the next call opens another."""
        connection: sqlite3.Connection | None = getattr(self._mine, "connection", None)
        self._mine.connection = None
        if connection is not None:
            connection.close()

    def _write(self, statement: str, *values: str | None) -> int:
        with self._connection() as connection, closing(connection.execute(statement, values)) as c:
            return c.rowcount

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, with SQLite's errors told in the records' words."""
        try:
            yield self._open()
        except sqlite3.IntegrityError:
            raise
        except (sqlite3.Error, OSError) as error:
            code = _primary_code(error)
            if code not in _CONNECTION_IS_FINE:
                self.close()
            if code in _OUTAGES or isinstance(error, OSError):
                raise RecordsUnavailableError(
                    f"the record file cannot be used now: {error}"
                ) from error
            raise RecordError(f"the record file is not what it should be: {error}") from error

    def _open(self) -> sqlite3.Connection:
        """Open once per thread, and again when the file was removed or put in place of another."""
        connection: sqlite3.Connection | None = getattr(self._mine, "connection", None)
        if connection is not None and self._mine.file == _identity(self._path):
            return connection
        self.close()
        with self._opening:
            connection = self._connect()
        self._mine.connection, self._mine.file = connection, _identity(self._path)
        return connection

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=self._busy_seconds, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def _check(partition: str, row: str) -> None:
    if not (is_key(partition) and is_key(row)):
        raise no_keys(partition, row)


def _text(value: Json) -> str:
    text = encode(value)
    return text if is_plain(text) else to_plain(text)


def _new_etag() -> str:
    return uuid.uuid4().hex


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _primary_code(error: Exception) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
