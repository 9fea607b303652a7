"""The whole audit, verified page by page; and the epoch that an Admin begins when records were put back.

The chain of the deployment names every migration that was ever accepted, so whoever walks it back to its first event
has seen them all: each one's chain, its anchor, and whether its records agree.
"""

from collections.abc import Iterator
from datetime import datetime

from domain.audit.agreement import contradictions
from domain.audit.anchors import Anchor, Standing, standing
from domain.audit.chain import DEPLOYMENT, Slot, slots_of, verify
from domain.audit.epochs import FIRST, EpochBody, begun, check_next
from domain.audit.events import Kind
from domain.callers.actors import Actor
from domain.values import Json, Message
from records.migrations import MigrationRecords

MOST_ACCEPTED = 100
"""Open migrations whose chains one request takes into an epoch."""


class Wrong(Message):
    """A chain that does not stand, and why. `accepted`: an Admin has taken the records as they are since."""

    chain: str
    found: str
    accepted: bool = False


class AuditPage(Message):
    """A part of the check: how many chains were verified, which of them do not stand, and where the next part ends;
    `cursor` is None when the first event was reached."""

    epoch: int
    events: int
    head: str
    chains: int
    wrong: tuple[Wrong, ...] = ()
    cursor: int | None = None


class Epoch(Message):
    """An epoch that has begun. `remaining`: open migrations that are not in it yet; ask again."""

    epoch: int
    since: datetime | None
    accepted: tuple[str, ...]
    remaining: int


def check_page(records: MigrationRecords, upto: int | None, limit: int) -> AuditPage:
    """Verify the deployment's events up to a number, or from the last one back, and the chains that they name."""
    anchor = records.read_anchor(DEPLOYMENT)
    slots = records.audit_page(DEPLOYMENT, upto, limit)
    # The first of a page is the last of the next one: so each is held against the one before.
    through = not slots or slots[0].number <= FIRST or len(slots) < limit
    findings = list(verify(DEPLOYMENT, slots, records.audit_keys, whole=through))
    end = standing(slots, anchor, findings)
    if upto is not None and not findings:
        end = Standing(holds=True, found="")
    epoch = anchor.epoch if anchor else FIRST
    names = list(_accepted(slots if through else slots[1:]))
    wrong = [] if end.holds else [Wrong(chain=DEPLOYMENT, found=end.found)]
    wrong += [one for name in names for one in _wrong(records, name, epoch)]
    return AuditPage(
        epoch=epoch,
        events=anchor.count if anchor else 0,
        head=anchor.head if anchor else "",
        chains=len(names),
        wrong=tuple(wrong),
        cursor=None if through else slots[0].number,
    )


def accept_records(records: MigrationRecords, body: EpochBody, by: Actor, now: datetime) -> Epoch:
    """Begin an epoch, or go on with it: the chains of the deployment and of every open migration stand from their ends
    on. Raises WrongEpochError."""
    anchor = records.read_anchor(DEPLOYMENT)
    current = anchor.epoch if anchor else FIRST
    check_next(body.epoch, current)
    if body.epoch > current:
        _begin(records, DEPLOYMENT, body, by, now)
    held = records.read_anchor(DEPLOYMENT)
    accepted: list[str] = []
    remaining = 0
    for migration, _, _ in records.open_migrations():
        seen = records.read_anchor(migration)
        if seen is None or seen.epoch >= body.epoch:
            continue
        if len(accepted) == MOST_ACCEPTED:
            remaining += 1
            continue
        _begin(records, migration, body, by, now)
        accepted.append(migration)
    since = held.since if held else None
    return Epoch(epoch=body.epoch, since=since, accepted=tuple(accepted), remaining=remaining)


def told_audit(records: MigrationRecords, migration: str) -> Json | None:
    """A migration's audit for people: its events in order, which of them verify, its end. None if there is none."""
    anchor = records.read_anchor(migration)
    slots = records.audit_slots(migration)
    if not slots and anchor is None:
        return None
    findings = list(verify(migration, slots, records.audit_keys))
    end, why = standing(slots, anchor, findings), dict(findings)
    return {
        "migrationId": migration,
        "verifies": end.holds,
        "found": end.found,
        "head": slots[-1].row.mac if slots and slots[-1].row else None,
        "anchor": anchor.model_dump(mode="json") if anchor else None,
        "events": [_told(slot, why.get(slot.number)) for slot in slots],
    }


def _told(slot: Slot, why: str | None) -> Json:
    said = slot.row.model_dump(mode="json") if slot.row else {}
    return {**said, "number": slot.number, "verifies": why is None, "problem": why}


def _begin(
    records: MigrationRecords, chain: str, body: EpochBody, by: Actor, now: datetime
) -> None:
    seen, slots = records.read_anchor(chain), records.audit_slots(chain)
    event = begun(body.epoch, seen, slots, by, body.reason, now)
    records.begin_epoch(chain, event, body.epoch, now)


def _accepted(slots: list[Slot]) -> Iterator[str]:
    for slot in slots:
        if slot.row and slot.row.kind is Kind.ACCEPTED:
            yield str(slot.row.facts.get("migration"))


def _wrong(records: MigrationRecords, migration: str, epoch: int) -> Iterator[Wrong]:
    anchor = records.read_anchor(migration)
    snapshot = records.snapshot(migration)
    slots = slots_of(snapshot.audit) if snapshot else records.audit_slots(migration)
    end = standing(slots, anchor, list(verify(migration, slots, records.audit_keys)))
    if not end.holds:
        accepted = end.behind and _in_an_earlier(anchor, epoch)
        yield Wrong(chain=migration, found=end.found, accepted=accepted)
    elif snapshot:
        for text in contradictions(snapshot, slots):
            yield Wrong(chain=migration, found=text)
    elif len(slots) > 1 and not any(s.row and s.row.kind is Kind.NOT_CLAIMED for s in slots):
        yield Wrong(chain=migration, found="its records are gone")


def _in_an_earlier(anchor: Anchor | None, epoch: int) -> bool:
    return anchor is not None and anchor.epoch < epoch
