"""The gate without its DELETE, for a person: all of its reads and checks as they are now, at whatever stage."""

import clock
from arm.images import read_image_facts
from arm.versions import read_version_body
from domain.deletion.actions import completed
from domain.deletion.deployment import Asking, deployment_checks
from domain.deletion.evidence import Check
from domain.migration.recorded import Approval, Snapshot
from services.dependencies import Dependencies
from services.gate import AtAzure, deployment_now, made_checks
from services.protections import protections_of
from services.references import scan_references
from services.threads import at_azure, in_records
from services.versions import versions_of_image

NOT_PLANNED = "not looked at: the migration has no plan yet"
NO_IMAGE = "not looked at: the image is not there"
NO_VERSION = "not looked at: the image version is not there"
NOTHING_APPROVED = "nothing is approved yet"


async def dry_run(app: Dependencies, snapshot: Snapshot) -> tuple[Check, ...]:
    """Every check of the gate, made on what is there now. Deletes nothing and
    writes nothing. Raises ArmError, UnexpectedResponseError, AzureBusyError and RecordError."""
    plan = snapshot.plan
    if plan is None:
        return await _the_rest(app, snapshot, NOT_PLANNED)
    image = await at_azure(read_image_facts, app.arm, plan.image)
    if image is None:
        return await _the_rest(app, snapshot, NO_IMAGE)
    names = (plan.gallery, plan.definition_name, plan.version_name)
    version = await at_azure(read_version_body, app.arm, *names)
    if version is None:
        return await _the_rest(app, snapshot, NO_VERSION)
    others = await at_azure(versions_of_image, app, snapshot)
    scan = await scan_references(app, plan.image, image, plan.version_id, keep=False)
    protected = await at_azure(protections_of, app, plan, version)
    read = AtAzure(image, version, others, scan, protected)
    checks = await in_records(made_checks, app, asked(snapshot), read, version)
    return completed(checks, NOTHING_APPROVED)


async def _the_rest(app: Dependencies, snapshot: Snapshot, why: str) -> tuple[Check, ...]:
    deployment = await in_records(deployment_now, app)
    asking = Asking(snapshot.accepted.id, clock.now())
    return completed(deployment_checks(deployment, asking), why)


def asked(snapshot: Snapshot) -> Snapshot:
    """The migration as if it had been asked about now, if nobody has been yet."""
    if snapshot.state.approval is not None:
        return snapshot
    now = clock.now()
    approval = Approval(deadline=now, asked_at=now, fingerprint=snapshot.planned.fingerprint.value)
    state = snapshot.state.model_copy(update={"approval": approval})
    return snapshot.model_copy(update={"state": state})
