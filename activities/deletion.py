"""The one irreversible act: every check again, the recipe kept, the DELETE, and the proof that the image is gone.

Azure has no conditional delete for images, so the image is read once more as the last reading before the DELETE, and
the intent is written after it. Between that reading and the DELETE's arrival a window remains, in which an image
re-created under the same name would be deleted (README, "What it does not promise"). A DELETE of an earlier run that
may be under way is never sent again: it is waited for, and what it did not do stays undone.
"""

from typing import NamedTuple

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

import clock
from activities import arm
from activities.activity import implements
from activities.arm_errors import error_of
from activities.clients import compute
from activities.configuration import records
from activities.effects import did_nothing, forget, send
from activities.images import facts_with_creation, read_image_body
from activities.versions import operation_error, read_version_body
from domain.deletion.gate import GateQuestion, GateReadings, check_gate, refusals
from domain.facts import version_facts
from domain.ids import ComputeId, parse_gallery_id, parse_image_id
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

_NOTHING_THERE = 204  # the answer to the DELETE of an image that does not exist (arm.md section 1)
_CHANGED_MEANWHILE = (
    "the managed image was made anew while it was being checked, or its creation time cannot be "
    "read any more"
)
_EARLIER_RUN = "one that an earlier run was about to send may be under way"

Answer = Deletion | ActivityError | Halt


@implements(DELETE_IMAGE)
def delete_image(request: StepRequest, snapshot: Snapshot) -> Answer:
    """Begins with all its reads every time it runs."""
    try:
        return _gate(request, snapshot)
    except HttpResponseError as error:
        refusal = error_of(error)
        if refusal.transient or snapshot.latch.deletion is None:
            raise
        return FateUnknown(reason=str(refusal))


def _gate(request: StepRequest, snapshot: Snapshot) -> Answer:
    """Every reading, every check, the recipe, the last look, the DELETE."""
    plan, before = snapshot.planned, snapshot.latch.deletion
    image = parse_image_id(plan.image_id)
    seen = _look(image)
    if seen is None or (before and _is_another(seen.fingerprint, plan.fingerprint)):
        return ImageGone(by_us=before is not None)
    if before and before.run != request.run:
        return DeletionSent(began=before.began, refused=_EARLIER_RUN)
    reasons = _reasons(request, snapshot, seen.fingerprint)
    if reasons:
        return _shut(reasons, before)
    if not (before and _being_deleted(seen.body)):  # what was kept before the DELETE is the recipe
        records().write_recipe(request.migration_id, seen.body, clock.now())
    return _look_again_and_delete(request, snapshot, image)


def _reasons(request: StepRequest, snapshot: Snapshot, now: Fingerprint) -> list[str]:
    """Why the gate is shut; empty when it is open. What was found is kept in the records."""
    plan = snapshot.planned
    gallery = parse_gallery_id(plan.gallery_id)
    body = read_version_body(gallery, plan.definition_name, plan.version_name)
    if body is None:
        return ["the image version is not there (any more)"]
    checks = check_gate(_readings(snapshot, now, body), _question(snapshot))
    records().write_checks(request.migration_id, [check.to_wire() for check in checks])
    return refusals(checks)


def _look_again_and_delete(request: StepRequest, snapshot: Snapshot, image: ComputeId) -> Answer:
    before, approved = snapshot.latch.deletion, snapshot.planned.fingerprint
    last = _look(image)
    if last is None or (before and _is_another(last.fingerprint, approved)):
        return ImageGone(by_us=before is not None)
    if not last.fingerprint.complete or last.fingerprint.value != approved.value:
        return _shut([_CHANGED_MEANWHILE], before)
    return _delete(request, image, before)


def _delete(request: StepRequest, image: ComputeId, before: Intent | None) -> Answer:
    """`before`: an earlier try of this run may have arrived, which a refusal of this one does not undo."""
    began = before.began if before else clock.now()
    try:
        delete = compute(image.subscription).images.begin_delete
        sent = send(
            request,
            Effect.DELETION,
            lambda: arm.begin(delete, image.resource_group, image.name),
        )
    except ResourceNotFoundError as error:
        arm.check_missing(error)
        return ImageGone(by_us=before is not None)
    except HttpResponseError as error:
        refusal = error_of(error)
        if refusal.transient or (before is None and did_nothing(error)):
            raise
        return DeletionSent(began=began, refused=str(refusal))
    if isinstance(sent, Halt):
        return sent
    if sent.status == _NOTHING_THERE:
        forget(request, Effect.DELETION)
        return ImageGone(by_us=before is not None)
    return DeletionSent(began=began)


class Seen(NamedTuple):
    """An image as it was read."""

    body: Json
    fingerprint: Fingerprint


def _look(image: ComputeId) -> Seen | None:
    """The image and its fingerprint, the creation time read last; None if it is not there."""
    body = read_image_body(image)
    if body is None:
        return None
    return Seen(body, fingerprint_of(facts_with_creation(image, body)))


def _being_deleted(image: Json) -> bool:
    return bool((image.get("properties") or {}).get("provisioningState") == "Deleting")


@implements(CONFIRM_DELETION)
def confirm_deletion(
    _request: StepRequest, snapshot: Snapshot
) -> DeletionState | ActivityError | Halt:
    """Gone once Azure answers 404, or has another image of that name."""
    plan, intent = snapshot.planned, snapshot.latch.deletion
    image = parse_image_id(plan.image_id)
    body = read_image_body(image)
    if body is None:
        return DeletionState(gone=True)
    now = fingerprint_of(facts_with_creation(image, body))
    if _is_another(now, plan.fingerprint):
        return DeletionState(gone=True)
    url = intent.operation_url if intent else None
    error = operation_error(image, url) if url else None
    refusal = f"{error.get('code')}: {error.get('message')}" if error else ""
    return DeletionState(gone=False, refusal=refusal)


def _is_another(now: Fingerprint, approved: Fingerprint) -> bool:
    """Whether the image that is there now is certainly not the approved one."""
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
