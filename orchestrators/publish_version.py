"""From the plan to a version that is ready in every region, and still made from the image as it is."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

from domain.ids import replication_instance_id
from domain.messages import (
    CHECK_IMAGE,
    ENSURE_DEFINITION,
    PLAN_MIGRATION,
    PROMOTE_VERSION,
    START_VERSION,
    NoPlan,
    PlannedMigration,
    PlanRequest,
    VersionBegun,
)
from domain.migration.stages import ImageFate, Outcome, Stage
from orchestrators.endings import MigrationEndedError, RunOverError, cancelled
from orchestrators.run import Run, Steps, pause
from orchestrators.watch_replication import Watch, WatchResult, WatchState

PLANNING_TRIES = 5
# Azure makes a definition within seconds. Growing waits, since this history is not cut: replaying it costs its length.
FIRST_DEFINITION_WAIT, LONGEST_DEFINITION_WAIT = timedelta(seconds=5), timedelta(minutes=5)


def plan_migration(run: Run, taken: str = "") -> Steps:
    """The plan, which the first run wrote; `taken`: that of a name which somebody else has is replaced."""
    request = PlanRequest(**dict(run.step), taken=taken)
    reply = yield from run.call(PLAN_MIGRATION, request)
    if isinstance(reply, NoPlan):
        raise MigrationEndedError(Outcome.FAILED, reply.reason)
    plan = run.plan = reply
    taking_up = "takes up" if plan.adopts_existing else "will make"
    text = f"planned: {taking_up} {plan.version_id} in {', '.join(plan.regions)}"
    yield from run.record(f"planned {plan.version_name}", Stage.DEFINITION, text)


def publish_version(run: Run) -> Steps:
    """Make the version unless an earlier run has, and watch it until it is ready everywhere."""
    began = run.begun.stage_since
    if run.begun.stage is not Stage.REPLICATION:
        began = yield from _make_version(run)
    yield from _replicate(run, "replication", began)


def _make_version(run: Run) -> Generator[Any, Any, datetime]:
    """Make sure of the definition, begin the version; once more with another number when `auto` lost a race. When the
    version was begun."""
    for _ in range(PLANNING_TRIES):
        plan = yield from _ensure_definition(run)
        reply = yield from run.call(START_VERSION, run.step)
        if isinstance(reply, VersionBegun):
            begun = "begun" if reply.created else "taken up"
            text = f"image version {plan.version_name} {begun}"
            return (yield from run.record("version", Stage.REPLICATION, text))
        if not reply.replan:
            raise MigrationEndedError(Outcome.FAILED, reply.reason)
        text = f"{plan.version_name} was taken meanwhile; planning again"
        yield from run.record(f"taken {plan.version_name}", Stage.PLANNING, text)
        yield from plan_migration(run, taken=plan.version_name)
    raise MigrationEndedError(
        Outcome.FAILED, f"no free version number was found in {PLANNING_TRIES} tries; start again"
    )


def _ensure_definition(run: Run) -> Generator[Any, Any, PlannedMigration]:
    """Wait until the definition can be used; the plan."""
    plan = run.planned
    began, wait = run.since(Stage.DEFINITION), FIRST_DEFINITION_WAIT
    while not plan.definition_exists:
        if (yield from run.call(ENSURE_DEFINITION, run.step)).ready:
            break
        if run.now - began > run.begun.limits.retry:
            raise MigrationEndedError(
                Outcome.FAILED, f"the image definition {plan.definition_name} stays in Creating"
            )
        yield from pause(run.context, wait)
        wait = min(wait * 2, LONGEST_DEFINITION_WAIT)
    how = "exists" if plan.definition_exists else "created"
    text = f"image definition {plan.definition_name} {how}"
    yield from run.record(f"definition for {plan.version_name}", Stage.VERSION, text)
    return plan


def _replicate(run: Run, phase: str, began: datetime) -> Steps:
    """Watch the version until it is ready everywhere; raises MigrationEndedError if it will not be."""
    watch = Watch(
        migration_id=run.migration_id,
        run=run.begun.run,
        retry_limit=run.begun.limits.retry,
        began=began,
    )
    raw = yield run.context.call_sub_orchestrator(
        "watch_replication",
        watch.model_dump(mode="json"),
        replication_instance_id(run.migration_id, phase),
    )
    result = WatchResult.model_validate(raw)
    if result.state is WatchState.OVER:
        raise RunOverError
    if result.state is WatchState.CANCELLED:
        raise cancelled()
    if result.state is WatchState.FAILED:
        raise MigrationEndedError(run.stopped, f"{phase}: {result.code}: {result.reason}")
    run.version_ready = True


def check_image(run: Run) -> Steps:
    """Check that the image is still what was copied: set its fate when it is gone, end the run when it has changed."""
    plan = run.planned
    image = yield from run.call(CHECK_IMAGE, run.step)
    if not image.present:
        run.image = ImageFate.GONE
    elif not image.unchanged or (
        run.begun.deletion and plan.fingerprint_complete and not image.certain
    ):
        raise MigrationEndedError(
            run.stopped,
            f"the managed image was made anew under its name, or cannot be told from one that was; "
            f"version {plan.version_name} is not promoted; start again to migrate the image as it is now",
        )


def promote_version(run: Run) -> Steps:
    """Show the version to `latest`, or hide it, as was asked for, and watch the update to its end.

    A version that this run made is hidden already; one that it took up may be shown since an earlier run. Watched
    even if nothing had to be changed: the step may have run before, and its update be under way.
    """
    plan = run.planned
    if run.begun.stage is Stage.DELETION or (plan.exclude_from_latest and not plan.adopts_existing):
        return
    latest = "hidden from latest" if plan.exclude_from_latest else "latest may choose it"
    began = yield from run.record(
        "promotion", Stage.PROMOTION, f"promoting {plan.version_name}: {latest}"
    )
    yield from run.call(PROMOTE_VERSION, run.step)
    yield from _replicate(run, "promotion", began)
