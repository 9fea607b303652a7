"""The one irreversible act: every check again, the recipe kept, the DELETE, and the proof that the image is gone.

Azure has no conditional delete for images, so the image is read once more as the last reading before the DELETE, and
the intent is written after it. Between that reading and the DELETE's arrival a window remains, in which an image
re-created under the same name would be deleted (README, "What it does not promise"). A DELETE of an earlier run that
may be under way is never sent again: it is waited for, and what it did not do stays undone.
"""

from typing import NamedTuple

import clock
from activities.activity import implements
from activities.versions import read_planned_version
from arm.client import ArmClient
from arm.errors import ArmAnswerError
from arm.images import begin_deletion, facts_with_creation, read_image_body
from arm.operations import operation_error
from arm.requests import check_missing
from domain.deletion.gate import GateQuestion, GateReadings, check_gate, refusals
from domain.facts import version_facts
from domain.ids import ComputeId
from domain.messages import (
    CONFIRM_DELETION,
    DELETE_IMAGE,
    Deletion,
    DeletionRefused,
    DeletionSent,
    DeletionState,
    FateUnknown,
    ImageGone,
    StepRequest,
)
from domain.migration.fingerprint import Fingerprint, fingerprint_of
from domain.migration.latch import Effect, Halt, Intent
from domain.migration.polling import version_reading
from domain.migration.recorded import Snapshot
from domain.results import ActivityError
from domain.values import Json
from services.dependencies import Dependencies
from services.effects import did_nothing, forget, send

# The answer to the DELETE of an image that does not exist: docs/platform-notes.md#deleting-what-is-not-there
_NOTHING_THERE = 204
_CHANGED_MEANWHILE = (
    "the managed image was made anew while it was being checked, or its creation time cannot be "
    "read any more"
)
_EARLIER_RUN = "one that an earlier run was about to send may be under way"

Answer = Deletion | ActivityError | Halt


@implements(DELETE_IMAGE)
def delete_image(request: StepRequest, snapshot: Snapshot, app: Dependencies) -> Answer:
    """Check everything again and send the DELETE. It begins with all its reads every time it runs."""
    try:
        return _gate(request, snapshot, app)
    except ArmAnswerError as error:
        if error.value.transient or snapshot.latch.deletion is None:
            raise
        return FateUnknown(reason=str(error.value))


def _gate(request: StepRequest, snapshot: Snapshot, app: Dependencies) -> Answer:
    """Make every reading and every check, keep the recipe, look once more, and send the DELETE."""
    plan, before = snapshot.planned, snapshot.latch.deletion
    image = plan.image
    seen = _look(app.arm, image)
    if seen is None or (before and _is_another(seen.fingerprint, plan.fingerprint)):
        return ImageGone(by_us=before is not None)
    if before and before.run != request.run:
        return DeletionSent(began=before.began, refused=_EARLIER_RUN)
    reasons = _reasons(snapshot, seen.fingerprint, app)
    if reasons:
        return _shut(reasons, before)
    # What was kept before the DELETE is the recipe.
    if not (before and _being_deleted(seen.body)):
        app.records.write_recipe(request.migration_id, seen.body, clock.now())
    return _look_again_and_delete(request, snapshot, app, image)


def _reasons(snapshot: Snapshot, now: Fingerprint, app: Dependencies) -> list[str]:
    """Return why the gate is shut, nothing when it is open, and keep what was found in the records."""
    body = read_planned_version(app.arm, snapshot.planned)
    if body is None:
        return ["the image version is not there (any more)"]
    checks = check_gate(_readings(snapshot, now, body), _question(snapshot))
    app.records.write_checks(
        snapshot.accepted.id, [check.model_dump(mode="json") for check in checks]
    )
    return refusals(checks)


