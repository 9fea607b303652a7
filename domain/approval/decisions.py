"""Decisions on a deletion, as they are stored, and what becomes of an approval.

An event only wakes the wait; what is judged are the decisions whose makers were verified and that were stored
(`domain/approval/judging.py`).
"""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.callers.actors import Actor
from domain.values import Message


class Decision(StrEnum):
    """The things that an approver can say."""

    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"


class StoredDecision(Message):
    """A decision whose maker was verified when it was received: `by`, which older records lack. `approver` is what
    the maker says, for people. `statement_hash`: of the very text that they decided on."""

    key: str
    migration_id: str
    fingerprint: str
    decision: Decision
    approver: str
    reason: str = ""
    received_at: datetime
    by: Actor | None = None
    statement_hash: str = ""
    change_number: str = ""


class ApprovalState(StrEnum):
    """The state of an approval, from pending to its end."""

    NOT_NEEDED = "notNeeded"
    PENDING = "pending"
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNDELIVERED = "undelivered"
    CANCELLED = "cancelled"


class Verdict(Message):
    """The sum of the stored decisions; `decided_by` is the decision that decided: of several approvals the one that
    made the number full. `quiet_time`: how long nothing is deleted after the promotion, nor after `known_at`, when
    somebody who may object knew of it first. `undelivered_until`: nobody does, and until when that is waited for."""

    state: ApprovalState
    decided_by: StoredDecision | None = None
    quiet_time: timedelta = timedelta(0)
    known_at: datetime | None = None
    undelivered_until: datetime | None = None

    def quiet_until(self, since: datetime) -> datetime:
        """The end of the quiet time behind a moment; while nobody knows, the moment at which that is looked at."""
        if self.undelivered_until:
            return self.undelivered_until
        return max(since, self.known_at or since) + self.quiet_time
