"""The end of a chain, held outside the records: a chain that was cut short, or put back whole, ends before its anchor.

An anchor moves forward only, to a row that lies behind the one it held before. A chain may be further than its anchor:
its writer died in between, and the next one moves it. It is never less far.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from domain.audit.chain import Finding, Slot
from domain.values import Message


class Anchor(Message):
    """The end of a chain as it was last written: how many rows, and the MAC of the last. `since`: when its epoch began;
    None in the first."""

    count: int
    head: str
    epoch: int = 1
    since: datetime | None = None


class Standing(NamedTuple):
    """The standing of a chain: whether it holds, and in words what was found and what to do."""

    holds: bool
    found: str
    behind: bool = False


def moved(
    anchor: Anchor | None, slots: Sequence[Slot], *, began: bool, epoch: int
) -> Anchor | None:
    """The anchor at the end of these slots, or None when it stays: it is there already, the chain does not lead on from
    it, or it is missing although the chain did not begin just now (`began`)."""
    last = slots[-1].row if slots else None
    if last is None:
        return None
    if anchor is None:
        return Anchor(count=last.number, head=last.mac, epoch=epoch) if began else None
    if last.number <= anchor.count or not leads_on(anchor, slots):
        return None
    return anchor.model_copy(update={"count": last.number, "head": last.mac})


def leads_on(anchor: Anchor, slots: Sequence[Slot]) -> bool:
    """Return True if the row that the anchor holds is among these."""
    return any(
        number == anchor.count and row is not None and row.mac == anchor.head
        for number, row in slots
    )


def standing(slots: Sequence[Slot], anchor: Anchor | None, findings: Sequence[Finding]) -> Standing:
    """Judge a chain, or its end, whose slots were verified. The anchor has to have been read before them."""
    if not slots:
        lost = f"no event is there, and {anchor.count} were written: {RESTORED}" if anchor else NONE
        return Standing(holds=False, found=lost, behind=anchor is not None)
    if findings:
        number, why = findings[0]
        more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
        return Standing(holds=False, found=f"event {number} does not verify: {why}{more}")
    if anchor is None:
        return Standing(holds=False, found="nothing holds its end")
    last = slots[-1].number
    if last < anchor.count:
        text = f"{last} events are there, and {anchor.count} were written: {RESTORED}"
        return Standing(holds=False, found=text, behind=True)
    if not leads_on(anchor, slots):
        text = f"event {anchor.count} is not the one that was written: {RESTORED}"
        return Standing(holds=False, found=text, behind=True)
    # Not how many: the same migration has more events where something died on the way.
    return Standing(holds=True, found=f"up to its anchor, in epoch {anchor.epoch}")


NONE = "no event was ever written: it was accepted before there was an audit, or by nobody"
RESTORED = "the records are older than the audit"