def _look_again_and_delete(
    request: StepRequest, snapshot: Snapshot, app: Dependencies, image: ComputeId
) -> Answer:
    before, approved = snapshot.latch.deletion, snapshot.planned.fingerprint
    # The last look: docs/platform-notes.md#no-conditional-delete
    last = _look(app.arm, image)
    if last is None or (before and _is_another(last.fingerprint, approved)):
        return ImageGone(by_us=before is not None)
    if not last.fingerprint.complete or last.fingerprint.value != approved.value:
        return _shut([_CHANGED_MEANWHILE], before)
    return _delete(app, request, image, before)


def _delete(
    app: Dependencies, request: StepRequest, image: ComputeId, before: Intent | None
) -> Answer:
    """`before`: an earlier try of this run may have arrived, which a refusal of this one does not undo."""
    began = before.began if before else clock.now()
    try:
        sent = send(
            app.records,
            request,
            Effect.DELETION,
            lambda: begin_deletion(app.arm, image),
        )
    except ArmAnswerError as error:
        if error.missing:
            check_missing(error)
            return ImageGone(by_us=before is not None)
        if error.value.transient or (before is None and did_nothing(error)):
            raise
        return DeletionSent(began=began, refused=str(error.value))
    if isinstance(sent, Halt):
        return sent
    if sent.status == _NOTHING_THERE:
        forget(app.records, request, Effect.DELETION)
        return ImageGone(by_us=before is not None)
    return DeletionSent(began=began)


class Seen(NamedTuple):
    """An image as it was read."""

    body: Json
    fingerprint: Fingerprint


def _look(arm: ArmClient, image: ComputeId) -> Seen | None:
    """The image and its fingerprint, the creation time read last; None if it is not there."""
    body = read_image_body(arm, image)
    if body is None:
        return None
    return Seen(body, fingerprint_of(facts_with_creation(arm, image, body)))


def _being_deleted(image: Json) -> bool:
    return bool((image.get("properties") or {}).get("provisioningState") == "Deleting")


@implements(CONFIRM_DELETION)
def confirm_deletion(
    _request: StepRequest, snapshot: Snapshot, app: Dependencies
) -> DeletionState | ActivityError | Halt:
    """Gone once Azure answers 404, or has another image of that name."""
    plan, intent = snapshot.planned, snapshot.latch.deletion
    image = plan.image
    body = read_image_body(app.arm, image)
    if body is None:
        return DeletionState(gone=True)
    if _being_deleted(body):
        return DeletionState(gone=False)
    now = fingerprint_of(facts_with_creation(app.arm, image, body))
    if _is_another(now, plan.fingerprint):
        return DeletionState(gone=True)
    url = intent.operation_url if intent else None
    error = operation_error(app.arm, image, url) if url else None
    refusal = f"{error.get('code')}: {error.get('message')}" if error else ""
    return DeletionState(gone=False, refusal=refusal)


def _is_another(now: Fingerprint, approved: Fingerprint) -> bool:
    """Return True if the image that is there now is certainly not the approved one."""
    return now.complete and now.value != approved.value


def _shut(reasons: list[str], before: Intent | None) -> DeletionSent | DeletionRefused:
    """No DELETE now, so the image is kept; unless an earlier one is under way, which the confirmation tells."""
    if before:
        return DeletionSent(began=before.began, refused="; ".join(reasons))
    return DeletionRefused(reasons=tuple(reasons))


def _readings(snapshot: Snapshot, now: Fingerprint, version_body: Json) -> GateReadings:
    return GateReadings(
        image_id=snapshot.planned.image_id,
        fingerprint_now=now,
        version=version_facts(version_body),
        replication=version_reading(version_body),
        decision=snapshot.accepted_decision,
    )


def _question(snapshot: Snapshot) -> GateQuestion:
    approval, plan = snapshot.state.approval, snapshot.planned
    if approval is None:
        raise LookupError(f"{snapshot.accepted.id} was never asked about")
    return GateQuestion(
        migration_id=snapshot.accepted.id,
        approved_fingerprint=plan.fingerprint.value,
        regions=plan.regions,
        deadline=approval.deadline,
    )
