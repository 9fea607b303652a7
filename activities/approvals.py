"""Judge the stored decisions of an approval. Nothing that the waking event carries counts: anyone may raise one."""

from datetime import datetime

from activities.configuration import records
from activities.steps import StepInput, step
from migration import answers
from migration.approval import ApprovalState, StoredDecision, Verdict, judge_decisions, refusal_of
from migration.recorded import Ruling, Snapshot
from migration.wire import Json


class DecideApproval(StepInput):
    """What was asked about, until when, and what time the orchestration has."""

    fingerprint: str
    deadline: datetime
    now: datetime


@step(DecideApproval)
def decide_approval(given: DecideApproval) -> Json:
    """A Verdict; every stored decision that it settles gets its ruling, once."""
    snapshot = records().snapshot(given.migration_id)
    decisions = [received.decision for received in snapshot.received] if snapshot else []
    verdict = judge_decisions(
        _ruled(snapshot) or decisions,
        given.migration_id,
        given.fingerprint,
        given.deadline,
        given.now,
    )
    for decision in decisions:
        if ruling := _ruling(given, decision, verdict):
            records().rule(given.migration_id, decision.key, ruling)
    return answers.done(verdict.to_wire())


def _ruled(snapshot: Snapshot | None) -> list[StoredDecision]:
    """The decision that was accepted already: its sender was told, so a second run must not choose another."""
    if snapshot is None:
        return []
    accepted = {key for key, ruling in snapshot.rulings.items() if ruling.accepted}
    return [r.decision for r in snapshot.received if r.decision.key in accepted]


def _ruling(given: DecideApproval, decision: StoredDecision, verdict: Verdict) -> Ruling | None:
    why_not = refusal_of(decision, given.migration_id, given.fingerprint, given.deadline)
    if why_not:
        return Ruling(accepted=False, text=f"does not count: {why_not}")
    if verdict.decided_by and verdict.decided_by.key == decision.key:
        return Ruling(accepted=True, text=f"{verdict.state} by {decision.approver}")
    if verdict.state is ApprovalState.WAITING:
        return None
    return Ruling(accepted=False, text="does not count: another decision came first")
