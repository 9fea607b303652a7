"""The gate before the one irreversible act. Every check must hold at that moment; what is unknown does not hold.

Tags of a version are hints, which whoever may write tags can copy. What counts is what Azure itself keeps of version
and image, what our own record says we began, and decisions whose signature holds.
"""

from collections.abc import Iterator
from datetime import datetime

from pydantic import Field

from domain.approval.decisions import ApprovalState, StoredDecision, Verdict
from domain.approval.judging import ApprovalQuestion, judge_decisions, tally_of
from domain.approval.quorum import Tally, quiet_until, valid_until
from domain.approval.statement import Statement
from domain.boot_test.proof import ProofPolicy, boot_check
from domain.boot_test.recorded import BootResult
from domain.deletion.audited import AuditReading, audit_checks
from domain.deletion.copies import BegunVersion, copy_checks, dependent_versions
from domain.deletion.deployment import Asking, Deployment, deployment_checks
from domain.deletion.evidence import Check
from domain.deletion.permission import permission_check
from domain.deletion.protection import Protection, protection_check
from domain.deletion.stated import statement_check
from domain.deletion.uses import use_checks
from domain.facts import ImageFacts, VersionFacts
from domain.migration.fingerprint import fingerprint_of
from domain.migration.polling import VersionReading
from domain.migration.requests import SecurityType
from domain.references.scan import Scan
from domain.restore.undo import undo_check
from domain.values import Message


class GateReadings(Message):
    """Everything that was read in the moments before the deletion. `others`: further versions that may hang on the
    image. `begun`: our record of the version, if there is one. `decisions`: approvals whose signature holds, and every
    rejection, since a doubt keeps the image. `scan`: for users of the image, and `audit`: without them the gate is
    shut. `boot_tests`: of versions of this name. `approved`: the statement that was asked about; `stated`: that of what
    was read now."""

    image: ImageFacts
    version: VersionFacts
    replication: VersionReading
    others: tuple[VersionFacts, ...] = ()
    begun: BegunVersion | None = None
    verdict: Verdict | None = None
    decisions: tuple[StoredDecision, ...] = ()
    promoted_at: datetime | None = None
    scan: Scan | None = None
    approved: Statement | None = None
    stated: Statement | None = None
    audit: AuditReading | None = None
    deployment: Deployment
    boot_tests: tuple[BootResult, ...] = ()
    protected: frozenset[Protection] = frozenset()


class GateQuestion(Message):
    """The deletion that was approved: of this image, with these regions, at this moment; `asked`: what was decided on,
    under the rules of now; `deleter`: the client id of the identity that deletes, empty for none;
    `security_type`: the version's; `undo_required`: it must be possible to take the deletion back."""

    image_id: str
    approved_fingerprint: str
    regions: tuple[str, ...]
    asked: ApprovalQuestion
    veto_tag: str = "DoNotDelete"
    protection: tuple[Protection, ...] = ()
    deleter: str = ""
    security_type: str = SecurityType.STANDARD.value
    undo_required: bool = True
    boot_proof: ProofPolicy = Field(default_factory=ProofPolicy)
    now: datetime


def check_gate(readings: GateReadings, question: GateQuestion) -> tuple[Check, ...]:
    """All checks, passed or not; the gate is open only if every one passed."""
    uses = use_checks(readings.scan, readings.image.tags, question.veto_tag, question.now)
    stated = statement_check(readings.approved, readings.stated)
    audit = audit_checks(readings.audit, readings.decisions)
    return (*early_checks(readings, question), *uses, stated, *audit)


def early_checks(readings: GateReadings, question: GateQuestion) -> tuple[Check, ...]:
    """All checks but those on the users of the image, on the statement, which names them, and on the audit, which take
    the most reading. They open nothing alone."""
    now = fingerprint_of(readings.image)
    return (
        Check(
            name="version succeeded",
            passed=readings.replication.provisioning_state == "Succeeded",
            found=readings.replication.provisioning_state,
        ),
        _regions_check(readings, question),
        *copy_checks(
            readings.version,
            readings.image,
            question.image_id,
            question.approved_fingerprint,
            readings.begun,
        ),
        _others_check(readings, question),
        Check(
            name="image unchanged since the approval",
            passed=now.complete and now.value == question.approved_fingerprint,
            found=now.value if now.complete else f"{now.value} (creation time unknown)",
        ),
        permission_check(question.deleter),
        _undo_check(readings, question),
        boot_check(readings.boot_tests, readings.version, question.boot_proof, question.now),
        *_approval_checks(readings, question),
        protection_check(question.protection, readings.protected),
        *deployment_checks(readings.deployment, asking(readings, question)),
    )


