"""The task hub on disk: instances, histories, waiting messages and activity calls, in SQLite.

Every method that changes something is one transaction, so a process that is killed leaves either
all of a work item or nothing of it; what was not committed is done again. WAL and `synchronous =
NORMAL`: a killed process loses nothing that was committed (a power cut may).

Errors of SQLite (locked, disk full) come out as `sqlite3.Error`; nothing has happened then.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from localcloud.durable.history import Event, Kind
from localcloud.durable.turn import ActivityCall, Message

BUSY_MILLISECONDS = 250
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SCHEMA = """
CREATE TABLE IF NOT EXISTS instances(
  id TEXT PRIMARY KEY, execution TEXT, name TEXT, version TEXT, status TEXT, input TEXT,
  output TEXT, custom_status TEXT, created TEXT, updated TEXT, generation INTEGER, parent TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history(
  instance TEXT, position INTEGER, event TEXT, PRIMARY KEY(instance, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages(
  id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT, execution TEXT, due INTEGER, event TEXT
);
CREATE INDEX IF NOT EXISTS messages_due ON messages(due, target);
CREATE INDEX IF NOT EXISTS messages_target ON messages(target, due);
CREATE TABLE IF NOT EXISTS calls(
  id INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT, execution TEXT, task INTEGER, name TEXT,
  input TEXT
);
"""


@dataclass
class Instance:
    """An instance as the status API shows it; texts of `input`, `output` and `custom_status` are JSON."""

    id: str
    execution: str
    name: str
    version: str | None
    status: str
    input: str | None
    output: str | None = None
    custom_status: str | None = None
    created: str = ""
    updated: str = ""
    generation: int | None = None
    parent: str | None = None

    @classmethod
    def of(cls, started: Event, status: str = "Running") -> Instance:
        """An instance at its start."""
        ids, created = started["OrchestrationInstance"], started["Timestamp"]
        parent = started["ParentInstance"] or {}
        return cls(
            ids["InstanceId"],
            ids["ExecutionId"],
            started["Name"],
            started["Version"],
            status,
            started["Input"],
            created=created,
            updated=created,
            generation=started["Generation"],
            parent=parent.get("OrchestrationInstance", {}).get("InstanceId"),
        )


COLUMNS = ", ".join(field.name for field in fields(Instance))


@dataclass(frozen=True)
class Inbox:
    """A message that is due; `id` is for its deletion."""

    id: int
    execution: str | None
    event: Event


@dataclass
class WorkItem:
    """The changes that one turn commits. `history` replaces the stored one, `events` extend it."""

    instance: Instance | None
    consumed: Sequence[int] = ()
    history: Sequence[Event] | None = None
    events: Sequence[Event] = ()
    calls: Sequence[ActivityCall] = ()
    messages: Sequence[Message] = ()
    # (instance, execution) whose messages are dropped.
    drop_execution: tuple[str, str] | None = None


def ticks(when: datetime) -> int:
    return (when - EPOCH) // timedelta(microseconds=1)


class Store:
    """One connection, to be used from one thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MILLISECONDS / 1000)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)
        # A file of an earlier version lacks the column.
        with suppress(sqlite3.OperationalError):
            self._db.execute("ALTER TABLE instances ADD COLUMN parent TEXT")

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
            self._db.execute("COMMIT")
        except BaseException:
            # A full disk may have rolled back already.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def clear(self) -> None:
        with self._transaction() as db:
            for table in ("instances", "history", "messages", "calls"):
                db.execute(f"DELETE FROM {table}")

    # ---- reading -------------------------------------------------------------------------------
    def instance(self, instance_id: str) -> Instance | None:
        row = self._db.execute(
            f"SELECT {COLUMNS} FROM instances WHERE id = ?", (instance_id,)
        ).fetchone()
        return Instance(*row) if row else None

    def instances(self) -> list[Instance]:
        """All of them, by id."""
        rows = self._db.execute(f"SELECT {COLUMNS} FROM instances ORDER BY id")
        return [Instance(*row) for row in rows]

    def history(self, instance_id: str) -> list[Event]:
        rows = self._db.execute(
            "SELECT event FROM history WHERE instance = ? ORDER BY position", (instance_id,)
        )
        return [json.loads(text) for (text,) in rows]

    def inbox(self, instance_id: str, now: datetime) -> list[Inbox]:
        """The messages for an instance that are due, in order."""
        rows = self._db.execute(
            "SELECT id, execution, event FROM messages WHERE target = ? AND due <= ?"
            " ORDER BY due, id",
            (instance_id, ticks(now)),
        )
        return [Inbox(key, execution, json.loads(text)) for key, execution, text in rows]

    def ready(self, now: datetime, most: int) -> list[str]:
        """Instances with messages that are due, those that waited longest first."""
        rows = self._db.execute(
            "SELECT target FROM messages WHERE due <= ? GROUP BY target ORDER BY min(id) LIMIT ?",
            (ticks(now), most),
        )
        return [target for (target,) in rows]

    def calls(self, most: int) -> list[tuple[int, ActivityCall]]:
        """The oldest activity calls without a result, in order."""
        rows = self._db.execute(
            "SELECT id, instance, execution, task, name, input FROM calls ORDER BY id LIMIT ?",
            (most,),
        )
        return [(key, ActivityCall(*rest)) for key, *rest in rows]

    def next_due(self, now: datetime) -> datetime | None:
        """Return when the next message that is not due yet will be."""
        (due,) = self._db.execute(
            "SELECT min(due) FROM messages WHERE due > ?", (ticks(now),)
        ).fetchone()
        return None if due is None else EPOCH + timedelta(microseconds=due)

    # ---- changing ------------------------------------------------------------------------------
    def commit(self, *items: WorkItem) -> None:
        """Commit all of the work items, or none."""
        with self._transaction() as db:
            for item in items:
                _commit(db, item)

    def finish_call(self, key: int, answer: Message) -> None:
        """Replaces a call by its result, exactly once."""
        with self._transaction() as db:
            if db.execute("DELETE FROM calls WHERE id = ?", (key,)).rowcount:
                _post(db, answer)

    def post(self, message: Message) -> None:
        with self._transaction() as db:
            _post(db, message)

    def postpone(self, keys: Iterable[int], due: datetime) -> None:
        """Let these messages be due again at a later time."""
        with self._transaction() as db:
            db.executemany(
                "UPDATE messages SET due = ? WHERE id = ?", [(ticks(due), key) for key in keys]
            )

    def start(self, message: Message, instance: Instance) -> None:
        """Begin a new execution under an id that is free or finished."""
        with self._transaction() as db:
            _delete(db, [instance.id])
            _save(db, instance)
            _post(db, message)

    def end_unstarted(self, instance: Instance) -> None:
        """End an instance that was never picked up, and drop its messages, the start among them."""
        with self._transaction() as db:
            db.execute("DELETE FROM messages WHERE target = ?", (instance.id,))
            _save(db, instance)

    def delete(self, ids: Iterable[str]) -> None:
        """Delete instances with all that belongs to them; results of their activity calls will reach nothing."""
        with self._transaction() as db:
            _delete(db, ids)


def _commit(db: sqlite3.Connection, item: WorkItem) -> None:
    db.executemany("DELETE FROM messages WHERE id = ?", [(key,) for key in item.consumed])
    if item.drop_execution:
        db.execute("DELETE FROM messages WHERE target = ? AND execution = ?", item.drop_execution)
    if item.instance is not None:
        _save(db, item.instance)
        _write_history(db, item.instance.id, item.history, item.events)
    db.executemany(
        "INSERT INTO calls(instance, execution, task, name, input) VALUES(?, ?, ?, ?, ?)",
        [astuple(call) for call in item.calls],
    )
    for message in item.messages:
        _post(db, message)


def _save(db: sqlite3.Connection, instance: Instance, how: str = "REPLACE") -> None:
    row = astuple(instance)
    marks = ", ".join("?" * len(row))
    db.execute(f"INSERT OR {how} INTO instances({COLUMNS}) VALUES({marks})", row)


def _write_history(
    db: sqlite3.Connection, instance: str, replacing: Sequence[Event] | None, more: Sequence[Event]
) -> None:
    if replacing is not None:
        db.execute("DELETE FROM history WHERE instance = ?", (instance,))
    (end,) = db.execute(
        "SELECT coalesce(max(position) + 1, 0) FROM history WHERE instance = ?", (instance,)
    ).fetchone()
    events = [json.dumps(item) for item in (*(replacing or ()), *more)]
    rows = [(instance, position, text) for position, text in enumerate(events, end)]
    db.executemany("INSERT INTO history(instance, position, event) VALUES(?, ?, ?)", rows)


def _post(db: sqlite3.Connection, message: Message) -> None:
    """Puts a message into the queue; the start of a child makes its instance visible."""
    if message.event["EventType"] == Kind.ExecutionStarted:
        _save(db, Instance.of(message.event, "Pending"), "IGNORE")
    row = (message.target, message.execution_id, ticks(message.due), json.dumps(message.event))
    db.execute("INSERT INTO messages(target, execution, due, event) VALUES(?, ?, ?, ?)", row)


def _delete(db: sqlite3.Connection, ids: Iterable[str]) -> None:
    for key in ids:
        db.execute("DELETE FROM instances WHERE id = ?", (key,))
        db.execute("DELETE FROM messages WHERE target = ?", (key,))
        db.execute("DELETE FROM history WHERE instance = ?", (key,))
