"""The events that follow from what is written to the records: a table of what each kind says.

Ids are made of what the fact is about, so that a step that runs again, or another run of it, writes nothing twice.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from domain.approval.decisions import Verdict
from domain.audit.events import Event, Kind
from domain.audit.statements import boot_tested, opened, stated
from domain.callers.actors import Actor
from domain.deletion.copies import BegunVersion
from domain.deletion.emergency_stop import StopChange
from domain.deletion.evidence import Check
from domain.migration.latch import Effect, Intent, Latch, MigrationResult, Restart
from domain.migration.planning import Plan
from domain.migration.polling import RegionStatus
from domain.migration.recorded import (
    AcceptedRequest,
    Approval,
    ReceivedDecision,
    Ruling,
    Snapshot,
)
from domain.notices.notice import Notice
from domain.values import Json, Message

_COMPLETED = "Completed"


def digest_of(value: Message) -> str:
    """The hash of a value of the records, by which its event names all of it."""
    said = value.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def accepted(request: AcceptedRequest) -> Event:
    """A request was accepted."""
    by = request.requester
    return Event(
        id=f"accepted {request.id}",
        kind=Kind.ACCEPTED,
        at=request.accepted_at,
        facts={
            "migration": request.id,
            "image": request.source_image_id,
            "origin": request.origin,
            "digest": digest_of(request),
        },
        personal={"by": by.model_dump(mode="json")} if by else {},
    )


def not_claimed(request: AcceptedRequest) -> Event:
    """It was not accepted after all: somebody else had the image."""
    facts = {"migration": request.id}
    return Event(
        id=f"notClaimed {request.id}", kind=Kind.NOT_CLAIMED, at=request.accepted_at, facts=facts
    )


def planned(plan: Plan, at: datetime) -> Event:
    """A plan was made: of several the last one holds."""
    facts = {
        "version": plan.version_id,
        "regions": list(plan.regions),
        "fingerprint": plan.fingerprint.value,
        "digest": digest_of(plan),
    }
    return Event(id=f"planned {plan.version_name}", kind=Kind.PLANNED, at=at, facts=facts)


def version_begun(begun: BegunVersion) -> Event:
    """The PUT of a version was about to be sent."""
    return Event(
        id=f"versionBegun {begun.version_id.lower()} {begun.at.isoformat()}",
        kind=Kind.VERSION_BEGUN,
        at=begun.at,
        facts={
            "version": begun.version_id,
            "fingerprint": begun.fingerprint,
            "mode": begun.mode.value,
        },
    )


def replicated(regions: Sequence[RegionStatus], at: datetime) -> Event | None:
    """Every region has the version; None while one has it not."""
    if not regions or any(region.state != _COMPLETED for region in regions):
        return None
    names = sorted(region.name for region in regions)
    name = "replicated " + hashlib.sha256(",".join(names).encode()).hexdigest()[:8]
    return Event(id=name, kind=Kind.REPLICATED, at=at, facts={"regions": names})


def asked(approval: Approval, at: datetime) -> Event:
    """The approval was asked for: again, if it was for another fingerprint."""
    facts = {"fingerprint": approval.fingerprint, "deadline": approval.deadline.isoformat()}
    return Event(
        id=f"asked {digest_of_texts(approval.fingerprint, facts['deadline'])}",
        kind=Kind.ASKED,
        at=approval.asked_at or at,
        facts=facts,
    )


def decision(received: ReceivedDecision) -> Event:
    """A decision whose maker was verified came in."""
    said = received.decision
    people: Json = {"approver": said.approver, "reason": said.reason}
    return Event(
        id=f"decision {said.key}",
        kind=Kind.DECISION,
        at=said.received_at,
        facts={
            "key": said.key,
            "decision": said.decision.value,
            "migration": said.migration_id,
            "fingerprint": said.fingerprint,
        },
        personal=people | ({"by": said.by.model_dump(mode="json")} if said.by else {}),
    )


def ruling(key: str, ruled: Ruling, at: datetime) -> Event:
    """The ruling on a decision, of one that was refused too."""
    facts = {"key": key, "accepted": ruled.accepted, "rule": ruled.rule}
    return Event(
        id=f"ruling {key}", kind=Kind.RULING, at=at, facts=facts, personal={"text": ruled.text}
    )


def notified(kind: str, notice: Notice, at: datetime) -> Event | None:
    """A notice was taken by its receiver, or given up; None before."""
    if not notice.settled:
        return None
    facts = {"notice": kind, "taken": notice.taken, "tries": notice.tries}
    return Event(id=f"notified {kind}", kind=Kind.NOTIFIED, at=at, facts=facts)


def gate_checked(checks: Sequence[Check], reasons: Sequence[str], run: int, at: datetime) -> Event:
    """The gate's checks were made, each with its result; it is open when nothing speaks against it."""
    made = [check.model_dump(mode="json") for check in checks]
    facts = {
        "run": run,
        "open": not reasons,
        "failed": [check.name for check in checks if not check.passed],
    }
    name = f"gate {run} {digest_of_texts(json.dumps(made, sort_keys=True), *reasons)}"
    # Among what was found are the names of who approved.
    said = {"checks": made, "reasons": list(reasons)}
    return Event(id=name, kind=Kind.GATE, at=at, facts=facts, personal=said)


