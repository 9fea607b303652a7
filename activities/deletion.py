"""The one irreversible act: every check again, the recipe kept, the DELETE, and the proof that the image is gone.

Azure has no conditional delete for images, so between the last read and the DELETE a window of milliseconds remains,
in which an image re-created under the same name would be deleted (README, "What it does not promise").
"""

from datetime import datetime

import clock
from activities import arm
from activities.clients import compute
from activities.configuration import records
from activities.images import facts_with_creation, read_image_body
from activities.steps import step
from activities.versions import VersionStep, operation_error, read_version_body
from migration import answers
from migration.approval import Decision, StoredDecision
from migration.facts import version_facts
from migration.fingerprint import fingerprint_of
from migration.gate import Check, GateQuestion, GateReadings, check_gate, refusals
from migration.names import ComputeId, parse_gallery_id, parse_image_id
from migration.polling import version_reading
from migration.recorded import Latch
from migration.stages import ImageFate
from migration.wire import Json


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
    """`image`: `deleting`, `deleted`, `gone, not by us`, or `kept` with `refusals`; and the `checks`.

    Begins with all its reads every time it runs. The latch decides between this and a cancellation.
    """
    latch = records().set_latch(given.migration_id, Latch(kind="deletion", at=clock.now()))
    if latch.kind == "cancel":
        return answers.cancelled()
    image = parse_image_id(given.image_id)
    body = read_image_body(image)
    if body is None:
        sent = records().read_recipe(given.migration_id) is not None
        return answers.done({"image": ImageFate.DELETED if sent else ImageFate.GONE, "checks": []})
    version_body = read_version_body(
        parse_gallery_id(given.gallery_id), given.definition, given.version
    )
    if version_body is None:
        return _kept(["the image version is not there (any more)"], ())
    checks = check_gate(_readings(given, image, body, version_body), _question(given))
    if reasons := refusals(checks):
        return _kept(reasons, checks)
    return _delete(given, image, body, checks)


def _delete(given: GateAndDelete, image: ComputeId, body: Json, checks: tuple[Check, ...]) -> Json:
    records().write_recipe(given.migration_id, body, clock.now())
    client = compute(image.subscription)
    told = arm.begin(client.images.begin_delete, image.resource_group, image.name)
    value = {
        "image": "deleting",
        "checks": [check.to_wire() for check in checks],
        "operationUrl": told.operation_url,
    }
    return answers.done(value, told.correlation_id)


@step(ConfirmDeletion, heeds_cancel=False)
def confirm_deletion(given: ConfirmDeletion) -> Json:
    """`gone` once Azure answers 404 (or has another image of that name); `refusal` if its operation failed."""
    image = parse_image_id(given.image_id)
    body = read_image_body(image)
    if body is None:
        return answers.done({"gone": True, "refusal": None})
    now = fingerprint_of(facts_with_creation(image, body))
    if now.complete and now.value != given.fingerprint:
        return answers.done({"gone": True, "refusal": None, "replaced": True})
    error = operation_error(image, given.operation_url) if given.operation_url else None
    refusal = f"{error.get('code')}: {error.get('message')}" if error else None
    return answers.done({"gone": False, "refusal": refusal})


def _kept(reasons: list[str], checks: tuple[Check, ...]) -> Json:
    return answers.done(
        {
            "image": ImageFate.KEPT,
            "refusals": reasons,
            "checks": [check.to_wire() for check in checks],
        }
    )


def _readings(
    given: GateAndDelete, image: ComputeId, body: Json, version_body: Json
) -> GateReadings:
    return GateReadings(
        image_id=given.image_id,
        fingerprint_now=fingerprint_of(facts_with_creation(image, body)),
        version=version_facts(version_body),
        replication=version_reading(version_body),
        decision=_accepted_decision(given.migration_id),
    )


def _accepted_decision(migration_id: str) -> StoredDecision | None:
    """The approval that the workflow accepted, read from where the webhook stored it, not from any event."""
    snapshot = records().snapshot(migration_id)
    for received in snapshot.received if snapshot else ():
        ruling = snapshot.rulings.get(received.decision.key) if snapshot else None
        if (
            ruling is not None
            and ruling.accepted
            and received.decision.decision is Decision.APPROVE
        ):
            return received.decision
    return None


def _question(given: GateAndDelete) -> GateQuestion:
    return GateQuestion(
        migration_id=given.migration_id,
        approved_fingerprint=given.fingerprint,
        regions=given.regions,
        deadline=given.deadline,
    )
