"""The gate before the one irreversible act. Every check must hold at that moment; what is unknown does not hold."""

from datetime import datetime

from domain.approval.decisions import StoredDecision, refusal_of
from domain.facts import VersionFacts
from domain.migration.fingerprint import FINGERPRINT_TAG, Fingerprint
from domain.migration.polling import VersionReading
from domain.values import Message


class Check(Message):
    """One thing that must hold, whether it did, and what was found."""

    name: str
    passed: bool
    found: str


class GateReadings(Message):
    """Everything that was read in the moments before the deletion."""

    image_id: str
    fingerprint_now: Fingerprint
    version: VersionFacts
    replication: VersionReading
    decision: StoredDecision | None


class GateQuestion(Message):
    """The deletion that was approved: of this image, for this migration, with these regions."""

    migration_id: str
    approved_fingerprint: str
    regions: tuple[str, ...]
    deadline: datetime


def check_gate(readings: GateReadings, question: GateQuestion) -> tuple[Check, ...]:
    """All checks, passed or not; the gate is open only if every one passed."""
    version, replication = readings.version, readings.replication
    now, tag = readings.fingerprint_now, version.tags.get(FINGERPRINT_TAG, "none")
    source = version.source_id or "none"
    return (
        Check(
            name="version succeeded",
            passed=replication.provisioning_state == "Succeeded",
            found=replication.provisioning_state,
        ),
        _regions_check(readings, question),
        Check(
            name="full replication",
            passed=version.replication_mode == "Full",
            found=version.replication_mode,
        ),
        Check(
            name="version made from this image",
            passed=source.lower() == readings.image_id.lower(),
            found=source,
        ),
        Check(
            name="version carries the approved fingerprint",
            passed=tag == question.approved_fingerprint,
            found=tag,
        ),
        Check(
            name="image unchanged since the approval",
            passed=now.complete and now.value == question.approved_fingerprint,
            found=now.value if now.complete else f"{now.value} (creation time unknown)",
        ),
        _approval_check(readings.decision, question),
    )


def refusals(checks: tuple[Check, ...]) -> list[str]:
    """The checks that did not hold, in words; empty when the gate is open."""
    return [f"{check.name}: no ({check.found})" for check in checks if not check.passed]


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


def _approval_check(decision: StoredDecision | None, question: GateQuestion) -> Check:
    if decision is None:
        return Check(name="deletion approved", passed=False, found="no decision")
    why_not = refusal_of(
        decision, question.migration_id, question.approved_fingerprint, question.deadline
    )
    approved = decision.decision == "approve" and why_not is None
    return Check(
        name="deletion approved",
        passed=approved,
        found=why_not
        or f"{decision.decision} by {decision.approver} at {decision.received_at.isoformat()}",
    )
