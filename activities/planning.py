"""Read everything a plan needs, then decide. Writes nothing, so the HTTP edge plans with it too."""

from collections.abc import Callable
from typing import TypeVar

from azure.core.exceptions import HttpResponseError

import clock
from activities.activity import implements
from activities.arm_errors import error_of
from activities.configuration import records, settings
from activities.definitions import read_definition, read_definitions
from activities.galleries import read_gallery, read_soft_deleted_versions
from activities.images import read_image_facts
from activities.versions import read_version_body, read_versions
from domain.errors import Problem
from domain.facts import VersionFacts, version_facts
from domain.ids import ComputeId, parse_gallery_id, parse_image_id
from domain.messages import PLAN_MIGRATION, NoPlan, PlannedMigration, PlanRequest
from domain.migration.commands import create_vm_command
from domain.migration.latch import Halt, drop_name
from domain.migration.planning import Plan, make_plan
from domain.migration.polling import RegionStatus
from domain.migration.recorded import Snapshot, State
from domain.migration.requests import AUTO, MigrationRequest
from domain.migration.rules import Facts, in_motion
from domain.migration.stages import Stage
from domain.results import ActivityError

NO_APPROVALS = (
    "No approval can be given while APPROVAL_WEBHOOK_SECRETS is empty, so the image will be kept."
)

T = TypeVar("T")


class ReadRefused(Exception):  # noqa: N818 - named after what is the case
    """Azure will not let a part of the request be read, now or later; `problem` names the field."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


@implements(PLAN_MIGRATION)
def plan_migration(
    request: PlanRequest, snapshot: Snapshot
) -> PlannedMigration | NoPlan | ActivityError | Halt:
    """The plan that stands, which nothing is read again for; else one is made and written, once for all runs. Only one
    whose version name somebody else has is replaced. What is being made or changed just now is waited for."""
    if snapshot.plan and snapshot.plan.version_name != request.taken:
        return _told(request.migration_id, snapshot.plan)
    if snapshot.state.stage not in _BEFORE_EFFECTS:
        raise LookupError(f"{request.migration_id} is in {snapshot.state.stage} without a plan")
    asked = snapshot.request
    try:
        facts = read_facts(asked)
    except ReadRefused as refused:
        return _no_plan([refused.problem])
    if busy := in_motion(facts):
        return ActivityError(code="NotReadyYet", message=busy, transient=True)
    plan = _decide(asked, facts, request.migration_id)
    if not isinstance(plan, Plan):
        return _no_plan(plan)
    if request.taken:
        records().change_latch(request.migration_id, lambda latch: drop_name(latch, request.run))
    held = records().write_plan(request.migration_id, plan, request.taken)
    return _told(request.migration_id, held)


_BEFORE_EFFECTS = frozenset({Stage.PLANNING, Stage.DEFINITION, Stage.VERSION})


def _told(migration: str, plan: Plan) -> PlannedMigration:
    """What the orchestration needs of a plan; what people are told of it is written down with it."""

    def planned(state: State) -> State:
        return state.model_copy(
            update={
                "fingerprint": plan.fingerprint.value,
                "version_id": plan.version_id,
                "try_command": create_vm_command(plan),
                "warnings": (
                    *state.warnings,
                    *(w for w in plan.warnings if w not in state.warnings),
                ),
            }
        )

    if records().change_state(migration, planned).stage is Stage.PLANNING:
        regions = tuple(RegionStatus(name=name) for name in plan.regions)
        records().write_regions(migration, regions)
    return PlannedMigration(
        version_id=plan.version_id,
        version_name=plan.version_name,
        definition_name=plan.definition_name,
        definition_exists=plan.definition_exists,
        takes_up=plan.takes_up,
        regions=plan.regions,
        exclude_from_latest=plan.exclude_from_latest,
        fingerprint_complete=plan.fingerprint.complete,
    )


def _no_plan(problems: list[Problem]) -> NoPlan:
    return NoPlan(reason="; ".join(f"{p.field}: {p.message}" for p in problems))


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
