"""The verdict on a deletion: what the stored decisions come to, for what was shown, under the rules of now.

A decision counts when it names the migration, the fingerprint and the statement that were asked about; what it counts
for is told in `domain/approval/quorum.py`. A rejection counts until the DELETE is about to be sent
(`domain/migration/latch.py`), of whatever statement: a doubt keeps the image.
"""

from collections.abc import Sequence
from datetime import datetime

from domain.approval.decisions import ApprovalState, Decision, StoredDecision, Verdict
from domain.approval.delivery import Delivery
from domain.approval.policy import approval_refusal, listing_refusal
from domain.approval.quorum import Ballot, Tally, Vote, tally
from domain.callers.access import Refusal
from domain.callers.actors import Actor, ActorKind
from domain.values import Message

# Nobody lists it, so it approves nothing; its rejection counts, as any does.
_NOBODY = Actor(kind=ActorKind.WEBHOOK, id="")


class ApprovalQuestion(Message):
    """The question that is decided on: the deletion of the image with this fingerprint, for this migration, as the
    statement with this hash says it; nothing can be approved without one. Before `asked_at` nobody could know what is
    asked."""

    migration_id: str
    fingerprint: str
    statement_hash: str
    ballot: Ballot
    asked_at: datetime | None = None
    delivery: Delivery = Delivery()


def refusal_of(decision: StoredDecision, question: ApprovalQuestion) -> str | None:
    """Return why a decision does not count for this question, or None if it may."""
    if decision.migration_id != question.migration_id:
        return f"it is for the migration {decision.migration_id}"
    if decision.fingerprint != question.fingerprint:
        asked = question.fingerprint
        return f"it is for the fingerprint {decision.fingerprint}, but {asked} was asked about"
    if decision.decision is not Decision.REJECT and not _names(decision, question):
        return "it is for another statement than the one that is asked about now"
    if question.asked_at and decision.received_at < question.asked_at:
        return f"it was received before anybody was asked, at {question.asked_at.isoformat()}"
    deadline = question.ballot.deadline
    if decision.decision is Decision.APPROVE and decision.received_at >= deadline:
        return f"it was received after the deadline {deadline.isoformat()}"
    return None


def _names(decision: StoredDecision, question: ApprovalQuestion) -> bool:
    return bool(decision.statement_hash) and decision.statement_hash == question.statement_hash


def rule_against(decision: StoredDecision, ballot: Ballot) -> Refusal | None:
    """Return the rule that forbids its maker this decision, or None. Whoever may approve may reject and withdraw, also
    what they asked for themselves: both keep the image."""
    actor = decision.by or _NOBODY
    if decision.decision is Decision.APPROVE:
        return approval_refusal(actor, ballot.requester, ballot.policy)
    return listing_refusal(actor, ballot.policy)


def tally_of(decisions: Sequence[StoredDecision], question: ApprovalQuestion) -> Tally:
    """The sum of those that count for this question."""
    votes = [
        Vote(key=d.key, by=d.by or _NOBODY, kind=d.decision, at=d.received_at)
        for d in decisions
        if refusal_of(d, question) is None
    ]
    return tally(votes, question.ballot)


def judge_decisions(
    decisions: Sequence[StoredDecision], question: ApprovalQuestion, now: datetime
) -> Verdict:
    """Return the verdict at `now`: a rejection, as many approvals as the rules ask for, or that the deadline has
    passed, or nobody could be told of the question for too long."""
    return told(_judged(decisions, question, now), question.delivery, now)


def told(verdict: Verdict, delivery: Delivery, now: datetime) -> Verdict:
    """The verdict with what is known of the delivery; one that lets the migration go on is none once that was given
    up."""
    open_still = verdict.state in (ApprovalState.WAITING, ApprovalState.APPROVED)
    if open_still and delivery.given_up(now):
        return Verdict(state=ApprovalState.UNDELIVERED)
    known = {
        "known_at": delivery.known_at if delivery.needed else None,
        "undelivered_until": delivery.by if delivery.missing else None,
    }
    return verdict.model_copy(update=known)


def _judged(
    decisions: Sequence[StoredDecision], question: ApprovalQuestion, now: datetime
) -> Verdict:
    tallied = tally_of(decisions, question)
    if decisive := tallied.decisive:
        state = ApprovalState.APPROVED if tallied.approved else ApprovalState.REJECTED
        by = next(d for d in decisions if d.key == decisive.key)
        quiet = question.ballot.policy.quiet_time
        return Verdict(state=state, decided_by=by, quiet_time=quiet)
    expired = now >= question.ballot.deadline
    return Verdict(state=ApprovalState.EXPIRED if expired else ApprovalState.WAITING)
