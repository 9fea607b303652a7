"""Begin a run from the records, write down where a migration stands and how it ended; people read this, not the
durable status."""

import logging
from datetime import datetime

from activities.activity import implements
from domain.messages import (
    BEGIN_RUN,
    FINISH_MIGRATION,
    RECORD_PROGRESS,
    ActivityRequest,
    FinishedMigration,
    FinishRequest,
    ProgressRequest,
    RunBegun,
    Written,
)
from domain.migration.endings import finished_by
from domain.migration.latch import Halt, finish
from domain.migration.recorded import Snapshot, State, TimelineEntry
from domain.migration.stages import ASKED_AGAIN_FROM, Stage, may_follow
from domain.results import ActivityError
from services.dependencies import Dependencies
from services.timeline import settle_end, tell_restarts

log = logging.getLogger("gallery_migrator")


@implements(BEGIN_RUN)
def begin_run(
    _request: ActivityRequest, snapshot: Snapshot, app: Dependencies
) -> RunBegun | ActivityError | Halt:
    """Return what the run goes on from; halt one of a migration that has its outcome."""
    if snapshot.finished:
        return Halt.ENDED
    state = tell_restarts(app.records, snapshot)
    return RunBegun(
        run=snapshot.latch.run,
        stage=state.stage,
        stage_since=_since(snapshot),
        deletion=snapshot.wants_deletion,
        image=snapshot.image,
        limits=snapshot.accepted.limits,
        boot_test=snapshot.accepted.boot_test is not None,
    )


def _since(snapshot: Snapshot) -> datetime:
    """Return the time at which the migration came into its stage."""
    lines = [line.at for line in snapshot.state.timeline if line.stage is snapshot.state.stage]
    return lines[0] if lines else snapshot.accepted.accepted_at


@implements(RECORD_PROGRESS)
def record_progress(
    request: ProgressRequest, snapshot: Snapshot, app: Dependencies
) -> Written | ActivityError | Halt:
    """Add a line to the timeline and move the stage; a line that stands is not written again."""
    line = TimelineEntry(
        step=request.step,
        at=request.at,
        stage=request.stage,
        text=request.text,
        until=request.until,
    )
    state = app.records.change_state(request.migration_id, lambda state: moved(state, line))
    written = next((entry for entry in state.timeline if entry.step == request.step), None)
    if written is None:
        return Halt.ENDED
    app.records.list_migration(snapshot.accepted, state.stage, request.at)
    return Written(at=written.at)


@implements(FINISH_MIGRATION, held_by_latch=False)
def finish_migration(
    request: FinishRequest, snapshot: Snapshot, app: Dependencies
) -> FinishedMigration | ActivityError | Halt:
    """Write the one outcome, and give back the one that holds."""
    finished = finished_by(snapshot, request)
    held = app.records.change_latch(
        request.migration_id, lambda latch: finish(latch, request.run, finished)
    )
    if isinstance(held, Halt):
        return held
    end = held.finished or finished
    # On one line: people's words are in it.
    log.info("%s: %s: %s", request.migration_id, end.outcome, " ".join(end.reason.split()))
    settle_end(app.records, snapshot.model_copy(update={"latch": held}))
    return FinishedMigration(outcome=end.outcome, reason=end.reason)


def moved(state: State, line: TimelineEntry) -> State:
    """The state after a step; pure. Nothing comes behind the end."""
    if state.stage is Stage.FINISHED:
        return state
    known = any(entry.step == line.step for entry in state.timeline)
    back = line.stage is Stage.APPROVAL and state.stage in ASKED_AGAIN_FROM and not known
    return state.model_copy(
        update={
            "stage": line.stage if back or may_follow(state.stage, line.stage) else state.stage,
            "timeline": state.timeline if known else (*state.timeline, line),
        }
    )
