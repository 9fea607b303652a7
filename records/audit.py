"""The audit: facts in chains, each written once, behind each other, and where each chain ends outside the records.

- `<migration id>` / `audit.<inverted number>`: the events of a migration; they come with its snapshot.
- `deployment` / the same: which migrations were accepted, which images deleted, and what an Admin did.
- `deployment` / `erased`: how far people were erased from the audit.
- in the store of the anchors, `anchors` / `<chain>`: its end.

1. What is in the chain already is not written again. 2. The next row is inserted under the next number: of two writers
one looks again. 3. Then the anchor is moved, never back. Whoever dies in between leaves the anchor behind, and the next
event moves it.
"""

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import NamedTuple

from domain.audit.anchors import Anchor, moved
from domain.audit.chain import DEPLOYMENT, AuditKey, Row, Slot, row_name, sealed, slots_of
from domain.audit.events import Event
from domain.values import Json
from records.rows import Rows
from records.store import Record, RecordChangedError, RecordExistsError, RecordStore

ROWS = "audit."
_ANCHORS, _ERASED, _TRIES = "anchors", "erased", 50
# Of the deployment's chain its end is looked at: who writes an event again does it soon.
_END = 100

log = logging.getLogger("gallery_migrator")


class AuditBook(NamedTuple):
    """The audit's means: the store of the anchors, the keys, of which the first seals, and the time."""

    anchors: RecordStore
    keys: Sequence[AuditKey]
    now: Callable[[], datetime]


