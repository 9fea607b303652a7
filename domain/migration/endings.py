"""The words at the end of a migration, and behind it: its result, its reason, its lines in the timeline."""

from datetime import datetime

from domain.messages import FinishRequest
from domain.migration.latch import Effect, Latch, MigrationResult
from domain.migration.recorded import Snapshot, State, TimelineEntry
from domain.migration.stages import WITH_VERSION, Outcome, Stage

FINISHED_STEP = "finished"


def finished_by(snapshot: Snapshot, request: FinishRequest) -> MigrationResult:
    """The outcome that a run asks to be written, with everything that is known of it."""
    return MigrationResult(
        outcome=request.outcome,
        reason=_reason(snapshot, request),
        at=request.at,
        result=snapshot.result(
            request.image,
            version_ready=request.version_ready,
            version_named=snapshot.state.stage in WITH_VERSION,
        ),
    )


def _reason(snapshot: Snapshot, request: FinishRequest) -> str:
    """A cancellation names what it leaves behind."""
    plan = snapshot.plan
    begun = Effect.VERSION in snapshot.latch.effects or snapshot.state.stage in WITH_VERSION
    if request.outcome is not Outcome.CANCELLED or request.version_ready or not (plan and begun):
        return request.reason
    return f"{request.reason}; version {plan.version_name} may be half-made: use or delete it"


def with_restarts(state: State, latch: Latch) -> State:
    """The state with a line for every restart that the latch has; pure, and the same however often it is asked."""
    known = {entry.step for entry in state.timeline}
    lines = [
        TimelineEntry(
            step=step,
            at=restart.at,
            stage=state.stage,
            text=f"started again (run {restart.run}): {restart.cause}",
        )
        for restart in latch.restarts
        if (step := f"restart {restart.run}") not in known
    ]
    return state.model_copy(update={"timeline": (*state.timeline, *lines)}) if lines else state


def settled(state: State, latch: Latch) -> State:
    """The state of a migration that has its outcome; pure, and the same however often it is asked."""
    end = latch.finished
    if end is None or any(entry.step == FINISHED_STEP for entry in state.timeline):
        return state
    text = f"{end.outcome}: {end.reason}"
    line = TimelineEntry(step=FINISHED_STEP, at=end.at, stage=Stage.FINISHED, text=text)
    return state.model_copy(update={"stage": Stage.FINISHED, "timeline": (*state.timeline, line)})


def after_end(state: State, step: str, at: datetime, text: str) -> State:
    """The state with a line about something that came behind the end; pure, and the same however often it is asked."""
    if any(entry.step == step for entry in state.timeline):
        return state
    line = TimelineEntry(step=step, at=at, stage=Stage.FINISHED, text=text)
    return state.model_copy(update={"timeline": (*state.timeline, line)})