def asking(readings: GateReadings, question: GateQuestion) -> Asking:
    """The DELETE that the deployment's limits are held against."""
    images = readings.scan.images if readings.scan else None
    return Asking(question.asked.migration_id, question.now, images)


def valid_till(readings: GateReadings, question: GateQuestion) -> datetime | None:
    """The last moment of the approval; None while there is none."""
    return valid_until(tally_of(readings.decisions, _asked(question)), question.asked.ballot.policy)


def _asked(question: GateQuestion) -> ApprovalQuestion:
    """The fingerprint is the plan's: an approval of what was asked about before the plan was another counts for
    nothing."""
    return question.asked.model_copy(update={"fingerprint": question.approved_fingerprint})


def _regions_check(readings: GateReadings, question: GateQuestion) -> Check:
    """A version that was taken up may have regions that nobody asked for this time; they count too."""
    states = {region.name: region.state for region in readings.replication.regions}
    regions = sorted({*question.regions, *readings.version.regions})
    by_region = {name: states.get(name, "unknown") for name in regions}
    return Check(
        name="replicated to every region",
        passed=bool(question.regions) and set(by_region.values()) == {"Completed"},
        found=", ".join(f"{name} {state}" for name, state in by_region.items()),
    )


def _undo_check(readings: GateReadings, question: GateQuestion) -> Check:
    """That the replica is complete is asked for all regions alike."""
    kind, here = question.security_type, readings.image.location
    regions = {*readings.version.regions}
    return undo_check(kind, here, regions, required=question.undo_required)


def _others_check(readings: GateReadings, question: GateQuestion) -> Check:
    others = dependent_versions(readings.others, question.image_id, readings.version.id)
    needing = ", ".join(f"{version.id} is {why}" for version, why in others)
    return Check(
        name="no other version needs the image", passed=not needing, found=needing or "none"
    )


def _approval_checks(readings: GateReadings, question: GateQuestion) -> Iterator[Check]:
    """The workflow's verdict and the decisions, judged once more by the rules of now, must both be an approval; it must
    be young, and the quiet time over."""
    asked = _asked(question)
    policy = asked.ballot.policy
    judged = judge_decisions(readings.decisions, asked, question.now)
    tallied = tally_of(readings.decisions, asked)
    ruled, by = readings.verdict, judged.decided_by
    agreed = ruled is not None and ruled.state is judged.state is ApprovalState.APPROVED
    yield Check(
        name="deletion approved",
        passed=agreed and by is not None,
        found=_told(readings.decisions, tallied),
    )
    ends = valid_until(tallied, policy)
    if ends is None:
        return
    yield Check(
        name="approval still valid",
        passed=question.now <= ends,
        found=f"until {ends.isoformat()}, now it is {question.now.isoformat()}",
    )
    yield _quiet_check(readings, question, tallied)


def _quiet_check(readings: GateReadings, question: GateQuestion, tallied: Tally) -> Check:
    """It counts from the promotion, and at least from the approval and from when somebody who may object knew of it,
    whose times are proven."""
    approved_at = tallied.decisive.at if tallied.decisive else None
    delivery = question.asked.delivery
    begins = delivery.quiet_from(readings.promoted_at, approved_at)
    over = quiet_until(begins, question.asked.ballot.policy.quiet_time)
    unknown = (
        "it has not begun: nobody is known to have been told"
        if delivery.missing
        else "nothing is known to be approved"
    )
    return Check(
        name="quiet time over",
        passed=over is not None and question.now >= over,
        found=f"at {over.isoformat()}" if over else unknown,
    )


def _told(decisions: tuple[StoredDecision, ...], tallied: Tally) -> str:
    by_key = {decision.key: decision for decision in decisions}
    votes = [tallied.rejection] if tallied.rejection else list(tallied.approvals)
    lines = [_line(by_key[vote.key]) for vote in votes]
    if not tallied.rejection:
        lines += [f"not by {by_key[key].approver}: {why}" for key, why in tallied.refused.items()]
        count = f"{len(tallied.approvals)} of {tallied.needed} approvals that can be proven"
        none = "no decision whose signature holds, for this image and in time"
        lines.append(count if tallied.approvals else none)
    return "; ".join(lines)


def _line(decision: StoredDecision) -> str:
    return f"{decision.decision} by {decision.approver} at {decision.received_at.isoformat()}"
