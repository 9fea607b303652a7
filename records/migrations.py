"""The app's own memory of migrations, on any record store.

Where things lie (partition / row):
- `<image key>` / `<attempt>`: the accepted request. Inserting it claims the image: only one writer wins a number.
- `<migration id>` / `started`, `state`, `regions`, `latch`, `decision.<key>`, `ruling.<key>`, `recipe`, `outcome`.
- `open` / `<migration id>`: what has no outcome yet; written before the claim, so that the sweep finds every claim.
- `webhooks` / `<key>`: the body that a webhook-id came with, whatever migration it was for.
- `sweep` / `last`: when the sweep was last through.
- `recent` / `<inverted time>-<migration id>`: the list, newest first.

Rows that must be written once (`latch`, `decision`, `outcome`) are inserts: the first writer wins for good.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from migration.names import migration_id, parse_migration_id
from migration.polling import RegionStatus
from migration.recorded import (
    Accepted,
    Finished,
    Latch,
    ListEntry,
    Received,
    Ruling,
    Snapshot,
    State,
)
from migration.stages import Outcome, Stage
from migration.wire import Json
from records.store import Record, RecordChanged, RecordExists, RecordStore

_OPEN, _RECENT, _WEBHOOKS, _SWEEP = "open", "recent", "webhooks", "sweep"
_TRIES = 20
_END_OF_TIME_MS = 10**14


class MigrationRecords:
    """Reads and writes of migrations. Every method may raise RecordsUnavailable."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store

    # -- claims -------------------------------------------------------------------------------------------------

    def latest(self, image_key: str) -> Accepted | None:
        """The newest attempt to migrate an image."""
        attempts = self.attempts(image_key)
        return attempts[-1] if attempts else None

    def attempts(self, image_key: str) -> list[Accepted]:
        """All attempts to migrate an image, oldest first."""
        return [Accepted.from_wire(record.value) for record in self._all(image_key)]

    def accept(self, accepted: Accepted) -> bool:
        """Claim the image for this attempt; False if somebody else has this attempt number already."""
        self._store.put(_OPEN, accepted.id, {"at": accepted.accepted_at.isoformat()})
        try:
            self._store.insert(
                accepted.image_key, _attempt_row(accepted.attempt), accepted.to_wire()
            )
        except RecordExists:
            return False
        self._list(accepted, Stage.PLANNING, accepted.accepted_at)
        return True

    def mark_started(self, migration: str, at: datetime) -> None:
        """Remember that the orchestration exists: if it is missing later, it has vanished."""
        self._store.put(migration, "started", {"at": at.isoformat()})

    # -- reading ------------------------------------------------------------------------------------------------

    def read_accepted(self, migration: str) -> Accepted | None:
        """The accepted request of a migration id, or None."""
        parsed = parse_migration_id(migration)
        record = self._store.read(parsed[0], _attempt_row(parsed[1])) if parsed else None
        return Accepted.from_wire(record.value) if record else None

    def snapshot(self, migration: str) -> Snapshot | None:
        """Everything recorded about a migration, or None if there is no such migration."""
        accepted = self.read_accepted(migration)
        if accepted is None:
            return None
        rows = {record.row: record.value for record in self._all(migration)}
        received = [Received.from_wire(v) for row, v in rows.items() if row.startswith("decision.")]
        return Snapshot(
            accepted=accepted,
            started="started" in rows or "state" in rows,
            state=State.from_wire(rows.get("state", {})),
            regions=tuple(
                RegionStatus.from_wire(r) for r in rows.get("regions", {}).get("regions", [])
            ),
            latch=Latch.from_wire(rows["latch"]) if "latch" in rows else None,
            received=tuple(received),
            rulings={
                row.removeprefix("ruling."): Ruling.from_wire(v)
                for row, v in rows.items()
                if row.startswith("ruling.")
            },
            finished=Finished.from_wire(rows["outcome"]) if "outcome" in rows else None,
        )

    def recent(
        self, *, stage: Stage | None, outcome: Outcome | None, limit: int, after: str
    ) -> tuple[list[ListEntry], str]:
        """A page of the list, newest first, and where the next one begins ("" at the end)."""
        entries: list[ListEntry] = []
        for record in self._each(_RECENT, after, 200):
            if len(entries) == limit:
                return entries, after
            after = record.row
            entry = ListEntry.from_wire(record.value)
            if stage in {None, entry.stage} and outcome in {None, entry.outcome}:
                entries.append(entry)
        return entries, ""

    def open_migrations(self) -> list[tuple[str, datetime, str]]:
        """Ids without an outcome, since when, and the etag of the pointer."""
        return [
            (record.row, datetime.fromisoformat(record.value["at"]), record.etag)
            for record in self._all(_OPEN)
        ]

    def drop_pointer(self, migration: str, etag: str) -> None:
        """Forget a pointer without a claim, unless somebody is just about to claim."""
        try:
            self._store.delete(_OPEN, migration, etag)
        except RecordChanged:
            return

    def mark_swept(self, at: datetime) -> None:
        """Remember that a sweep was through at this time."""
        self._store.put(_SWEEP, "last", {"at": at.isoformat()})

    def last_swept(self) -> datetime | None:
        """When a sweep was last through; None if none ever was."""
        record = self._store.read(_SWEEP, "last")
        return datetime.fromisoformat(record.value["at"]) if record else None

    # -- what steps write ---------------------------------------------------------------------------------------

    def change_state(
        self,
        accepted: Accepted,
        change: Callable[[State], State],
        at: datetime,
    ) -> State:
        """Change the state by a pure function; repeated when somebody wrote in between."""
        for _ in range(_TRIES):
            record = self._store.read(accepted.id, "state")
            state = change(State.from_wire(record.value if record else {}))
            try:
                if record is None:
                    self._store.insert(accepted.id, "state", state.to_wire())
                else:
                    self._store.replace(accepted.id, "state", state.to_wire(), record.etag)
            except (RecordChanged, RecordExists):
                continue
            self._list(accepted, state.stage, at)
            return state
        raise RecordChanged(
            f"the state of {accepted.id} changed {_TRIES} times while it was written"
        )

    def write_regions(self, migration: str, regions: tuple[RegionStatus, ...]) -> bool:
        """Write the regions if they differ from what is written; whether they did."""
        value = {"regions": [region.to_wire() for region in regions]}
        record = self._store.read(migration, "regions")
        if record is not None and record.value == value:
            return False
        self._store.put(migration, "regions", value)
        return True

    def write_recipe(self, migration: str, image: Json, at: datetime) -> None:
        """Keep the whole JSON of an image before it is deleted: the recipe to rebuild it.

        From here on the DELETE counts as sent, until `mark_unsent` says that it surely was not.
        """
        value = {"at": at.isoformat(), "image": image, "sent": True}
        self._store.put(migration, "recipe", value)

    def mark_unsent(self, migration: str) -> None:
        """Remember that no DELETE was taken by Azure: should the image be gone later, it was somebody else."""
        record = self._store.read(migration, "recipe")
        if record is not None:
            self._store.put(migration, "recipe", {**record.value, "sent": False})

    def read_recipe(self, migration: str) -> Json | None:
        """What was kept before the deletion, with `at`, `image` and `sent`; None if none was ever about to be sent."""
        record = self._store.read(migration, "recipe")
        return record.value if record else None

    # -- latch, decisions, outcome ------------------------------------------------------------------------------

    def set_latch(self, migration: str, latch: Latch) -> Latch:
        """Write the latch if nobody has; the latch that holds."""
        return Latch.from_wire(self._insert_or_read(migration, "latch", latch.to_wire()))

    def read_latch(self, migration: str) -> Latch | None:
        """The latch, if anybody has written it."""
        record = self._store.read(migration, "latch")
        return Latch.from_wire(record.value) if record else None

    def receive(self, migration: str, received: Received) -> Received:
        """Store a verified decision once; what is stored under its key."""
        row = f"decision.{received.decision.key}"
        return Received.from_wire(self._insert_or_read(migration, row, received.to_wire()))

    def claim_webhook(self, key: str, body_hash: str) -> str:
        """Bind a webhook-id to its body, for all migrations; the hash of the body that has it."""
        held = self._insert_or_read(_WEBHOOKS, key, {"bodyHash": body_hash})
        return str(held["bodyHash"])

    def rule(self, migration: str, key: str, ruling: Ruling) -> Ruling:
        """Write what the workflow made of a decision, once; the ruling that holds."""
        return Ruling.from_wire(self._insert_or_read(migration, f"ruling.{key}", ruling.to_wire()))

    def read_ruling(self, migration: str, key: str) -> Ruling | None:
        """The ruling on a decision, once there is one."""
        record = self._store.read(migration, f"ruling.{key}")
        return Ruling.from_wire(record.value) if record else None

    def finish(self, accepted: Accepted, finished: Finished) -> Finished:
        """Write the one outcome; the outcome that holds."""
        held = Finished.from_wire(self._insert_or_read(accepted.id, "outcome", finished.to_wire()))
        self._list(accepted, Stage.FINISHED, held.at)
        self._store.delete(_OPEN, accepted.id)
        return held

    # -- inner --------------------------------------------------------------------------------------------------

    def _insert_or_read(self, partition: str, row: str, value: Json) -> Json:
        try:
            return self._store.insert(partition, row, value).value
        except RecordExists:
            record = self._store.read(partition, row)
            if record is None:
                raise
            return record.value

    def _list(self, accepted: Accepted, stage: Stage, at: datetime) -> None:
        record = self._store.read(accepted.id, "outcome") if stage is Stage.FINISHED else None
        finished = Finished.from_wire(record.value) if record else None
        entry = ListEntry(
            id=accepted.id,
            source_image_id=accepted.source_image_id,
            accepted_at=accepted.accepted_at,
            updated_at=at,
            stage=stage,
            outcome=finished.outcome if finished else None,
            reason=finished.reason if finished else "",
        )
        self._store.put(_RECENT, _recent_row(accepted), entry.to_wire())

    def _all(self, partition: str) -> list[Record]:
        return list(self._each(partition, "", 1000))

    def _each(self, partition: str, after: str, page_size: int) -> Iterator[Record]:
        """Every record behind `after`, a page at a time; a page that is not full is the last."""
        while True:
            page = self._store.list(partition, after=after, limit=page_size)
            yield from page
            if len(page) < page_size:
                return
            after = page[-1].row


def _attempt_row(attempt: int) -> str:
    return f"{attempt:06d}"


def _recent_row(accepted: Accepted) -> str:
    since_epoch = accepted.accepted_at.timestamp() * 1000
    return f"{_END_OF_TIME_MS - int(since_epoch):014d}-{accepted.id}"


def next_id(latest: Accepted | None, image_key: str) -> tuple[str, int]:
    """Id and number of the attempt after `latest`."""
    attempt = latest.attempt + 1 if latest else 1
    return migration_id(image_key, attempt), attempt