def confirmed(migration: str, run: int, at: datetime) -> Event:
    """Azure has the image no more, since we have deleted it."""
    facts: Json = {"migration": migration, "run": run}
    return Event(id=f"confirmed {migration}", kind=Kind.CONFIRMED, at=at, facts=facts)


def emergency_stop(change: StopChange) -> Event:
    """An Admin stopped all deletions, or lifted that."""
    return Event(
        id=f"emergencyStop {change.at.isoformat()}",
        kind=Kind.EMERGENCY_STOP,
        at=change.at,
        facts={"stopped": change.stopped},
        personal={"by": change.by.model_dump(mode="json"), "reason": change.reason},
    )


def of_latch(latch: Latch, at: datetime) -> Iterator[Event]:
    """Yield what the latch says."""
    for effect, intent in latch.effects.items():
        yield from _of_effect(effect, intent, at)
    if latch.verdict:
        yield _settled(latch.verdict, at)
    if latch.cancelled_at:
        yield _cancelled(latch.cancelled_at, latch.cancelled_by)
    yield from map(_restarted, latch.restarts)
    if latch.stopped_run:
        facts: Json = {"run": latch.stopped_run}
        yield Event(id=f"stopped {latch.stopped_run}", kind=Kind.STOPPED, at=at, facts=facts)
    if latch.finished:
        yield _ended(latch.finished)


def of_change(before: Latch, after: Latch, at: datetime) -> list[Event]:
    """The events of one change of the latch."""
    known = {event.id for event in of_latch(before, at)}
    new = [event for event in of_latch(after, at) if event.id not in known]
    back = [
        Event(
            id=f"takenBack {effect} {intent.at.isoformat()}",
            kind=Kind.TAKEN_BACK,
            at=at,
            facts={"effect": effect.value, "run": intent.run},
        )
        for effect, intent in before.effects.items()
        if effect not in after.effects
    ]
    return [*back, *new]


def of_records(snapshot: Snapshot, at: datetime) -> list[Event]:
    """All that the records say of a migration but that it was accepted: that is written before it is, or never."""
    state = snapshot.state
    some = [
        planned(snapshot.plan, at) if snapshot.plan else None,
        replicated(snapshot.regions, at),
        asked(state.approval, at) if state.approval else None,
        *(boot_tested(result) for result in snapshot.boot_tests),
        *(stated(number, kept) for number, kept in snapshot.statements.items()),
        *(opened(opening) for opening in snapshot.openings),
        *(decision(received) for received in snapshot.received),
        *(ruling(key, ruled, at) for key, ruled in snapshot.rulings.items()),
        *(notified(kind, notice, at) for kind, notice in snapshot.notices.items()),
        *of_latch(snapshot.latch, at),
    ]
    return [event for event in some if event]


def digest_of_texts(*texts: str) -> str:
    """A short hash of some texts, for an id."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def _settled(verdict: Verdict, at: datetime) -> Event:
    key = verdict.decided_by.key if verdict.decided_by else ""
    facts: Json = {"state": verdict.state.value, "key": key}
    return Event(id=f"verdict {verdict.state} {key}", kind=Kind.VERDICT, at=at, facts=facts)


def _cancelled(at: datetime, by: Actor | None) -> Event:
    people: Json = {"by": by.model_dump(mode="json")} if by else {}
    return Event(id="cancelled", kind=Kind.CANCELLED, at=at, personal=people)


def _restarted(restart: Restart) -> Event:
    facts: Json = {"run": restart.run, "cause": restart.cause, "counted": restart.counted}
    return Event(id=f"restarted {restart.run}", kind=Kind.RESTARTED, at=restart.at, facts=facts)


def _ended(end: MigrationResult) -> Event:
    facts: Json = {"outcome": end.outcome.value, "image": end.result.get("image")}
    said: Json = {"reason": end.reason}
    return Event(id="outcome", kind=Kind.OUTCOME, at=end.at, facts=facts, personal=said)


def _of_effect(effect: Effect, intent: Intent, at: datetime) -> Iterator[Event]:
    """A version's PUT has a record of its own before it is sent; of the others only the DELETE needs one."""
    facts: Json = {"effect": effect.value, "run": intent.run}
    sent = f"{effect} {intent.at.isoformat()}"
    if effect is Effect.DELETION:
        yield Event(id=f"intended {sent}", kind=Kind.INTENDED, at=intent.at, facts=facts)
    if intent.operation_url or intent.correlation_id:
        answer = {**facts, "correlationId": intent.correlation_id}
        yield Event(id=f"answered {sent}", kind=Kind.ANSWERED, at=at, facts=answer)
