"""The SQLite file behind the emulator: everything is in it before a client hears of it.

Write-ahead logging without syncs: a killed process loses nothing it has answered; a machine that
loses power may spoil the file, which a test cloud can afford. A write of resources is one statement,
so it is whole or not there.
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
create table if not exists item (seq integer primary key, key text unique, value text not null);
create table if not exists tombstone (seq integer primary key, value text not null);
create table if not exists fact (name text primary key, value text not null) without rowid;
"""
_RESOURCE, _OPERATION = "r", "o"
_OF_KIND = "where substr(key, 1, 1) = ? order by seq"
_PUT = (
    "insert into item (key, value) values {} on conflict (key) do update set value = excluded.value"
)
_MOST_ROWS = 1000


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
        return [load(Resource, text) for text in self._values("item", _OF_KIND, _RESOURCE)]

    def operations(self) -> list[Operation]:
        """All asynchronous operations."""
        return [load(Operation, text) for text in self._values("item", _OF_KIND, _OPERATION)]

    def tombstones(self) -> list[Tombstone]:
        """What is gone, oldest first."""
        return [load(Tombstone, text) for text in self._values("tombstone", "order by seq")]

    def _values(self, table: str, rest: str = "", *values: str) -> list[str]:
        with closing(self._db.execute(f"select value from {table} {rest}", values)) as rows:
            return [row[0] for row in rows]

    def save(self, resources: Iterable[Resource], operations: Iterable[Operation] = ()) -> None:
        """Add or replace; a resource that is replaced keeps its place in the order."""
        rows = [(_RESOURCE + resource.key, dump(resource)) for resource in resources]
        rows += [(_OPERATION + operation.id, dump(operation)) for operation in operations]
        for start in range(0, len(rows), _MOST_ROWS):
            part = rows[start : start + _MOST_ROWS]
            places = ", ".join(["(?, ?)"] * len(part))
            with self._lock:
                self._db.execute(_PUT.format(places), [text for row in part for text in row])

    def bury(self, removed: Iterable[str], tombstones: Iterable[Tombstone]) -> None:
        """Take the resources with these keys away and keep the tombstones, all or nothing."""
        with self._lock:
            run = self._db.execute
            run("begin")
            for key in removed:
                run("delete from item where key = ?", (_RESOURCE + key,))
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
        self._db.executescript("begin; delete from item; delete from tombstone; commit;")
