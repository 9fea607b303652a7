"""The SQLite file behind the emulator: everything is in it before a client hears of it.

Write-ahead logging without a sync for every commit: a killed process loses nothing it has
answered, a machine that loses power may lose the last moments, which a test cloud can afford.
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
pragma synchronous = normal;
create table if not exists resource (key text primary key, value text not null) without rowid;
create table if not exists operation (id text primary key, value text not null) without rowid;
create table if not exists tombstone (seq integer primary key, value text not null);
create table if not exists fact (name text primary key, value text not null) without rowid;
"""


class Store:
    """Durable copies of what the emulator holds in memory."""

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
        """All resources."""
        return [load(Resource, text) for text in self._values("resource")]

    def operations(self) -> list[Operation]:
        """All asynchronous operations."""
        return [load(Operation, text) for text in self._values("operation")]

    def tombstones(self) -> list[Tombstone]:
        """What is gone, oldest first."""
        return [load(Tombstone, text) for text in self._values("tombstone", "order by seq")]

    def _values(self, table: str, order: str = "") -> list[str]:
        with closing(self._db.execute(f"select value from {table} {order}")) as rows:
            return [row[0] for row in rows]

    def save(
        self,
        resources: Iterable[Resource] = (),
        operations: Iterable[Operation] = (),
        removed: Iterable[str] = (),
        tombstones: Iterable[Tombstone] = (),
    ) -> None:
        """All of it or nothing."""
        with self._lock:
            self._save(resources, operations, removed, tombstones)

    def _save(
        self,
        resources: Iterable[Resource],
        operations: Iterable[Operation],
        removed: Iterable[str],
        tombstones: Iterable[Tombstone],
    ) -> None:
        run = self._db.execute
        run("begin")
        for resource in resources:
            run("replace into resource values (?, ?)", (resource.key, dump(resource)))
        for operation in operations:
            run("replace into operation values (?, ?)", (operation.id, dump(operation)))
        for key in removed:
            run("delete from resource where key = ?", (key,))
        for tombstone in tombstones:
            run("insert into tombstone (value) values (?)", (dump(tombstone),))
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
        self._db.executescript(
            "begin; delete from resource; delete from operation; delete from tombstone; commit;"
        )
