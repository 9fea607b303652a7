"""The SQLite file behind the emulator: everything is in it before a client hears of it.

Write-ahead logging without syncs: a killed process loses nothing it has answered; a machine that
loses power may spoil the file, which a test cloud can afford. A resource and the operation that
changes it are one statement (the trigger `take`), so a write is whole or not there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from threading import Lock

from localcloud.arm.model import Json, Operation, Resource, Tombstone
from localcloud.arm.serialise import dump, load

_SCHEMA = """
pragma journal_mode = wal;
pragma synchronous = off;
pragma locking_mode = exclusive;
create table if not exists resources (seq integer primary key, key text unique, value not null);
create table if not exists operations (seq integer primary key, value not null);
create table if not exists tombstones (seq integer primary key, value not null);
create table if not exists fact (name text primary key, value text not null) without rowid;
create temp view write as select null as key, null as value, null as operation;
create temp trigger take instead of insert on write begin
    insert into resources (key, value) values (new.key, new.value)
        on conflict (key) do update set value = excluded.value;
    insert into operations (value) select new.operation where new.operation not null;
end;
"""
_WRITE = "insert into write values (?, ?, ?)"
_BEGUN = "insert into operations (value) values (?)"
_CLEAR = "begin; delete from resources; delete from operations; delete from tombstones; commit;"


class Store:
    """Durable copies of what the emulator holds in memory. One process at a time has the file."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(
            path, isolation_level=None, cached_statements=32, check_same_thread=False
        )
        self._lock = Lock()  # a test may seed from its own thread
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Write the log back and close the file."""
        self._db.close()

    def resources(self) -> list[Resource]:
        """All resources, in the order of their creation."""
        return [load(Resource, text) for text in self._values("resources")]

    def operations(self) -> list[Operation]:
        """All asynchronous operations."""
        return [load(Operation, text) for text in self._values("operations")]

    def tombstones(self) -> list[Tombstone]:
        """What is gone, oldest first."""
        return [load(Tombstone, text) for text in self._values("tombstones")]

    def _values(self, table: str) -> list[bytes]:
        with closing(self._db.execute(f"select value from {table} order by seq")) as rows:
            return [row[0] for row in rows]

    def save(self, resource: Resource | None, operation: Operation | None) -> None:
        """Keep them, both or none: a resource in its old place if it has one, an operation anew."""
        begun = None if operation is None else dump(operation)
        with self._lock:
            if resource is None:
                self._db.execute(_BEGUN, (begun,))
            else:
                self._db.execute(_WRITE, (resource.key, dump(resource), begun))

    def bury(self, removed: Iterable[str], tombstones: Iterable[Tombstone]) -> None:
        """Take the resources with these keys away and keep the tombstones, all or nothing."""
        with self._lock:
            run = self._db.execute
            run("begin")
            for key in removed:
                run("delete from resources where key = ?", (key,))
            for tombstone in tombstones:
                run("insert into tombstones (value) values (?)", (dump(tombstone),))
            run("commit")

    def fact(self, name: str) -> Json | None:
        """A small thing kept by name, such as the rules for faults."""
        with closing(self._db.execute("select value from fact where name = ?", (name,))) as rows:
            row = rows.fetchone()
        return None if row is None else json.loads(row[0])

    def keep(self, name: str, value: Json) -> None:
        """Keep it under that name."""
        self._db.execute("replace into fact values (?, ?)", (name, json.dumps(value)))

    def clear(self) -> None:
        """Forget all but the facts."""
        self._db.executescript(_CLEAR)
