"""Chains to hold up and to tamper with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.audit.anchors import Anchor
from domain.audit.chain import AuditKey, Row, Slot, sealed, verify
from domain.audit.events import Event, Kind

FIRST, SECOND = AuditKey("first", b"a" * 32), AuditKey("second", b"b" * 32)
CHAIN = "a-migration"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def event(number: int = 1) -> Event:
    """An event in which somebody is named."""
    return Event(
        id=f"event {number}",
        kind=Kind.DECISION,
        at=NOW + timedelta(minutes=number),
        facts={"number": number},
        personal={"approver": f"ada {number}"},
    )


def chain(length: int, key: AuditKey = FIRST) -> list[Slot]:
    """A chain of so many events."""
    slots: list[Slot] = []
    for number in range(1, length + 1):
        row = sealed(CHAIN, event(number), slots[-1] if slots else None, 1, key)
        slots.append(Slot(number, row))
    return slots


def row(slot: Slot) -> Row:
    """The row of a slot that has one."""
    assert slot.row is not None
    return slot.row


def anchor_of(slots: list[Slot], epoch: int = 1) -> Anchor:
    """The anchor at the end of a chain."""
    return Anchor(count=slots[-1].number, head=row(slots[-1]).mac, epoch=epoch)


def wrong(slots: list[Slot], *keys: AuditKey, whole: bool = True) -> list[int]:
    """The numbers of the events that do not verify."""
    return [f.number for f in verify(CHAIN, slots, keys or (FIRST,), whole=whole)]
