"""The one irreversible act: every check again, the recipe kept, the DELETE, and the proof that the image is gone.

Azure has no conditional delete for images, so the image is read once more as the last reading before the DELETE, and
the intent is written after it. Between that reading and the DELETE's arrival a window remains, in which an image
re-created under the same name would be deleted (README, "What it does not promise"). A DELETE of an earlier run that
may be under way is never sent again: it is waited for. Once none can be any more and the image is there as it was, the
intent is given back, and everything begins anew (docs/deletion.md, "A run that dies before its DELETE").
"""

import logging
from typing import NamedTuple

import clock
from activities.activity import implements
from activities.versions import read_planned_version
from arm.client import ArmClient
from arm.errors import ArmAnswerError
from arm.images import (
    begin_deletion,
    check_image_missing,
    facts_with_creation,
    read_image_body,
)
from arm.operations import operation_error
from domain.audit import facts
from domain.audit.chain import DEPLOYMENT
from domain.deletion.actions import next_action, refusals
from domain.deletion.answers import DeletionObserved, DeletionWaits
from domain.deletion.emergency_stop import stop_check
from domain.deletion.late_users import LOOK_AFTER
from domain.deletion.observing import WOULD_DELETE, observation
from domain.deletion.permission import NOT_PERMITTED
from domain.deletion.stated import StatementChanged
from domain.deletion.uses import worth_another_try
from domain.facts import ImageFacts, VersionFacts
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
from domain.migration.latch import Effect, Halt, Intent, give_back
from domain.migration.planning import Plan
from domain.migration.recorded import Snapshot
from domain.results import ActivityError
from domain.values import Json
from services.dependencies import Dependencies
from services.effects import did_nothing, forget, send
from services.gate import AtAzure, Shut, held_against, reserve
from services.protections import protections_of
from services.references import scan_now
from services.versions import versions_of_image

# The answer to the DELETE of an image that does not exist: docs/platform-notes.md#deleting-what-is-not-there
_NOTHING_THERE = 204
_EARLIER_RUN = "one that an earlier run was about to send may be under way"

Answer = Deletion | ActivityError | Halt

log = logging.getLogger("gallery_migrator")


class Seen(NamedTuple):
    """An image as it was read, with its creation time."""

    body: Json
    facts: ImageFacts


def _look(arm: ArmClient, image: ComputeId) -> Seen | None:
    """The image, the creation time read last; None if it is not there."""
    body = read_image_body(arm, image)
    return None if body is None else Seen(body, facts_with_creation(arm, image, body))


@implements(DELETE_IMAGE)
def delete_image(request: StepRequest, snapshot: Snapshot, app: Dependencies) -> Answer:
    """Check everything again and send the DELETE. It begins with all its reads every time it runs."""
    try:
        return _told(app, _gate(request, snapshot, app))
    except ArmAnswerError as error:
        if error.value.transient or app.records.read_latch(request.migration_id).deletion is None:
            raise
        return FateUnknown(reason=str(error.value))


def _told(app: Dependencies, answer: Answer) -> Answer:
    """The answer; of a deployment that observes, what it would have been."""
    if app.settings.deletion_observed and isinstance(answer, DeletionRefused):
        return DeletionObserved(reason=observation(answer.reasons))
    return answer


def _gate(request: StepRequest, snapshot: Snapshot, app: Dependencies) -> Answer:
    """Make every reading and every check, keep the recipe, look once more, and send the DELETE."""
    plan, before = snapshot.planned, snapshot.latch.deletion
    seen = _look(app.arm, plan.image)
    if seen is None:
        return _gone(app, request)
    if before and _is_another(fingerprint_of(seen.facts), plan.fingerprint):
        return ImageGone(by_us=True)
    if before and before.run != request.run:
        return _after_an_earlier_run(request, app, plan, before, seen)
    others = versions_of_image(app, snapshot)
    version = read_planned_version(app.arm, plan)
    protected = protections_of(app, plan, version)
    read = AtAzure(seen.facts, version, others, protected=protected)
    if shut := held_against(app, snapshot, read):
        return _shut(app, request, shut)
    # What was kept before the DELETE is the recipe.
    if not _being_deleted(seen.body):
        app.records.write_recipe(request.migration_id, seen.body, clock.now())
    return _look_again_and_delete(request, app, plan, others, seen)


def _after_an_earlier_run(
    request: StepRequest, app: Dependencies, plan: Plan, before: Intent, seen: Seen
) -> Answer:
    """Wait for its DELETE; once nothing of it can be under way and the image is as it was, begin anew without it."""
    lapses, now = before.lapses_at, clock.now()
    image = fingerprint_of(seen.facts)
    untouched = image.complete and image.value == plan.fingerprint.value
    waiting = DeletionSent(began=before.began, refused=_EARLIER_RUN, lapses_at=lapses)
    if lapses is None or now <= lapses or not untouched or _being_deleted(seen.body):
        return waiting
    held = app.records.change_latch(
        request.migration_id, lambda latch: give_back(latch, request.run, before, now)
    )
    if isinstance(held, Halt):
        return held if held is Halt.ENDED else waiting
    log.warning(
        "%s: run %s never sent the deletion that it intended at %s: given back by run %s",
        request.migration_id,
        before.run,
        before.at.isoformat(),
        request.run,
    )
    snapshot = app.records.snapshot(request.migration_id)
    return Halt.ENDED if snapshot is None else _gate(request, snapshot, app)


