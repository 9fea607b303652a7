"""The one irreversible act: every check again, the recipe kept, the DELETE, and the proof that the image is gone.

Azure has no conditional delete for images, so the image is read once more as the very last thing before the DELETE.
Between that reading and the DELETE's arrival a window remains, in which an image re-created under the same name would
be deleted (README, "What it does not promise").
"""

from datetime import datetime
from typing import NamedTuple

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

import clock
from activities import arm
from activities.arm_errors import error_of
from activities.clients import compute
from activities.configuration import records
from activities.images import facts_with_creation, read_image_body
from activities.steps import step
from activities.versions import VersionStep, operation_error, read_version_body
from migration import answers
from migration.approval import Decision, StoredDecision
from migration.facts import version_facts
from migration.fingerprint import Fingerprint, fingerprint_of
from migration.gate import Check, GateQuestion, GateReadings, check_gate, refusals
from migration.names import ComputeId, parse_gallery_id, parse_image_id
from migration.polling import version_reading
from migration.recorded import Latch
from migration.stages import ImageFate
from migration.wire import Json

_NOTHING_THERE = 204  # the answer to the DELETE of an image that does not exist (arm.md section 1)
_CHANGED_MEANWHILE = (
    "the managed image was made anew while it was being checked, or its creation time cannot be "
    "read any more"
)


class GateAndDelete(VersionStep):
    """What was approved."""

    image_id: str
    fingerprint: str
    regions: tuple[str, ...]
    deadline: datetime


class ConfirmDeletion(VersionStep):
    """The image whose DELETE was sent, and Azure's operation for it."""

    image_id: str
    fingerprint: str
    operation_url: str | None = None


@step(GateAndDelete, heeds_cancel=False)
def gate_and_delete(given: GateAndDelete) -> Json:
    """`image`: `deleting`, `deleted`, `gone, not by us`, or `kept` or `unknown` with `refusals`; and the `checks`.

    `deleting` comes with `operationUrl`, or with the `refusal` of a repeated DELETE (by Azure, or by a gate that is
    shut now) while the first may be under way.

    Begins with all its reads every time it runs. The latch decides between this and a cancellation.
    """
    latch = records().set_latch(given.migration_id, Latch(kind="deletion", at=clock.now()))
    if latch.kind != "deletion" or _ended(given.migration_id):
        return answers.cancelled()  # nor may a late second run delete what was reported as kept
    image = parse_image_id(given.image_id)
    recipe = records().read_recipe(given.migration_id)
    sent = recipe is not None and recipe.get("sent", True)
    try:
        return _gate(given, image, sent=sent)
    except HttpResponseError as error:
        refusal = error_of(error)
        if refusal.transient or not sent:
            raise
        return _ended_open(refusal)


def _gate(given: GateAndDelete, image: ComputeId, *, sent: bool) -> Json:
    """Every reading, every check, the recipe, the last look, the DELETE; `sent`: one may have been sent before."""
    seen = _look(image)
    if seen is None or (sent and _is_another(seen.fingerprint, given.fingerprint)):
        return _gone(sent, ())
    version_body = read_version_body(
        parse_gallery_id(given.gallery_id), given.definition, given.version
    )
    if version_body is None:
        return _shut(["the image version is not there (any more)"], (), sent=sent)
    checks = check_gate(_readings(given, seen.fingerprint, version_body), _question(given))
    if reasons := refusals(checks):
        return _shut(reasons, checks, sent=sent)
    if not (sent and _being_deleted(seen.body)):  # what was kept before the DELETE is the recipe
        records().write_recipe(given.migration_id, seen.body, clock.now())
    return _look_again_and_delete(given, image, checks, sent=sent)


def _look_again_and_delete(
    given: GateAndDelete, image: ComputeId, checks: tuple[Check, ...], *, sent: bool
) -> Json:
    last = _look(image)
    if last is None or (sent and _is_another(last.fingerprint, given.fingerprint)):
        return _gone(sent, checks)
    if not last.fingerprint.complete or last.fingerprint.value != given.fingerprint:
        if not sent:
            records().mark_unsent(given.migration_id)
        return _shut([_CHANGED_MEANWHILE], checks, sent=sent)
    return _delete(given.migration_id, image, checks, sent=sent)


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


def _ended_open(refusal: answers.AzureError) -> Json:
    """A DELETE may have arrived, and Azure will not let it be known (a role was taken away, say)."""
    return answers.done(
        {"image": ImageFate.UNKNOWN, "refusals": [str(refusal)], "checks": []},
        refusal.correlation_id,
    )


