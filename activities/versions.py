"""The image version: begun without waiting, looked at while it replicates, promoted."""

from datetime import datetime

import clock
from activities.activity import implements
from arm.client import ArmClient
from arm.errors import ArmAnswerError, roles_may_come
from arm.images import read_image_facts
from arm.operations import operation_error
from arm.requests import ArmResponse
from arm.versions import put_version, read_version_body
from domain.approval.decisions import ApprovalState
from domain.deletion.copies import BegunVersion
from domain.facts import VersionFacts, version_facts
from domain.messages import (
    PROMOTE_VERSION,
    READ_REPLICATION,
    START_VERSION,
    LookRequest,
    PromotionSent,
    StepRequest,
    VersionBegun,
    VersionNameTaken,
)
from domain.migration.bodies import promotion_body
from domain.migration.fingerprint import fingerprint_of, made_from, same_as_far_as_known
from domain.migration.latch import Effect, Halt
from domain.migration.planning import Plan
from domain.migration.polling import Look, VersionReading, judged_look, version_reading
from domain.migration.recorded import Snapshot
from domain.migration.requests import AUTO
from domain.results import ActivityError
from domain.values import Json
from services.dependencies import Dependencies
from services.effects import send
from services.timeline import add_warning

# What Azure says to a PUT under the name of somebody else's version.
_NAME_TAKEN = frozenset({"VersionNameTaken", "PropertyChangeNotAllowed"})
# A PUT that makes a resource is answered with 201.
_UPDATED, _PRECONDITION_FAILED = 200, 412
_OVERWRITTEN = (
    "Somebody made a version of this name in the moment before ours, and it was updated; the managed image is kept "
    "whatever is approved."
)


def read_planned_version(arm: ArmClient, plan: Plan) -> Json | None:
    """The version that the plan names, as Azure answers it; None if it is not there."""
    return read_version_body(arm, plan.gallery, plan.definition_name, plan.version_name)


@implements(START_VERSION)
def start_version(
    request: StepRequest, snapshot: Snapshot, app: Dependencies
) -> VersionBegun | VersionNameTaken | ActivityError | Halt:
    """Send the version's PUT unless it is there already and ours.

    Fails with the code `ImageChanged` when the image is no longer what was planned. Running twice sends the same body
    under the same name at most twice, which Azure takes as an update.
    """
    plan = snapshot.planned
    body = read_planned_version(app.arm, plan)
    if body is not None:
        return _adopted(snapshot, plan, version_facts(body))
    image = read_image_facts(app.arm, plan.image)
    if image is None or not same_as_far_as_known(
        fingerprint_of(image).value, plan.fingerprint.value
    ):
        return ActivityError(
            code="ImageChanged",
            message="the managed image is gone or was made anew since it was planned; start again",
        )
    try:
        sent = _create(app, request, snapshot)
    except ArmAnswerError as error:
        if error.value.code in _NAME_TAKEN:
            return _taken(snapshot, str(error.value))
        if error.value.status == _PRECONDITION_FAILED:
            # Somebody's, or ours by a try whose answer was lost: read again.
            return error.value.model_copy(update={"transient": True})
        raise
    return sent if isinstance(sent, Halt) else VersionBegun(created=True)


def _create(app: Dependencies, request: StepRequest, snapshot: Snapshot) -> ArmResponse | Halt:
    """The PUT, and right before it the record that this version is ours: the only one that the gate believes."""
    plan = snapshot.planned
    begun = BegunVersion(
        version_id=plan.version_id,
        migration=snapshot.accepted.id,
        fingerprint=plan.fingerprint.value,
        mode=plan.replication_mode,
        at=clock.now(),
    )

    def write(not_after: datetime) -> ArmResponse:
        app.records.remember_version(snapshot.accepted.image_key, begun)
        return _put(app, plan, plan.version_body, not_after, new=True)

    sent = send(app.records, request, Effect.VERSION, write)
    first = Effect.VERSION not in snapshot.latch.effects
    if first and isinstance(sent, ArmResponse) and sent.status == _UPDATED:
        # Somebody made it between the reading and the PUT: it is theirs.
        app.records.forget_version(snapshot.accepted.image_key, plan.version_id)
        add_warning(app.records, snapshot.accepted.id, _OVERWRITTEN)
    return sent


