"""The app's own memory of migrations, on any record store.

Where things lie (partition / row):
- `<image key>` / `<attempt>`, `image.<image key>` / what was found in it: `records/attempts.py`.
- `<migration id>` / `accepted` (a copy, so that one list tells everything), `started`, `decision.<key>`,
  `ruling.<key>`, statements (`records/statements.py`), and what runs write (`records/runs.py`).
- `open` / `<migration id>`: what has no outcome, or whose outcome nobody was told yet; written before the claim, so
  that the sweep finds every claim. Restores lie there too, by their own ids (`records/restores.py`), and
  second looks for users (`records/later_scans.py`).
- `webhooks` / `<key>`: the body that a webhook-id came with, whatever migration it was for.
- `<migration id>` / `audit.<number>`, `deployment` / the same: what happened (`records/audit.py`).
- `scans` / `<scope>`: the last complete scan for users of images (`records/scans.py`).
- `deletion` / `stop`, `reserved`: the emergency stop, and the DELETEs of the last day (`records/stops.py`,
  `records/reservations.py`).
- `sweep` / `last`: when the sweep was last through; `after`: how far one came that was cut off.
- `versions.<hash>` / `<number>`: numbers that migrations have taken (`records/numbers.py`).
- boot tests: `records/boot_tests.py`.
- `events`, `events.waiting`: what events may start yet, and those that wait (`records/events.py`).
- `recent`, `recent.open`, `recent.<outcome>` / `<inverted time>-<migration id>`: the list (`records/listing.py`).

Rows that must be written once (`decision`, `ruling`) are inserts: the first writer wins for good.
"""

from collections import defaultdict
from datetime import UTC, datetime

from domain.approval.decisions import Decision
from domain.audit import facts
from domain.audit.chain import DEPLOYMENT
from domain.ids import parse_migration_id
from domain.migration.recorded import AcceptedRequest, ReceivedDecision, Ruling, Snapshot
from domain.migration.stages import Stage
from domain.values import Json
from records.attempts import AttemptRecords, attempt_row
from records.boot_tests import BootTestRecords
from records.events import EventRecords
from records.later_scans import LaterScanRecords
from records.listing import ListRecords
from records.numbers import NumberRecords
from records.reservations import ReservationRecords
from records.restores import RestoreRecords
from records.runs import RunRecords
from records.scans import ScanRecords
from records.statements import StatementRecords
from records.stops import StopRecords
from records.store import RecordChangedError, RecordExistsError

_OPEN, _WEBHOOKS, _SWEEP = "open", "webhooks", "sweep"

MARK_EVERY = 20
"""Migrations between two marks of how far a sweep has come: with fewer, it reads and writes none."""


