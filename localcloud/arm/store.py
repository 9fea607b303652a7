"""The SQLite file behind the emulator: everything is in it before a client hears of it.

Write-ahead logging without syncs: a killed process loses nothing it has answered; a machine that
loses power may spoil the file, which a test cloud can afford. Resources and the operation that changes
them are kept in one transaction, so a write is whole or not there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock

from localcloud.arm.model import Json, Operation, Resource, Tombstone
from localcloud.arm.serialise import dump, load

_SCHEMA = """
pragma journal_mode = wal;
pragma synchronous = off;
create table if not exists resource (seq integer primary key, key text unique, value text not null);
create table if not exists operation (seq integer primary key, value text not null);
create table if not exists tombstone (seq integer primary key, value text not null);
create table if not exists fact (name text primary key, value text not null) without rowid;
"""
_PUT = (
    "insert into resource (key, value) values (?, ?) "
    "on conflict (key) do update set value = excluded.value"
)
_CLEAR = "begin; delete from resource; delete from operation; delete from tombstone; commit;"
_BEGUN = "insert into operation (value) values (?)"


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
        """All resources, in the order of their creation."""
        return [load(Resource, text) for text in self._values("resource")]

    def operations(self) -> list[Operation]:
        """All asynchronous operations."""
        return [load(Operation, text) for text in self._values("operation")]

    def tombstones(self) -> list[Tombstone]:
        """What is gone, oldest first."""
        return [load(Tombstone, text) for text in self._values("tombstone")]

    def _values(self, table: str) -> list[str]:
        with closing(self._db.execute(f"select value from {table} order by seq")) as rows:
            return [row[0] for row in rows]

    def save(self, resources: Iterable[Resource], operations: Iterable[Operation] = ()) -> None:
        """Keep them, all or nothing: resources anew or in their old place, operations anew."""
        put = [(resource.key, dump(resource)) for resource in resources]
        begun = [(dump(operation),) for operation in operations]
        with self._whole() as run:
            for row in put:
                run(_PUT, row)
            for text in begun:
                run(_BEGUN, text)

    @contextmanager
    def _whole(self) -> Iterator[Callable[..., sqlite3.Cursor]]:
        """One transaction, handed to the operating system when the block is left."""
        run = self._db.execute
        with self._lock:
            run("begin")
            try:
                yield run
            except BaseException:
                run("rollback")
                raise
            run("commit")

    def bury(self, removed: Iterable[str], tombstones: Iterable[Tombstone]) -> None:
        """Take the resources with these keys away and keep the tombstones, all or nothing."""
        with self._whole() as run:
            for key in removed:
                run("delete from resource where key = ?", (key,))
            for tombstone in tombstones:
                run("insert into tombstone (value) values (?)", (dump(tombstone),))

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
