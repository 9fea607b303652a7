"""The approval of a deletion: it counts only for what was shown, and a rejection counts more than any approval.

A decision counts when it names the fingerprint that was asked about; an approval only if it was received before the
deadline, which is the first moment that is too late. A rejection counts until the DELETE is about to be sent
(`domain/migration/latch.py`). An event only wakes the wait; what is judged are the decisions that the webhook verified
and stored.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from domain.values import Message


class Decision(StrEnum):
    """The two things that an approver can say."""

    APPROVE = "approve"
    REJECT = "reject"


class StoredDecision(Message):
    """A decision whose signature was verified when it was received."""

    key: str
    migration_id: str
    fingerprint: str
    decision: Decision
    approver: str
    reason: str = ""
    received_at: datetime


class ApprovalState(StrEnum):
    """The state of an approval, from pending to its end."""

    NOT_NEEDED = "notNeeded"
    PENDING = "pending"
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Verdict(Message):
    """The sum of the stored decisions; `decided_by` is the decision that decided."""

    state: ApprovalState
    decided_by: StoredDecision | None = None


def refusal_of(
    decision: StoredDecision,
    migration_id: str,
    fingerprint: str,
    deadline: datetime,
    asked_at: datetime | None = None,
) -> str | None:
    """Return why a decision does not count, or None if it does. `asked_at`: nobody could know before what is asked."""
    if decision.migration_id != migration_id:
        return f"it is for the migration {decision.migration_id}"
    if decision.fingerprint != fingerprint:
        return (
            f"it is for the fingerprint {decision.fingerprint}, but {fingerprint} was asked about"
        )
    if asked_at and decision.received_at < asked_at:
        return f"it was received before anybody was asked, at {asked_at.isoformat()}"
    if decision.decision is Decision.APPROVE and decision.received_at >= deadline:
        return f"it was received after the deadline {deadline.isoformat()}"
    return None


def judge_decisions(
    decisions: Sequence[StoredDecision],
    migration_id: str,
    fingerprint: str,
    deadline: datetime,
    now: datetime,
    asked_at: datetime | None = None,
) -> Verdict:
    """Return the verdict at `now`: the first rejection that counts, else the first approval, else that the deadline
    has passed."""
    counting = [
        decision
        for decision in sorted(decisions, key=lambda d: (d.received_at, d.key))
        if refusal_of(decision, migration_id, fingerprint, deadline, asked_at) is None
    ]
    for kind, state in _STATES.items():
        first = next((decision for decision in counting if decision.decision is kind), None)
        if first is not None:
            return Verdict(state=state, decided_by=first)
    return Verdict(state=ApprovalState.EXPIRED if now >= deadline else ApprovalState.WAITING)


# In the order of their weight.
_STATES = {
    Decision.REJECT: ApprovalState.REJECTED,
    Decision.APPROVE: ApprovalState.APPROVED,
}