class MigrationRecords(
    RunRecords,
    RestoreRecords,
    LaterScanRecords,
    ListRecords,
    AttemptRecords,
    NumberRecords,
    ScanRecords,
    StatementRecords,
    StopRecords,
    BootTestRecords,
    ReservationRecords,
    EventRecords,
):
    """Reads and writes of migrations. Every method may raise RecordsUnavailableError."""

    # -- claims -------------------------------------------------------------------------------------------------

    def accept(self, accepted: AcceptedRequest) -> bool:
        """Claim the image for this attempt; False if somebody else has this attempt number already.

        The audit is written first: without it a claim leads to no deletion.
        """
        migration, row = accepted.id, attempt_row(accepted.attempt)
        value = accepted.model_dump(mode="json")
        self._audit_acceptance(accepted)
        self._store.put(_OPEN, migration, {"at": accepted.accepted_at.isoformat()})
        try:
            self._store.insert(accepted.image_key, row, value)
        except RecordExistsError:
            if self._claimed(migration) is None:
                # Nobody's: the winner has a pointer of its own.
                self._store.delete(_OPEN, migration)
                self.write_audit(migration, facts.not_claimed(accepted))
            return False
        self._store.put(migration, "accepted", value)
        if accepted.attempt > 1:
            self.hint_latest(accepted)
        self.list_migration(accepted, Stage.PLANNING, accepted.accepted_at)
        return True

    def _audit_acceptance(self, accepted: AcceptedRequest) -> None:
        event = facts.accepted(accepted)
        self.write_audit(DEPLOYMENT, event)
        anchor = self.read_anchor(DEPLOYMENT)
        self.write_audit(accepted.id, event, epoch=anchor.epoch if anchor else 1)

    def mark_started(self, migration: str, at: datetime) -> None:
        """Remember that the orchestration exists: if it is missing later, it has vanished."""
        self._store.put(migration, "started", {"at": at.isoformat()})

    # -- reading ------------------------------------------------------------------------------------------------

    def snapshot(self, migration: str) -> Snapshot | None:
        """Everything recorded about a migration, or None if there is no such migration."""
        if parse_migration_id(migration) is None:
            return None
        rows = {record.row: record.value for record in self._store.list(migration)}
        # Whoever accepted it may have died before the copy.
        accepted = rows.get("accepted") or self._claimed(migration)
        if accepted is None:
            return None
        named: dict[str, dict[str, Json]] = defaultdict(dict)
        for row, value in rows.items():
            kind, _, name = row.partition(".")
            named[kind][name] = value
        return Snapshot.model_validate(
            {
                "accepted": accepted,
                "started": bool({"started", "state", "latch"} & rows.keys()),
                "state": rows.get("state", {}),
                "plan": rows.get("plan"),
                "regions": rows.get("regions", {}).get("regions", []),
                "latch": rows.get("latch", {}),
                "received": list(named["decision"].values()),
                "rulings": named["ruling"],
                "notices": named["notice"],
                "statements": named["statement"],
                "openings": list(named["opened"].values()),
                "checks": rows.get("checks", {}).get("checks", []),
                "failing": rows.get("failing"),
                "restores": list(named["restore"].values()),
                "late_users": rows.get("lateUsers"),
                "boot_tests": list(named["boot"].values()),
                "audit": named["audit"],
            }
        )

    def _claimed(self, migration: str) -> Json | None:
        """The claim under this very id: one of the same number may be under another."""
        parsed = parse_migration_id(migration)
        record = self._store.read(parsed[0], attempt_row(parsed[1])) if parsed else None
        return record.value if record and record.value["id"] == migration else None

    # -- sweeps -------------------------------------------------------------------------------------------------

    def begin_sweep(self, at: datetime) -> list[tuple[str, datetime, str]]:
        """Return what is open, as `open_migrations` tells it; a sweep that finds nothing is through with that. So many
        that marks are left begin behind the one that a sweep which was cut off looked at last."""
        pointers = self.open_migrations()
        if not pointers:
            self._store.put(_SWEEP, "last", {"at": at.isoformat()})
            return []
        if len(pointers) < MARK_EVERY:
            return pointers
        record = self._store.read(_SWEEP, "after")
        after = str(record.value.get("migration") or "") if record else ""
        return [p for p in pointers if p[0] > after] + [p for p in pointers if p[0] <= after]

    def open_migrations(self) -> list[tuple[str, datetime, str]]:
        """Ids without an outcome, since when, and the etag of the pointer."""
        return [
            (record.row, _moment(record.value) or _LONG_AGO, record.etag)
            for record in self._store.list(_OPEN)
        ]

    def drop_pointer(self, migration: str, etag: str) -> None:
        """Forget a pointer without a claim, unless somebody is just about to claim."""
        try:
            self._store.delete(_OPEN, migration, etag)
        except RecordChangedError:
            return

    def close_pointer(self, migration: str) -> None:
        """Its outcome stands and was told, or given up telling: the sweep has nothing to do for it any more."""
        self._store.delete(_OPEN, migration)

    def mark_swept(self, at: datetime) -> None:
        """Remember that a sweep was through at this time."""
        self._store.put(_SWEEP, "last", {"at": at.isoformat()})

    def forget_sweeping(self) -> None:
        """Remember that the sweep that left marks is through."""
        self._store.delete(_SWEEP, "after")

    def mark_sweeping(self, migration: str) -> None:
        """Remember that a sweep has come so far."""
        self._store.put(_SWEEP, "after", {"migration": migration})

    def last_swept(self) -> datetime | None:
        """Return when a sweep was last through; None if none ever was."""
        record = self._store.read(_SWEEP, "last")
        return _moment(record.value) if record else None

    # -- decisions ----------------------------------------------------------------------------------------------

    def receive(self, migration: str, received: ReceivedDecision) -> ReceivedDecision:
        """Store a verified decision once; what is stored under its key.

        Whoever writes this may die between the fact and the row. A doubt is a fact first: without its row it keeps the
        image. An approval is stored first: as a fact without a row it would look as if it had been taken out.
        """
        event, row = facts.decision(received), f"decision.{received.decision.key}"
        doubts = received.decision.decision is not Decision.APPROVE
        if doubts:
            self.write_audit(migration, event)
        held = self.insert_or_read(migration, row, received.model_dump(mode="json"))
        if not doubts:
            self.write_audit(migration, event)
        return ReceivedDecision.model_validate(held)

    def claim_webhook(self, key: str, body_hash: str) -> str:
        """Bind a webhook-id to its body, for all migrations; the hash of the body that has it."""
        held = self.insert_or_read(_WEBHOOKS, key, {"bodyHash": body_hash})
        return str(held["bodyHash"])

    def rule(self, migration: str, key: str, ruling: Ruling) -> Ruling:
        """Write what the workflow made of a decision, once; the ruling that holds."""
        row = f"ruling.{key}"
        held = Ruling.model_validate(
            self.insert_or_read(migration, row, ruling.model_dump(mode="json"))
        )
        if self.audited:
            self.write_audit(migration, facts.ruling(key, held, self.audit_now()))
        return held

    def read_ruling(self, migration: str, key: str) -> Ruling | None:
        """The ruling on a decision, once there is one."""
        record = self._store.read(migration, f"ruling.{key}")
        return Ruling.model_validate(record.value) if record else None


# Of a row whose time cannot be read: what it is about is looked at all the same.
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(value: Json) -> datetime | None:
    try:
        return datetime.fromisoformat(value["at"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return None
