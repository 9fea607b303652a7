"""Read everything a plan needs, then decide. Writes nothing, so the HTTP edge plans with it too."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import clock
from arm.client import ArmClient
from arm.definitions import read_definition, read_definitions
from arm.errors import ArmAnswerError
from arm.galleries import read_gallery, read_soft_deleted_versions
from arm.images import read_image_facts
from arm.versions import read_version_body, read_versions
from domain.errors import Problem
from domain.facts import VersionFacts, version_facts
from domain.ids import ComputeId, image_key, parse_gallery_id, parse_image_id, same_id
from domain.migration.planning import Plan, make_plan
from domain.migration.requests import AUTO, MigrationRequest
from domain.migration.rules import Facts, in_motion
from records.migrations import MigrationRecords
from services.dependencies import Dependencies
from services.locations import locations_of
from services.versions import shallow_versions

NO_APPROVALS = (
    "No approval can be given while APPROVAL_WEBHOOK_SECRETS is empty, so the image will be kept."
)

T = TypeVar("T")


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
        facts = read_facts(app, request)
    except ReadRefusedError as refused:
        return Draft(migration_id, [refused.problem])
    plan = decide(app, request, facts, migration_id)
    complete = isinstance(plan, Plan) and plan.fingerprint.complete
    return Draft(migration_id, plan, lasting=complete and in_motion(facts) is None)


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
        copied_gb_limit=app.settings.copied_gb_limit,
    )
    if not isinstance(plan, Plan) or not plan.deletion:
        return plan
    told = tuple(_in_vain(app, plan))
    return plan.model_copy(update={"warnings": (*plan.warnings, *told)}) if told else plan


def _in_vain(app: Dependencies, plan: Plan) -> Iterator[str]:
    """Say now what would keep the image after all the waiting."""
    if not app.settings.approval_webhook_secrets:
        yield NO_APPROVALS
    begun = app.records.begun_versions(image_key(plan.image_id)) if plan.adopts_existing else []
    if plan.adopts_existing and not any(same_id(b.version_id, plan.version_id) for b in begun):
        yield f"Version {plan.version_name} was made by somebody else, so the image will be kept whatever is approved."


def with_own_number(
    records: MigrationRecords,
    request: MigrationRequest,
    plan: Plan,
    migration: str,
    taken: str = "",
) -> Plan | list[Problem]:
    """The plan of an accepted migration under a number that no other one has taken, if the number is ours to choose:
    what Azure lists is the same for all who look at once. `taken`: it is somebody else's all the same."""
    if request.image_version != AUTO or plan.adopts_existing:
        return plan
    number = records.take_number(plan.definition_id, plan.version_name, migration, taken)
    if number is None:
        text = f"no patch number is left from {plan.version_name} on; name the version yourself"
        return [Problem(field="imageVersion", message=text)]
    return plan.named(number)


def read_facts(app: Dependencies, request: MigrationRequest) -> Facts:
    """Read everything that a request names, and the Shallow versions of ours that hang on the image, if it is to go."""
    facts = _named(app.arm, request)
    if request.target_regions and facts.gallery:
        gallery = parse_gallery_id(request.gallery_id)
        known = locations_of(app.arm, gallery.subscription)
        facts = facts.model_copy(update={"locations": known})
    if facts.image is None or not request.deletion.enabled:
        return facts
    begun = app.records.begun_versions(image_key(request.source_image_id))
    shallow = _asked("sourceImageId", lambda: shallow_versions(app.arm, begun, facts.versions))
    return facts.model_copy(update={"shallow_elsewhere": shallow})


def _named(arm: ArmClient, request: MigrationRequest) -> Facts:
    """Read from Azure what a request names."""
    gallery_id = parse_gallery_id(request.gallery_id)
    name = request.image_definition.name
    image = _asked(
        "sourceImageId", lambda: read_image_facts(arm, parse_image_id(request.source_image_id))
    )
    gallery = _asked("galleryId", lambda: read_gallery(arm, gallery_id))
    if gallery is None:
        return Facts(image=image, gallery=None)
    definition = _asked("imageDefinition", lambda: read_definition(arm, gallery_id, name))
    if definition is None:
        others = _asked("imageDefinition", lambda: read_definitions(arm, gallery_id))
        return Facts(image=image, gallery=gallery, other_definitions=others)
    versions, soft_deleted = _asked(
        "imageVersion",
        lambda: _versions(arm, gallery_id, request, soft_delete=gallery.soft_delete),
    )
    return Facts(
        image=image,
        gallery=gallery,
        definition=definition,
        versions=versions,
        soft_deleted_versions=soft_deleted,
    )


def _versions(
    arm: ArmClient, gallery: ComputeId, request: MigrationRequest, *, soft_delete: bool
) -> tuple[tuple[VersionFacts, ...], tuple[str, ...]]:
    """The version that is asked for; all of them for a number of ours, and where another may hang on the image."""
    definition, asked = request.image_definition.name, request.image_version
    soft_deleted = read_soft_deleted_versions(arm, gallery, definition) if soft_delete else ()
    if asked == AUTO or request.deletion.enabled:
        return read_versions(arm, gallery, definition), soft_deleted
    body = read_version_body(arm, gallery, definition, asked)
    return ((version_facts(body),) if body is not None else ()), soft_deleted


def _asked(field: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except ArmAnswerError as error:
        value = error.value
        if value.transient and not error.missing:
            raise
        raise ReadRefusedError(
            Problem(field=field, message=f"Azure will not let it be read: {value}")
        ) from error