class AuditRecords(Rows):
    """Reads and writes of the audit; without a book nothing is written. Every method may raise
    RecordsUnavailableError."""

    def __init__(self, store: RecordStore, book: AuditBook | None = None) -> None:
        super().__init__(store)
        self._book = book

    def write_audit(self, chain: str, *events: Event | None, epoch: int = 1) -> None:
        """Write the events that the chain has not, in this order. `epoch`: of a chain that begins now.

        Raises RecordChangedError when others wrote in between again and again.
        """
        wanted = [event for event in events if event]
        if self._book is None or not wanted:
            return
        began = False
        for _ in range(_TRIES):
            slots = self.audit_slots(chain)
            began = began or not slots
            held = self._book.anchors.read(_ANCHORS, chain)
            chosen = Anchor.model_validate(held.value).epoch if held else epoch
            known = {slot.row.id for slot in slots if slot.row}
            missing = [event for event in wanted if event.id not in known]
            written = self._append(chain, slots, missing, chosen)
            if written is not None:
                self._move(chain, held, partial(_forward, chain, written, began=began, epoch=epoch))
                return
        raise RecordChangedError(f"{chain}: its audit changed {_TRIES} times while it was written")

    def audit_now(self) -> datetime:
        """The time of an event that has none of its own. Raises LookupError where no audit is kept."""
        if self._book is None:
            raise LookupError("no audit is kept")
        return self._book.now()

    @property
    def audited(self) -> bool:
        """True if an audit is kept."""
        return self._book is not None

    @property
    def audit_keys(self) -> Sequence[AuditKey]:
        """The keys that rows are verified with."""
        return self._book.keys if self._book else ()

    def audit_slots(self, chain: str) -> list[Slot]:
        """The slots of a migration's chain in their order; of the deployment's the last ones."""
        return self.audit_page(chain, None, _END if chain == DEPLOYMENT else None)

    def audit_page(self, chain: str, upto: int | None, limit: int | None) -> list[Slot]:
        """The last slots up to a number, or to the end, in their order."""
        after = ROWS + row_name(upto + 1) if upto is not None else ""
        return _slots(self._store.list(chain, prefix=ROWS, after=after, limit=limit))

    def read_anchor(self, chain: str) -> Anchor | None:
        """The end of a chain, as it is held outside the records; None as well where no audit is kept."""
        record = self._book.anchors.read(_ANCHORS, chain) if self._book else None
        return Anchor.model_validate(record.value) if record else None

    def put_anchor(self, chain: str, anchor: Anchor, seen: Anchor | None) -> None:
        """Hold another end of a chain, which an Admin has accepted, in the place of the one that was seen. Raises
        RecordChangedError when another stands there."""

        def replaced(held: Json) -> Json:
            if held != (seen.model_dump(mode="json") if seen else {}):
                raise RecordChangedError(f"{chain}: its anchor was moved meanwhile")
            return anchor.model_dump(mode="json")

        self._change_anchor(chain, replaced)

    def begin_epoch(self, chain: str, event: Event, epoch: int, since: datetime) -> None:
        """Let a chain go on from where it ends now, in another epoch: its anchor is put there, and the event says so.

        Raises RecordChangedError when others wrote in between again and again.
        """
        if self._book is None:
            return
        for _ in range(_TRIES):
            seen, slots = self.read_anchor(chain), self.audit_slots(chain)
            known = any(slot.row and slot.row.id == event.id for slot in slots)
            written = self._append(chain, slots, [] if known else [event], epoch)
            last = written[-1].row if written else None
            if last is None:
                continue
            anchor = Anchor(count=last.number, head=last.mac, epoch=epoch, since=since)
            with suppress(RecordChangedError):
                self.put_anchor(chain, anchor, seen)
                return
        raise RecordChangedError(f"{chain}: its audit changed {_TRIES} times while it was written")

    def erased_up_to(self) -> int:
        """The last event of the deployment from which people were erased; 0 before the first."""
        record = self._store.read(DEPLOYMENT, _ERASED)
        return int(record.value["number"]) if record else 0

    def mark_erased(self, number: int) -> None:
        """Remember how far people were erased."""
        self._store.put(DEPLOYMENT, _ERASED, {"number": number})

    def replace_audit_row(self, chain: str, row: Row) -> None:
        """Write a row anew from which what is personal was erased."""
        self._store.put(chain, ROWS + row_name(row.number), row.model_dump(mode="json"))

    def _append(
        self, chain: str, slots: list[Slot], events: Sequence[Event], epoch: int
    ) -> list[Slot] | None:
        """The slots, and the new ones behind them; None when somebody else wrote the next one."""
        for event in events:
            before = slots[-1] if slots else None
            row = sealed(chain, event, before, epoch, self.audit_keys[0])
            try:
                name = ROWS + row_name(row.number)
                self._store.insert(chain, name, row.model_dump(mode="json"))
            except RecordExistsError:
                return None
            slots = [*slots, Slot(row.number, row)]
            said = json.dumps({"id": event.id, **event.facts}, separators=(",", ":"))
            log.info("%s: audit %s %s %s", chain, row.number, event.kind, said)
        return slots

    def _move(
        self, chain: str, held: Record | None, forward: Callable[[Json], Json | None]
    ) -> None:
        """Move the anchor from where it was read, unless somebody else has moved it."""
        value = forward(held.value if held else {})
        if self._book is None or value is None:
            return
        try:
            if held is None:
                self._book.anchors.insert(_ANCHORS, chain, value)
            else:
                self._book.anchors.replace(_ANCHORS, chain, value, held.etag)
        except (RecordExistsError, RecordChangedError):
            self._change_anchor(chain, forward)

    def _change_anchor(self, chain: str, change: Callable[[Json], Json | None]) -> None:
        if self._book is not None:
            Rows(self._book.anchors).change(_ANCHORS, chain, change)


def _forward(chain: str, slots: list[Slot], held: Json, *, began: bool, epoch: int) -> Json | None:
    anchor = Anchor.model_validate(held) if held else None
    later = moved(anchor, slots, began=began, epoch=epoch)
    if later is None and (anchor is None or slots[-1].number > anchor.count):
        log.error("%s: its audit does not lead on from where it was written to", chain)
    return later.model_dump(mode="json") if later else None


def _slots(records: Sequence[Record]) -> list[Slot]:
    return slots_of({record.row.removeprefix(ROWS): record.value for record in records})
