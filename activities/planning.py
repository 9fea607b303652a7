"""The plan, made once for all runs of a migration."""

from activities.activity import implements
from domain.errors import Problem
from domain.messages import PLAN_MIGRATION, NoPlan, PlannedMigration, PlanRequest
from domain.migration.commands import create_vm_command
from domain.migration.latch import Halt, drop_name
from domain.migration.planning import Plan
from domain.migration.polling import RegionStatus
from domain.migration.recorded import Snapshot, State
from domain.migration.rules import in_motion
from domain.migration.stages import Stage
from domain.results import ActivityError
from records.migrations import MigrationRecords
from services.dependencies import Dependencies
from services.planning import ReadRefusedError, decide, read_facts, with_own_number


@implements(PLAN_MIGRATION)
def plan_migration(
    request: PlanRequest, snapshot: Snapshot, app: Dependencies
) -> PlannedMigration | NoPlan | ActivityError | Halt:
    """The plan that stands, which nothing is read again for; else one is made and written, once for all runs. Only one
    whose version name somebody else has is replaced. What is being made or changed just now is waited for."""
    if snapshot.plan and snapshot.plan.version_name != request.taken:
        return _told(app.records, request.migration_id, snapshot.plan)
    if snapshot.state.stage not in _BEFORE_EFFECTS:
        raise LookupError(f"{request.migration_id} is in {snapshot.state.stage} without a plan")
    asked = snapshot.request
    try:
        facts = read_facts(app, asked)
    except ReadRefusedError as refused:
        return _no_plan([refused.problem])
    if busy := in_motion(facts):
        return ActivityError(code="NotReadyYet", message=busy, transient=True)
    plan = decide(app, asked, facts, request.migration_id)
    if isinstance(plan, Plan):
        plan = with_own_number(app.records, asked, plan, request.migration_id, request.taken)
    if not isinstance(plan, Plan):
        return _no_plan(plan)
    if request.taken:
        app.records.change_latch(request.migration_id, lambda latch: drop_name(latch, request.run))
    held = app.records.write_plan(request.migration_id, plan, request.taken)
    return _told(app.records, request.migration_id, held)


_BEFORE_EFFECTS = frozenset({Stage.PLANNING, Stage.DEFINITION, Stage.VERSION})


def _told(records: MigrationRecords, migration: str, plan: Plan) -> PlannedMigration:
    """Write down what people are told of a plan, and return what the orchestration needs of it."""

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

    if records.change_state(migration, planned).stage is Stage.PLANNING:
        regions = tuple(RegionStatus(name=name) for name in plan.regions)
        records.write_regions(migration, regions)
    return PlannedMigration(
        version_id=plan.version_id,
        version_name=plan.version_name,
        definition_name=plan.definition_name,
        definition_exists=plan.definition_exists,
        adopts_existing=plan.adopts_existing,
        regions=plan.regions,
        exclude_from_latest=plan.exclude_from_latest,
        fingerprint_complete=plan.fingerprint.complete,
    )


def _no_plan(problems: list[Problem]) -> NoPlan:
    return NoPlan(reason="; ".join(f"{p.field}: {p.message}" for p in problems))
