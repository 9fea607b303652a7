"""Decisions of people who have signed in: what they are stored under, and the seal over them."""

import hashlib

import clock
from domain.approval.decisions import StoredDecision
from domain.approval.submissions import DecisionBody, decision_of
from domain.callers.actors import Actor
from domain.migration.recorded import ReceivedDecision, Snapshot
from services.seals import seal


def persons_key(snapshot: Snapshot, actor: Actor, body: DecisionBody) -> str:
    """The key of somebody's decision: sent again it is the same one, said otherwise it is their next."""
    theirs = [d for d in snapshot.decisions if d.by and d.by.identities == actor.identities]
    last = theirs[-1] if theirs else None
    if last and _said(last) == _said(body):
        return last.key
    name = f"{snapshot.accepted.id}:{actor.kind}:{actor.id.lower()}:{len(theirs)}"
    return hashlib.sha256(name.encode()).hexdigest()[:40]


def _said(decision: StoredDecision | DecisionBody) -> tuple[str, ...]:
    return (
        decision.migration_id,
        decision.fingerprint,
        decision.statement_hash,
        decision.decision.value,
        decision.change_number,
        decision.reason,
    )


def sealed_by(body: DecisionBody, actor: Actor, key: str, sealing_key: str) -> ReceivedDecision:
    """The decision as it is stored, with its seal; it is received now."""
    decision = decision_of(body, key, clock.now(), actor)
    body_hash = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    return ReceivedDecision(
        decision=decision, body_hash=body_hash, seal=seal(decision, sealing_key)
    )
