"""The values that lie in the records, from a migration's acceptance to its outcome."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.approval.decisions import ApprovalState, StoredDecision
from domain.approval.statement import KeptStatement, Opening
from domain.boot_test.recorded import BootResult
from domain.boot_test.terms import BootTestTerms
from domain.callers.actors import Actor
from domain.deletion.late_users import LateUsers
from domain.migration.latch import Effect, Latch, MigrationResult
from domain.migration.limits import Limits
from domain.migration.planning import Plan
from domain.migration.polling import RegionStatus
from domain.migration.requests import MigrationRequest, request_from_record
from domain.migration.sightings import Sighting
from domain.migration.stages import ImageFate, Outcome, Stage
from domain.notices.notice import Notice
from domain.restore.recorded import Restore
from domain.values import Json, Message

# Under which name a correlation id is told: that of the activity which sent the write.
_SENDERS = {
    Effect.DEFINITION: "ensure_definition",
    Effect.VERSION: "start_version",
    Effect.PROMOTION: "promote_version",
    Effect.DELETION: "delete_image",
}


class AcceptedRequest(Message):
    """A request that was accepted, and the limits that the settings gave then. Its insert is the claim of the image:
    one writer wins. Nothing changes it: `seal` (`services/seals.py`) proves what was asked, and by whom."""

    id: str
    image_key: str
    attempt: int
    source_image_id: str
    request: Json
    digest: str
    accepted_at: datetime
    origin: Literal["http", "eventGrid"] = "http"
    fingerprint: str | None = None
    limits: Limits = Field(default_factory=Limits)
    requester: Actor | None = None
    boot_test: BootTestTerms | None = None
    seal: str | None = None


class TimelineEntry(Message):
    """One thing that happened; `step` names it, so that whoever takes it again does not write it twice. `until`: when
    what it began ends at the latest, if that is known."""

    step: str
    at: datetime
    stage: Stage
    text: str
    until: datetime | None = None


class Approval(Message):
    """The approval as it was asked for. `deadline` never moves, nor does `asked_at`; `round` numbers the event that
    wakes the wait, and `run` says whose wait it is."""

    deadline: datetime
    asked_at: datetime | None = None
    fingerprint: str
    round: int = 1
    run: int = 1


class State(Message):
    """The state of a migration, as its own steps write it."""

    stage: Stage = Stage.PLANNING
    timeline: tuple[TimelineEntry, ...] = ()
    warnings: tuple[str, ...] = ()
    approval: Approval | None = None
    fingerprint: str | None = None
    version_id: str | None = None
    try_command: str | None = None
    image: ImageFate = ImageFate.KEPT

    @property
    def promoted_at(self) -> datetime | None:
        """The time at which the version's promotion began; None before."""
        return next((line.at for line in self.timeline if line.step == "promotion"), None)


class Envelope(Message):
    """A decision as it was signed: the three headers and the body, to the letter. `seal` proves the time at which we
    received it (`services/signatures.py`). Nothing else of the request is kept."""

    webhook_id: str
    timestamp: str
    signature: str
    body: str
    seal: str


class ReceivedDecision(Message):
    """A verified decision, and the hash of the body it came in: a webhook's in its envelope, a person's with a `seal`
    over all of it. Without either, as older records have it, it can approve no deletion."""

    decision: StoredDecision
    body_hash: str
    envelope: Envelope | None = None
    seal: str | None = None


class Ruling(Message):
    """The ruling on one received decision; `rule`: the rule that forbids it, if one does."""

    accepted: bool
    text: str
    rule: str = ""


class Failing(Message):
    """An activity that cannot be done for a while, and since when: what its limit counts from, whichever run asks."""

    activity: str
    since: datetime