def _look_again_and_delete(
    request: StepRequest,
    app: Dependencies,
    plan: Plan,
    others: tuple[VersionFacts, ...],
    seen: Seen,
) -> Answer:
    """Every check again on what is there now: version, users of the image, decisions, and at last the image."""
    version = read_planned_version(app.arm, plan)
    protected = protections_of(app, plan, version)
    scan = scan_now(app, plan.image, seen.facts, plan.version_id)
    snapshot = app.records.snapshot(request.migration_id)
    if snapshot is None:
        return Halt.ENDED
    before = snapshot.latch.deletion
    # The last look: docs/platform-notes.md#no-conditional-delete
    last = _look(app.arm, plan.image)
    if last is None:
        return _gone(app, request)
    if before and _is_another(fingerprint_of(last.facts), plan.fingerprint):
        return ImageGone(by_us=True)
    if later := worth_another_try(scan, clock.now()):
        return later
    if shut := held_against(app, snapshot, AtAzure(last.facts, version, others, scan, protected)):
        return _shut(app, request, shut)
    due, known = clock.now() + LOOK_AFTER, tuple(user.id for user in scan.users)
    app.records.plan_later_scan(request.migration_id, due, known)
    return _delete(app, request, plan.image, before, scan.images)


def _gone(app: Dependencies, request: StepRequest) -> ImageGone:
    """Nothing is there. What was sent is read again: another run of this step may have sent it meanwhile."""
    sent = app.records.read_latch(request.migration_id).deletion
    return ImageGone(by_us=sent is not None)


def _delete(
    app: Dependencies, request: StepRequest, image: ComputeId, before: Intent | None, images: int
) -> Answer:
    """`before`: an earlier try of this run may have arrived, which a refusal of this one does not undo."""
    deleter = app.deleter
    if deleter is None:
        return _shut(app, request, Shut([NOT_PERMITTED]))
    if app.settings.deletion_observed:
        return _shut(app, request, Shut([WOULD_DELETE]))
    if shut := _last_moment(app, request, images):
        return _shut(app, request, shut)
    began = before.began if before else clock.now()
    try:
        sent = send(
            app.records,
            request,
            Effect.DELETION,
            lambda until: begin_deletion(deleter, image, until),
        )
    except ArmAnswerError as error:
        if error.missing:
            check_image_missing(app.arm, image, error)
            return _gone(app, request)
        if error.value.transient or (before is None and did_nothing(error)):
            raise
        return DeletionSent(began=began, refused=str(error.value))
    if sent is Halt.REJECTED:
        text = "deletion approved: no (it was rejected in the last moment)"
        return _shut(app, request, Shut([f"{text}; {next_action('deletion approved')}"]))
    if isinstance(sent, Halt):
        return sent
    if sent.status == _NOTHING_THERE:
        forget(app.records, request, Effect.DELETION)
        return _gone(app, request)
    return DeletionSent(began=began)


def _last_moment(app: Dependencies, request: StepRequest, images: int) -> Shut | None:
    """Take one of the day's DELETEs, and read the emergency stop once more."""
    reserved = reserve(app, request.migration_id, images)
    if not reserved.passed:
        return Shut(refusals([reserved]), reserved.opens_at)
    stopped = stop_check(app.records.read_stop(), by_setting=app.settings.deletion_stopped)
    return None if stopped.passed else Shut(refusals([stopped]))


def _being_deleted(image: Json) -> bool:
    return bool((image.get("properties") or {}).get("provisioningState") == "Deleting")


@implements(CONFIRM_DELETION)
def confirm_deletion(
    request: StepRequest, snapshot: Snapshot, app: Dependencies
) -> DeletionState | ActivityError | Halt:
    """Gone once Azure answers 404, or has another image of that name."""
    plan, intent = snapshot.planned, snapshot.latch.deletion
    image = plan.image
    body = read_image_body(app.arm, image)
    if body is None:
        return _confirmed(app, request)
    if _being_deleted(body):
        return DeletionState(gone=False)
    now = fingerprint_of(facts_with_creation(app.arm, image, body))
    if _is_another(now, plan.fingerprint):
        return _confirmed(app, request)
    url = intent.operation_url if intent else None
    error = operation_error(app.arm, image, url) if url else None
    refusal = f"{error.get('code')}: {error.get('message')}" if error else ""
    return DeletionState(gone=False, refusal=refusal)


def _confirmed(app: Dependencies, request: StepRequest) -> DeletionState:
    """It is gone: a fact of the migration, and of the deployment."""
    event = facts.confirmed(request.migration_id, request.run, clock.now())
    app.records.write_audit(request.migration_id, event)
    app.records.write_audit(DEPLOYMENT, event)
    return DeletionState(gone=True)


def _is_another(now: Fingerprint, approved: Fingerprint) -> bool:
    """Return True if the image that is there now is certainly not the approved one."""
    return now.complete and now.value != approved.value


def _shut(app: Dependencies, request: StepRequest, shut: Shut) -> Answer:
    """No DELETE now, so the image is kept; unless one is under way, of an earlier try or of another run of this step,
    which the confirmation tells, or unless it is to be asked again, or the gate opens by itself in time."""
    sent, reason = app.records.read_latch(request.migration_id).deletion, "; ".join(shut.reasons)
    if sent:
        return DeletionSent(began=sent.began, refused=reason)
    if shut.changed:
        return StatementChanged(change=shut.changed)
    if shut.opens_at is not None:
        return DeletionWaits(until=shut.opens_at, reason=reason)
    return DeletionRefused(reasons=tuple(shut.reasons))
