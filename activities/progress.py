"""Write down where a migration stands and how it ended; people read this, not the durable status."""

from datetime import datetime

from activities.configuration import records
from activities.steps import StepInput, step
from migration import answers
from migration.approval import ApprovalState
from migration.polling import RegionStatus
from migration.recorded import Accepted, Approval, Finished, Latch, State, TimelineEntry
from migration.stages import ImageFate, Outcome, Stage, may_follow
from migration.wire import Json


class RecordProgress(StepInput):
    """A step forward; what is None or empty stays as it was."""

    number: int
    at: datetime
    stage: Stage
    text: str
    warnings: tuple[str, ...] = ()
    approval: Approval | None = None
    fingerprint: str | None = None
    version_id: str | None = None
    try_command: str | None = None
    regions: tuple[str, ...] = ()


class FinishMigration(StepInput):
    """How it ended."""

    number: int
    at: datetime
    outcome: Outcome
    reason: str
    result: Json = {}


@step(RecordProgress)
def record_progress(given: RecordProgress) -> Json:
    """Add to the timeline and move the stage; doing it again changes nothing."""
    if given.regions:
        records().write_regions(
            given.migration_id, tuple(RegionStatus(name=name) for name in given.regions)
        )
    records().change_state(
        _accepted(given.migration_id), lambda state: _moved(state, given), given.at
    )
    return answers.done()


@step(FinishMigration, heeds_cancel=False)
def finish_migration(given: FinishMigration) -> Json:
    """Write the one outcome, and give back the one that holds. A cancellation that was accepted in time holds too."""
    latch = records().set_latch(given.migration_id, Latch(kind="finished", at=given.at))
    outcome, reason = given.outcome, given.reason
    if latch.kind == "cancel" and outcome is Outcome.COMPLETED:
        fate = given.result.get("image", ImageFate.KEPT)
        outcome, reason = (
            Outcome.CANCELLED,
            f"cancelled while it was finishing; the image is {fate}",
        )
    accepted = _accepted(given.migration_id)
    held = records().finish(
        accepted, Finished(outcome=outcome, reason=reason, at=given.at, result=given.result)
    )
    entry = RecordProgress(
        migration_id=given.migration_id,
        number=given.number,
        at=given.at,
        stage=Stage.FINISHED,
        text=f"{held.outcome}: {held.reason}",
    )
    records().change_state(accepted, lambda state: _moved(state, entry), given.at)
    return answers.done(held.to_wire())


class RecordWarning(StepInput):
    """Something to know that changes no outcome."""

    at: datetime
    text: str


@step(RecordWarning, heeds_cancel=False)
def record_warning(given: RecordWarning) -> Json:
    """Add a warning, once."""

    def warned(state: State) -> State:
        known = given.text in state.warnings
        return (
            state if known else state.model_copy(update={"warnings": (*state.warnings, given.text)})
        )

    records().change_state(_accepted(given.migration_id), warned, given.at)
    return answers.done()


def _moved(state: State, step_forward: RecordProgress) -> State:
    """The state after a step; pure."""
    known = any(entry.number == step_forward.number for entry in state.timeline)
    entry = TimelineEntry(
        number=step_forward.number,
        at=step_forward.at,
        stage=step_forward.stage,
        text=step_forward.text,
    )
    new_warnings = tuple(w for w in step_forward.warnings if w not in state.warnings)
    return state.model_copy(
        update={
            "stage": step_forward.stage
            if may_follow(state.stage, step_forward.stage)
            else state.stage,
            "timeline": state.timeline if known else (*state.timeline, entry),
            "warnings": (*state.warnings, *new_warnings),
            "approval": _later(state.approval, step_forward.approval),
            "fingerprint": step_forward.fingerprint or state.fingerprint,
            "version_id": step_forward.version_id or state.version_id,
            "try_command": step_forward.try_command or state.try_command,
        }
    )


def _later(known: Approval | None, told: Approval | None) -> Approval | None:
    """The approval that is further on: decided after waiting, a later round after an earlier; else what is told."""
    found = [approval for approval in (told, known) if approval]
    return max(found, key=lambda a: (a.state is not ApprovalState.WAITING, a.round), default=None)


def _accepted(migration_id: str) -> Accepted:
    accepted = records().read_accepted(migration_id)
    if accepted is None:
        raise LookupError(f"no accepted request has the id {migration_id}")
    return accepted
