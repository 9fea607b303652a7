"""Read everything a plan needs, then decide. Writes nothing, so the HTTP edge plans with it too."""

from collections.abc import Iterator
from typing import NamedTuple, NoReturn

import clock
from arm.client import ArmClient
from arm.definitions import read_definition, read_definitions
from arm.errors import ArmAnswerError
from arm.galleries import read_gallery, read_soft_deleted_versions
from arm.images import read_image_facts
from arm.versions import read_version_body, read_versions
from domain.deletion.permission import NO_DELETER
from domain.errors import Problem
from domain.facts import VersionFacts, version_facts
from domain.ids import image_key, same_id
from domain.migration.planning import Plan, make_plan
from domain.migration.requests import AUTO, MigrationRequest
from domain.migration.rules import Facts, busy
from domain.restore.undo import undo_warnings
from records.migrations import MigrationRecords
from services.boot_tests import problem_of_tests, warnings_of_tests
from services.dependencies import Dependencies
from services.locations import locations_of
from services.reference_warnings import protection_warnings
from services.versions import shallow_versions

NO_APPROVALS = (
    "No approval can be given while SEALING_KEYS is empty, or the settings name nobody who may approve for this image "
    "(APPROVERS, APPROVAL_WEBHOOK_SECRETS), so the image will be kept."
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
        facts = read_facts(app, request)
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
        copied_gb_limit=app.settings.copied_gb_limit,
    )
    if not isinstance(plan, Plan):
        return plan
    if untestable := problem_of_tests(app.settings, request, plan.regions):
        return [untestable]
    warnings = [*plan.warnings, *warnings_of_tests(app.settings, request, plan.os_type)]
    if plan.deletion:
        warnings += _in_vain(app, plan, facts)
    return plan.model_copy(update={"warnings": tuple(warnings)})


def _in_vain(app: Dependencies, plan: Plan, facts: Facts) -> Iterator[str]:
    """Say now what would keep the image after all the waiting."""
    if app.deleter is None:
        yield NO_DELETER
    policy = app.settings.approval_policy(plan.image_id)
    if not app.settings.sealing_keys or not (policy.webhooks or policy.approvers):
        yield NO_APPROVALS
    begun = app.records.begun_versions(image_key(plan.image_id)) if plan.adopts_existing else []
    if plan.adopts_existing and not any(same_id(b.version_id, plan.version_id) for b in begun):
        yield f"Version {plan.version_name} was made by somebody else, so the image will be kept whatever is approved."
    kind, regions = plan.security_type, set(plan.regions)
    yield from undo_warnings(kind, plan.location, regions, required=app.settings.undo_required)
    if facts.image:
        yield from protection_warnings(app, plan.image, facts.image)


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
    """Read everything that a request names, and the Shallow versions of ours that hang on the image, if it is to go.
    Raises ReadRefusedError when Azure will not let a part be read."""
    facts = _named(app.arm, request)
    if request.target_regions and facts.gallery:
        known = locations_of(app.arm, request.gallery_id.subscription)
        facts = facts.model_copy(update={"locations": known})
    if facts.image is None or not request.deletion.enabled:
        return facts
    begun = app.records.begun_versions(image_key(request.source_image_id.text))
    try:
        shallow = shallow_versions(app.arm, begun, facts.versions)
    except ArmAnswerError as error:
        _refuse("sourceImageId", error)
    return facts.model_copy(update={"shallow_elsewhere": shallow})


def _named(arm: ArmClient, request: MigrationRequest) -> Facts:
    """Read from Azure what a request names."""
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
        versions = _versions(arm, request)
    except ArmAnswerError as error:
        _refuse(field, error)
    return Facts(
        image=image,
        gallery=gallery,
        definition=definition,
        versions=versions,
        soft_deleted_versions=soft_deleted,
    )


def _versions(arm: ArmClient, request: MigrationRequest) -> tuple[VersionFacts, ...]:
    """The version that is asked for; all of them for a number of ours, and where another may hang on the image."""
    gallery, definition = request.gallery_id, request.image_definition.name
    asked = request.image_version
    if asked == AUTO or request.deletion.enabled:
        return read_versions(arm, gallery, definition)
    body = read_version_body(arm, gallery, definition, asked)
    return (version_facts(body),) if body is not None else ()


def _refuse(field: str, error: ArmAnswerError) -> NoReturn:
    """Raise ReadRefusedError for the field, or the error itself, if it may pass: a 404 about more than what was asked
    for is told at once."""
    if error.value.transient and not error.missing:
        raise error
    message = f"Azure will not let it be read: {error.value}"
    raise ReadRefusedError(Problem(field=field, message=message)) from error
