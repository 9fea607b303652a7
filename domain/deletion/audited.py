"""The part of the gate about the audit: it verifies, up to its anchors, and the records say the same."""

from collections.abc import Iterator
from datetime import datetime

from domain.approval.decisions import Decision, StoredDecision
from domain.audit.anchors import Standing
from domain.deletion.evidence import Check
from domain.values import Message


class AuditReading(Message):
    """The chain of the migration and that of the deployment, and where the records say otherwise than the first.
    `since`: when the `epoch` began, if it is not the first."""

    own: Standing
    deployment: Standing
    contradictions: tuple[str, ...] = ()
    epoch: int = 1
    since: datetime | None = None


NOT_READ = "it was not read"


def audit_checks(
    reading: AuditReading | None, decisions: tuple[StoredDecision, ...]
) -> Iterator[Check]:
    """The checks on what was read of the audit; `decisions`: those that count in this epoch."""
    if reading is None:
        unread = Standing(holds=False, found=NOT_READ)
        reading = AuditReading(own=unread, deployment=unread, contradictions=(NOT_READ,))
    yield Check(
        name="audit of the migration verifies", passed=reading.own.holds, found=reading.own.found
    )
    yield Check(
        name="audit of the deployment verifies",
        passed=reading.deployment.holds,
        found=reading.deployment.found,
    )
    told = "; ".join(reading.contradictions)
    yield Check(
        name="records agree with the audit",
        passed=not told,
        found=told or "they do",
    )
    yield _epoch_check(reading, decisions)


def of_this_epoch(
    decisions: tuple[StoredDecision, ...], since: datetime | None
) -> tuple[StoredDecision, ...]:
    """The decisions without approvals from before the epoch; whoever doubted then is still heard."""
    return tuple(d for d in decisions if d.decision is not Decision.APPROVE or _later(d, since))


def _epoch_check(reading: AuditReading, decisions: tuple[StoredDecision, ...]) -> Check:
    number, since = reading.epoch, reading.since
    approvals = any(d.decision is Decision.APPROVE and _later(d, since) for d in decisions)
    passed = since is None or approvals
    began = f"epoch {number} began at {since.isoformat()}" if since else f"epoch {number}"
    none = f"{began}, and nobody has approved since"
    return Check(name="approved in this epoch", passed=passed, found=began if passed else none)


def _later(decision: StoredDecision, since: datetime | None) -> bool:
    return since is None or decision.received_at > since