def _put(
    app: Dependencies, plan: Plan, body: Json, not_after: datetime, *, new: bool = False
) -> ArmResponse:
    definition, name = plan.definition_name, plan.version_name
    return put_version(app.arm, plan.gallery, definition, name, body, not_after=not_after, new=new)


def _adopted(
    snapshot: Snapshot, plan: Plan, existing: VersionFacts
) -> VersionBegun | VersionNameTaken:
    """The version is there: ours, by this run or one before it, or somebody else's."""
    if made_from(existing, plan.image_id, plan.fingerprint.value):
        return VersionBegun(created=Effect.VERSION in snapshot.latch.effects)
    source = existing.source_id or "something else"
    message = f"version {plan.version_name} exists and was made from {source}"
    return _taken(snapshot, f"VersionNameTaken: {message}")


def _taken(snapshot: Snapshot, reason: str) -> VersionNameTaken:
    return VersionNameTaken(reason=reason, replan=snapshot.request.image_version == AUTO)


@implements(READ_REPLICATION)
def read_replication(
    request: LookRequest, snapshot: Snapshot, app: Dependencies
) -> Look | ActivityError | Halt:
    """One look at the version, judged; regions are written to the records when they have changed."""
    plan, polling = snapshot.planned, snapshot.accepted.limits.polling
    try:
        body = read_planned_version(app.arm, plan)
    except ArmAnswerError as error:
        return roles_may_come(error)
    reading = VersionReading(found=False) if body is None else version_reading(body)
    if reading.provisioning_state == "Failed":
        reading = _with_operation_error(app.arm, reading, snapshot)
    if reading.found and reading.regions != snapshot.regions:
        app.records.write_regions(request.migration_id, reading.regions)
    return judged_look(reading, plan.regions, request.polls, request.at - request.began, polling)


def _operation_of(snapshot: Snapshot) -> str | None:
    """Azure's operation for the last write of the version: asked for its error text when the version has failed."""
    for effect in (Effect.PROMOTION, Effect.VERSION):
        if effect in snapshot.latch.effects:
            return snapshot.latch.effects[effect].operation_url
    return None


@implements(PROMOTE_VERSION)
def promote_version(
    request: StepRequest, snapshot: Snapshot, app: Dependencies
) -> PromotionSent | ActivityError | Halt:
    """Set `excludeFromLatest`: the version as read with only that flag changed. Nothing is sent if it is so already."""
    plan = snapshot.planned
    if by := _rejected_by(snapshot):
        message = f"rejected by {by} after it was approved; nothing was promoted"
        return ActivityError(code="DeletionRejected", message=message)
    body = read_planned_version(app.arm, plan)
    if body is None:
        return ActivityError(code="VersionNotFound", message="the version is gone")
    existing = version_facts(body)
    if not made_from(existing, plan.image_id, plan.fingerprint.value):
        message = (
            "the version is not the one that was made from this image any more; it is left alone"
        )
        return ActivityError(code="VersionNotOurs", message=message)
    if existing.exclude_from_latest == plan.exclude_from_latest:
        return PromotionSent(changed=False)
    promoted = promotion_body(body, plan.exclude_from_latest)
    sent = send(
        app.records, request, Effect.PROMOTION, lambda until: _put(app, plan, promoted, until)
    )
    return sent if isinstance(sent, Halt) else PromotionSent(changed=True)


def _rejected_by(snapshot: Snapshot) -> str | None:
    """Whoever rejects before the promotion keeps the version hidden, as a rejection at the asking does."""
    verdict = snapshot.latch.verdict
    if verdict is None or verdict.state is not ApprovalState.REJECTED:
        return None
    return verdict.decided_by.approver if verdict.decided_by else "somebody"


def _with_operation_error(
    arm: ArmClient, reading: VersionReading, snapshot: Snapshot
) -> VersionReading:
    """Return the reading with the code and text of Azure's failed operation, if it can be read."""
    url = _operation_of(snapshot)
    error = operation_error(arm, snapshot.planned.gallery, url) if url else None
    if error is None:
        return reading
    return reading.model_copy(
        update={"error_code": error.get("code"), "error_message": error.get("message")}
    )
