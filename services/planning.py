"""Read everything a plan needs, then decide. Writes nothing, so the HTTP edge plans with it too."""

from typing import NamedTuple

import clock
from arm.client import ArmClient
from arm.definitions import read_definition, read_definitions
from arm.errors import ArmAnswerError
from arm.galleries import read_gallery, read_soft_deleted_versions
from arm.images import read_image_facts
from arm.versions import read_version_body, read_versions
from domain.errors import Problem
from domain.facts import VersionFacts, version_facts
from domain.ids import ComputeId
from domain.migration.planning import Plan, make_plan
from domain.migration.requests import AUTO, MigrationRequest
from domain.migration.rules import Facts, busy
from services.dependencies import Dependencies

NO_APPROVALS = (
    "No approval can be given while APPROVAL_WEBHOOK_SECRETS is empty, so the image will be kept."
)


class ReadRefusedError(Exception):
    """Azure will not let a part of the request be read, now or later; `problem` names the field."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


class Draft(NamedTuple):
    """A plan for a migration id, from one reading of Azure; `lasting`: a workflow of that id need not plan again, since
    nothing was just being changed and the image's creation time is known."""

    migration_id: str
    plan: Plan | list[Problem]
    lasting: bool = False


def draft_plan(app: Dependencies, request: MigrationRequest, migration_id: str) -> Draft:
    """The plan for a request, or every problem. Raises the SDK's errors when Azure cannot answer now."""
    try:
        facts = read_facts(app.arm, request)
    except ReadRefusedError as refused:
        return Draft(migration_id, [refused.problem])
    plan = decide(app, request, facts, migration_id)
    complete = isinstance(plan, Plan) and plan.fingerprint.complete
    return Draft(migration_id, plan, lasting=complete and busy(facts) is None)


def decide(
    app: Dependencies, request: MigrationRequest, facts: Facts, migration_id: str
) -> Plan | list[Problem]:
    """The plan that these facts allow, or every problem."""
    plan = make_plan(
        request,
        facts,
        now=clock.now(),
        migration_id=migration_id,
        generation1_security=app.settings.generation1_security_type,
    )
    if isinstance(plan, Plan) and plan.deletion and not app.settings.approval_webhook_secrets:
        return plan.model_copy(update={"warnings": (*plan.warnings, NO_APPROVALS)})
    return plan


def read_facts(arm: ArmClient, request: MigrationRequest) -> Facts:
    """Read from Azure everything that a request names. Raises ReadRefusedError when it will not let a part be read."""
    gallery_id, name = request.gallery_id, request.image_definition.name
    field = "sourceImageId"
    try:
        image = read_image_facts(arm, request.source_image_id)
        field = "galleryId"
        gallery = read_gallery(arm, gallery_id)
        if gallery is None:
            return Facts(image=image, gallery=None)
        field = "imageDefinition"
        definition = read_definition(arm, gallery_id, name)
        if definition is None:
            others = read_definitions(arm, gallery_id)
            return Facts(image=image, gallery=gallery, other_definitions=others)
        field = "imageVersion"
        soft_deleted = (
            read_soft_deleted_versions(arm, gallery_id, name) if gallery.soft_delete else ()
        )
        versions = _versions(arm, gallery_id, name, request.image_version)
    except ArmAnswerError as error:
        if error.value.transient:
            raise
        message = f"Azure will not let it be read: {error.value}"
        raise ReadRefusedError(Problem(field=field, message=message)) from error
    return Facts(
        image=image,
        gallery=gallery,
        definition=definition,
        versions=versions,
        soft_deleted_versions=soft_deleted,
    )


def _versions(
    arm: ArmClient, gallery: ComputeId, definition: str, asked: str
) -> tuple[VersionFacts, ...]:
    if asked == AUTO:
        return read_versions(arm, gallery, definition)
    body = read_version_body(arm, gallery, definition, asked)
    return (version_facts(body),) if body is not None else ()
