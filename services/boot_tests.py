"""Boot tests that are asked for, by a migration or alone: what is tested, on which terms, and what they came to."""

from datetime import datetime
from typing import NamedTuple

from arm.client import ArmClient
from arm.definitions import read_definition
from arm.versions import read_version_body
from domain.boot_test.recorded import BootedModel, BootTest
from domain.boot_test.terms import BootTestTerms, Demand, regions_to_test
from domain.callers.actors import Actor
from domain.errors import Problem
from domain.facts import DefinitionFacts, VersionFacts, version_facts
from domain.ids import parse_version_id
from domain.migration.requests import MigrationRequest
from domain.settings import Settings
from domain.values import Message
from services.dependencies import Dependencies

NO_TESTS = "this deployment has no boot tests: its settings name no BOOT_TEST_RESOURCE_GROUP; leave bootTest out"
NOT_TESTED = (
    "Nothing is deleted here unless a boot test of its version passed, and this request asks for none (bootTest); "
    "test the version by POST /api/boot-tests, or the image will be kept."
)
SCRIPT_WARNING = (
    "The boot test runs a script: the machine's agent needs a way out to Azure from the subnet, or nothing is heard of "
    "the script and the test is inconclusive."
)


def is_wanted(settings: Settings, request: MigrationRequest) -> bool:
    """Return True if a migration is to be tested: it asks for it, or the deployment tests such anyway."""
    if settings.boot_test is Demand.ALWAYS:
        return True
    if settings.boot_test is Demand.DELETIONS and request.deletion.enabled:
        return True
    return request.boot_test is not None and request.boot_test.enabled


def terms_of(settings: Settings, request: MigrationRequest) -> BootTestTerms | None:
    """The terms of a migration's tests as they are now, None where it has none."""
    terms = settings.boot_test_terms
    if terms is None or not is_wanted(settings, request):
        return None
    script = request.boot_test.script if request.boot_test else None
    own = {"linux_script": script, "windows_script": script} if script else {}
    return terms.model_copy(update=own)


def problem_of_tests(
    settings: Settings, request: MigrationRequest, regions: tuple[str, ...]
) -> Problem | None:
    """Return why the tests that a request has cannot be made in any of these regions, or None."""
    if not is_wanted(settings, request):
        return None
    terms = settings.boot_test_terms
    if terms is None:
        return Problem(field="bootTest", message=NO_TESTS)
    if not regions_to_test(terms, "", regions):
        able = ", ".join(sorted(terms.subnets))
        text = f"no target region has a subnet for boot tests; those that have one: {able}"
        return Problem(field="bootTest", message=text)
    return None


def warnings_of_tests(settings: Settings, request: MigrationRequest, os_type: str) -> list[str]:
    """The warnings of a plan about its tests: what they need, and what is missed without them."""
    terms = terms_of(settings, request)
    if terms is not None:
        return [SCRIPT_WARNING] if terms.script_for(os_type) else []
    return [NOT_TESTED] if settings.boot_test_required and request.deletion.enabled else []


class Booted(Message):
    """A version to be booted, and what its machine has to fit."""

    version: VersionFacts
    model: BootedModel


def read_booted(arm: ArmClient, version_id: str) -> Booted | None:
    """The version and its definition, or None if one of them is not there."""
    gallery, definition, name = parse_version_id(version_id)
    version = read_version_body(arm, gallery, definition, name)
    parent = read_definition(arm, gallery, definition)
    if version is None or parent is None:
        return None
    facts = version_facts(version)
    return Booted(version=facts, model=_model(parent, facts))


def _model(definition: DefinitionFacts, version: VersionFacts) -> BootedModel:
    plan = {key: value for key, value in (definition.purchase_plan or {}).items() if value}
    return BootedModel(
        os_type=definition.os_type,
        os_state=definition.os_state,
        security_type=definition.security_type,
        disk_controllers=definition.disk_controllers,
        purchase_plan=plan or None,
        luns=tuple(disk.lun for disk in version.disks if disk.lun is not None),
    )


class Asked(NamedTuple):
    """A test that is asked for: its id, where, by whom and when; `script`: instead of that of the terms."""

    test_id: str
    region: str
    at: datetime
    requester: Actor | None = None
    script: str | None = None


def boot_test(asked: Asked, terms: BootTestTerms, booted: Booted) -> BootTest:
    """The test of a version, on these terms."""
    return BootTest(
        id=asked.test_id,
        version_id=booted.version.id,
        published_date=booted.version.published_date,
        region=asked.region,
        resource_group=terms.resource_group,
        subnet_id=terms.subnets[asked.region],
        vm_size=terms.vm_size,
        priority=terms.priority,
        timeout=terms.timeout,
        script=asked.script or terms.script_for(booted.model.os_type),
        model=booted.model,
        accepted_at=asked.at,
        requester=asked.requester,
    )


def may_go_on(app: Dependencies, test: BootTest) -> bool:
    """Return True unless the migration that a test belongs to was cancelled or has its outcome."""
    if test.migration_id is None:
        return True
    latch = app.records.read_latch(test.migration_id)
    return latch.cancelled_at is None and latch.finished is None