def _was_not_done(refusal: answers.AzureError) -> bool:
    """Whether Azure says that it has not deleted, so that a later 404 is not our doing; a 5xx leaves it open."""
    return 400 <= (refusal.status or 0) < 500


def _being_deleted(image: Json) -> bool:
    return bool((image.get("properties") or {}).get("provisioningState") == "Deleting")


def _delete(migration_id: str, image: ComputeId, checks: tuple[Check, ...], *, sent: bool) -> Json:
    """`sent`: an earlier run may have sent a DELETE already, which a refusal of this one does not undo."""
    value = {"image": "deleting", "checks": [check.to_wire() for check in checks]}
    try:
        delete = compute(image.subscription).images.begin_delete
        told = arm.begin(delete, image.resource_group, image.name)
    except ResourceNotFoundError as error:
        arm.check_missing(error)
        return _was_gone(migration_id, checks, sent=sent)
    except HttpResponseError as error:
        refusal = error_of(error)
        if not sent and _was_not_done(refusal):
            records().mark_unsent(migration_id)
        if refusal.transient or not sent:
            raise
        return answers.done({**value, "refusal": str(refusal)}, refusal.correlation_id)
    if told.status == _NOTHING_THERE:
        return _was_gone(migration_id, checks, sent=sent)
    return answers.done({**value, "operationUrl": told.operation_url}, told.correlation_id)


@step(ConfirmDeletion, heeds_cancel=False)
def confirm_deletion(given: ConfirmDeletion) -> Json:
    """`gone` once Azure answers 404 (or has another image of that name); `refusal` if its operation failed."""
    image = parse_image_id(given.image_id)
    body = read_image_body(image)
    if body is None:
        return answers.done({"gone": True, "refusal": None})
    now = fingerprint_of(facts_with_creation(image, body))
    if _is_another(now, given.fingerprint):
        return answers.done({"gone": True, "refusal": None, "replaced": True})
    error = operation_error(image, given.operation_url) if given.operation_url else None
    refusal = f"{error.get('code')}: {error.get('message')}" if error else None
    return answers.done({"gone": False, "refusal": refusal})


def _ended(migration_id: str) -> bool:
    snapshot = records().snapshot(migration_id)
    return snapshot is not None and snapshot.finished is not None


def _is_another(now: Fingerprint, approved: str) -> bool:
    """Whether the image that is there now is certainly not the approved one."""
    return now.complete and now.value != approved


def _gone(sent: bool, checks: tuple[Check, ...]) -> Json:
    fate = ImageFate.DELETED if sent else ImageFate.GONE
    return answers.done({"image": fate, "checks": [check.to_wire() for check in checks]})


def _was_gone(migration_id: str, checks: tuple[Check, ...], *, sent: bool) -> Json:
    """The DELETE found nothing; a second run, which finds nothing either, must not take that for its own work."""
    if not sent:
        records().mark_unsent(migration_id)
    return _gone(sent, checks)


def _shut(reasons: list[str], checks: tuple[Check, ...], *, sent: bool) -> Json:
    """No DELETE now, so the image is kept; `sent`: unless an earlier one is under way, which the confirmation tells."""
    value = {"checks": [check.to_wire() for check in checks]}
    if sent:
        return answers.done({**value, "image": "deleting", "refusal": "; ".join(reasons)})
    return answers.done({**value, "image": ImageFate.KEPT, "refusals": reasons})


def _readings(given: GateAndDelete, now: Fingerprint, version_body: Json) -> GateReadings:
    return GateReadings(
        image_id=given.image_id,
        fingerprint_now=now,
        version=version_facts(version_body),
        replication=version_reading(version_body),
        decision=_accepted_decision(given.migration_id),
    )


def _accepted_decision(migration_id: str) -> StoredDecision | None:
    """The decision that the workflow accepted, read from where the webhook stored it, not from any event.

    Should two runs at once have accepted one each, a rejection counts: its sender was told that the image is kept.
    """
    snapshot = records().snapshot(migration_id)
    if snapshot is None:
        return None
    accepted = {key for key, ruling in snapshot.rulings.items() if ruling.accepted}
    found = [r.decision for r in snapshot.received if r.decision.key in accepted]
    return min(found, key=lambda decision: decision.decision is Decision.APPROVE, default=None)


def _question(given: GateAndDelete) -> GateQuestion:
    return GateQuestion(
        migration_id=given.migration_id,
        approved_fingerprint=given.fingerprint,
        regions=given.regions,
        deadline=given.deadline,
    )
