"""The records held against their audit: what was changed in them, or taken out, since the app wrote it.

A doubt keeps the image. A fact that was written late is believed where it opens nothing: a plan, but not that somebody
was allowed to ask, nor that a rejection does not count.
"""

from collections.abc import Iterator, Sequence

from domain.approval.decisions import Decision
from domain.audit.chain import Row, Slot
from domain.audit.events import Kind
from domain.audit.facts import digest_of
from domain.deletion.copies import BegunVersion
from domain.deletion.emergency_stop import EmergencyStop
from domain.ids import same_id
from domain.migration.recorded import Snapshot


def contradictions(snapshot: Snapshot, slots: Sequence[Slot]) -> Iterator[str]:
    """Yield what the records say otherwise than a chain that verifies."""
    rows = [slot.row for slot in slots if slot.row]
    yield from _on_acceptance(snapshot, rows)
    yield from _on_the_plan(snapshot, rows)
    yield from _on_its_end(snapshot, rows)
    yield from _on_decisions(snapshot, rows)


def begun_in(begun: BegunVersion, slots: Sequence[Slot]) -> bool:
    """Return True if a chain says that this version was begun, from this fingerprint, at this time."""
    rows = _of(Kind.VERSION_BEGUN, [slot.row for slot in slots if slot.row])
    return any(
        same_id(str(row.facts.get("version")), begun.version_id)
        and row.facts.get("fingerprint") == begun.fingerprint
        and row.facts.get("mode") == begun.mode
        and row.at == begun.at
        for row in rows
    )


def stop_is_missing(stop: EmergencyStop, slots: Sequence[Slot]) -> bool:
    """Return True if the end of the deployment's chain says that an emergency stop stands, and the records do not."""
    calls = list(_of(Kind.EMERGENCY_STOP, [slot.row for slot in slots if slot.row]))
    return bool(calls and calls[-1].facts.get("stopped")) and stop.standing is None


def _on_acceptance(snapshot: Snapshot, rows: Sequence[Row]) -> Iterator[str]:
    accepted = [row for row in _of(Kind.ACCEPTED, rows) if not row.late]
    if not accepted or list(_of(Kind.NOT_CLAIMED, rows)):
        yield "nobody who may ask has asked for it"
    elif accepted[0].facts.get("digest") != digest_of(snapshot.accepted):
        yield "what was accepted was changed"


def _on_the_plan(snapshot: Snapshot, rows: Sequence[Row]) -> Iterator[str]:
    """Of several plans the last one holds."""
    digests = [row.facts.get("digest") for row in _of(Kind.PLANNED, rows)]
    if snapshot.plan and digests[-1:] != [digest_of(snapshot.plan)]:
        yield "the plan was changed"


def _on_its_end(snapshot: Snapshot, rows: Sequence[Row]) -> Iterator[str]:
    if list(_of(Kind.CANCELLED, rows)) and not snapshot.cancel_requested:
        yield "it was cancelled"
    if list(_of(Kind.OUTCOME, rows)) and not snapshot.finished:
        yield "it has had its outcome"


def _on_decisions(snapshot: Snapshot, rows: Sequence[Row]) -> Iterator[str]:
    """A decision that is missing, and a refusal that nobody made: whoever doubted is to be heard."""
    known = {received.decision.key: received.decision for received in snapshot.received}
    for row in _of(Kind.DECISION, rows):
        if row.facts.get("key") not in known:
            yield f"a decision is missing ({row.facts.get('decision')})"
    refused = {
        row.facts.get("key")
        for row in _of(Kind.RULING, rows)
        if not row.late and not row.facts.get("accepted")
    }
    for key, decision in known.items():
        ruled = snapshot.rulings.get(key)
        doubts = decision.decision is not Decision.APPROVE
        if doubts and ruled and not ruled.accepted and key not in refused:
            yield f"a decision is refused that was not ({decision.decision})"


def _of(kind: Kind, rows: Sequence[Row]) -> Iterator[Row]:
    return (row for row in rows if row.kind is kind)
