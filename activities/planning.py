"""Read everything a plan needs, then decide. Writes nothing, so the HTTP edge plans with it too."""

from collections.abc import Callable
from typing import TypeVar

from azure.core.exceptions import HttpResponseError

import clock
from activities.arm_errors import error_of
from activities.configuration import settings
from activities.definitions import read_definition, read_definitions
from activities.galleries import read_gallery, read_soft_deleted_versions
from activities.images import read_image_facts
from activities.steps import StepInput, step
from activities.versions import read_version_body, read_versions
from migration import answers
from migration.facts import VersionFacts, version_facts
from migration.names import ComputeId, parse_gallery_id, parse_image_id
from migration.planning import Plan, make_plan
from migration.problems import Problem
from migration.requests import AUTO, MigrationRequest, request_from_record
from migration.rules import Facts, in_motion
from migration.wire import Json

NO_APPROVALS = (
    "No approval can be given while APPROVAL_WEBHOOK_SECRETS is empty, so the image will be kept."
)

T = TypeVar("T")


class PlanMigration(StepInput):
    """The accepted request."""

    request: Json


class ReadRefused(Exception):  # noqa: N818 - named after what is the case
    """Azure will not let a part of the request be read, now or later; `problem` names the field."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


@step(PlanMigration)
def plan_migration(given: PlanMigration) -> Json:
    """`plan`, or `problems` if there is none. What is being made or changed just now is waited for."""
    request = request_from_record(given.request)
    try:
        facts = read_facts(request)
    except ReadRefused as refused:
        return answers.done({"problems": [refused.problem.to_wire()]})
    if busy := in_motion(facts):
        return answers.failed(answers.AzureError(code="NotReadyYet", message=busy, transient=True))
    plan = _decide(request, facts, given.migration_id)
    if isinstance(plan, Plan):
        return answers.done({"plan": plan.to_wire()})
    return answers.done({"problems": [problem.to_wire() for problem in plan]})


def plan_for(request: MigrationRequest, migration_id: str) -> Plan | list[Problem]:
    """The plan for a request, or every problem. Raises the SDK's errors when Azure cannot answer now."""
    try:
        facts = read_facts(request)
    except ReadRefused as refused:
        return [refused.problem]
    return _decide(request, facts, migration_id)


def _decide(request: MigrationRequest, facts: Facts, migration_id: str) -> Plan | list[Problem]:
    plan = make_plan(
        request,
        facts,
        now=clock.now(),
        migration_id=migration_id,
        generation1_security=settings().generation1_security_type,
    )
    if isinstance(plan, Plan) and plan.deletion and not settings().approval_webhook_secrets:
        return plan.model_copy(update={"warnings": (*plan.warnings, NO_APPROVALS)})
    return plan


def read_facts(request: MigrationRequest) -> Facts:
    """What Azure knows about everything that a request names."""
    gallery_id = parse_gallery_id(request.gallery_id)
    name = request.image_definition.name
    image = _asked(
        "sourceImageId", lambda: read_image_facts(parse_image_id(request.source_image_id))
    )
    gallery = _asked("galleryId", lambda: read_gallery(gallery_id))
    if gallery is None:
        return Facts(image=image, gallery=None)
    definition = _asked("imageDefinition", lambda: read_definition(gallery_id, name))
    if definition is None:
        others = _asked("imageDefinition", lambda: read_definitions(gallery_id))
        return Facts(image=image, gallery=gallery, other_definitions=others)
    versions, soft_deleted = _asked(
        "imageVersion",
        lambda: _versions(gallery_id, name, request.image_version, soft_delete=gallery.soft_delete),
    )
    return Facts(
        image=image,
        gallery=gallery,
        definition=definition,
        versions=versions,
        soft_deleted_versions=soft_deleted,
    )


def _versions(
    gallery: ComputeId, definition: str, asked: str, *, soft_delete: bool
) -> tuple[tuple[VersionFacts, ...], tuple[str, ...]]:
    soft_deleted = read_soft_deleted_versions(gallery, definition) if soft_delete else ()
    if asked == AUTO:
        return read_versions(gallery, definition), soft_deleted
    body = read_version_body(gallery, definition, asked)
    return ((version_facts(body),) if body is not None else ()), soft_deleted


def _asked(field: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except HttpResponseError as error:
        value = error_of(error)
        if value.transient:
            raise
        raise ReadRefused(
            Problem(field=field, message=f"Azure will not let it be read: {value}")
        ) from error