class Snapshot(Message):
    """Everything recorded about one attempt."""

    accepted: AcceptedRequest
    started: bool = False
    state: State = Field(default_factory=State)
    plan: Plan | None = None
    regions: tuple[RegionStatus, ...] = ()
    latch: Latch = Field(default_factory=Latch)
    received: tuple[ReceivedDecision, ...] = ()
    rulings: dict[str, Ruling] = {}
    notices: dict[str, Notice] = {}
    statements: dict[str, KeptStatement] = {}
    openings: tuple[Opening, ...] = ()
    checks: tuple[Json, ...] = ()
    failing: Failing | None = None
    restores: tuple[Restore, ...] = ()
    late_users: LateUsers | None = None
    boot_tests: tuple[BootResult, ...] = ()
    audit: dict[str, Json] = {}

    @property
    def finished(self) -> MigrationResult | None:
        """The one outcome, or None while there is none."""
        return self.latch.finished

    @property
    def stage(self) -> Stage:
        """The stage; an outcome means finished, whatever the last step wrote."""
        return Stage.FINISHED if self.finished else self.state.stage

    @property
    def planned(self) -> Plan:
        """The plan. Raises LookupError before it was written."""
        if self.plan is None:
            raise LookupError(f"{self.accepted.id} has no plan")
        return self.plan

    @property
    def request(self) -> MigrationRequest:
        """The request as it was accepted."""
        return request_from_record(self.accepted.request)

    @property
    def sighting(self) -> Sighting:
        """The image that it is about. What the workflow read counts before what was read at the start: that may have
        had no creation time yet, or have been of an image that was made anew since."""
        end = self.finished
        return Sighting(
            migration=self.accepted.id,
            accepted_at=self.accepted.accepted_at,
            fingerprint=self.state.fingerprint or self.accepted.fingerprint,
            failed_at=end.at if end and end.outcome is Outcome.FAILED else None,
        )

    @property
    def image(self) -> ImageFate:
        """The fate of the image that a run begins with. Once our own DELETE may have been sent, it means nothing that
        the image was seen gone, which an activity of an earlier run may have seen late: the deletion tells whose doing
        it was."""
        return ImageFate.KEPT if self.latch.deletion else self.state.image

    @property
    def wants_deletion(self) -> bool:
        """True if the request asks for the deletion of the image."""
        return bool((self.accepted.request.get("deletion") or {}).get("enabled"))

    @property
    def cancel_requested(self) -> bool:
        """True if somebody cancelled in time."""
        return self.latch.cancelled_at is not None

    @property
    def approval_state(self) -> ApprovalState:
        """The state of the approval, by its verdict if there is one."""
        finished = self.finished is not None
        if self.latch.verdict:
            return self.latch.verdict.state
        if self.state.approval and finished:
            return ApprovalState.CANCELLED
        if self.statement:
            return ApprovalState.WAITING
        pending = self.wants_deletion and not finished
        return ApprovalState.PENDING if pending else ApprovalState.NOT_NEEDED

    @property
    def statement(self) -> KeptStatement | None:
        """The statement that is asked about now; None before it is made."""
        return self.statements.get(str(self.latch.asked))

    @property
    def asked_at(self) -> datetime | None:
        """The time at which the approval was asked for; None before."""
        approval = self.state.approval
        if approval is None:
            return None
        # An earlier version did not write it down.
        return approval.asked_at or approval.deadline - self.request.approval.timeout

    @property
    def decisions(self) -> list[StoredDecision]:
        """Every verified decision, in the order in which they came."""
        decisions = [received.decision for received in self.received]
        return sorted(decisions, key=lambda d: (d.received_at, d.key))

    @property
    def unrefused(self) -> list[StoredDecision]:
        """Those that were not refused: what was does not count later, whatever the rules become."""
        refused = {key for key, ruling in self.rulings.items() if not ruling.accepted}
        return [decision for decision in self.decisions if decision.key not in refused]

    @property
    def unruled(self) -> bool:
        """True if a decision still waits for its ruling."""
        return any(received.decision.key not in self.rulings for received in self.received)

    @property
    def accepted_decision(self) -> StoredDecision | None:
        """The decision that settled the approval."""
        return self.latch.verdict.decided_by if self.latch.verdict else None

    def result(self, image: ImageFate, *, version_ready: bool, version_named: bool) -> Json:
        """The result as it is told: the image's fate, the version, and everything that was written on the way."""
        decided, plan = self.accepted_decision, self.plan
        named = version_named or Effect.VERSION in self.latch.effects
        effects = self.latch.effects.items()
        return {
            "image": image.value,
            "versionId": plan.version_id if plan and named else None,
            "versionReady": version_ready,
            "checks": list(self.checks),
            "decidedBy": decided.model_dump(mode="json") if decided else None,
            "correlationIds": {
                _SENDERS[effect]: intent.correlation_id
                for effect, intent in effects
                if intent.correlation_id
            },
        }


class ListEntry(Message):
    """One row of the list of migrations."""

    id: str
    source_image_id: str
    accepted_at: datetime
    updated_at: datetime
    stage: Stage
    outcome: Outcome | None = None
    reason: str = ""
