"""Gate, delete, confirm: the one act that cannot be undone."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any, assert_never

from domain.messages import (
    CONFIRM_DELETION,
    DELETE_IMAGE,
    Deletion,
    DeletionRefused,
    DeletionSent,
    DeletionState,
    FateUnknown,
    ImageGone,
    StatementChanged,
)
from domain.migration.stages import ImageFate, Outcome, Stage
from orchestrators.endings import ActivityFailedError, MigrationEndedError, not_deleted
from orchestrators.run import Run, Steps, pause

FIRST_CONFIRM_WAIT, LONGEST_CONFIRM_WAIT = timedelta(seconds=5), timedelta(minutes=1)


def delete_image(run: Run, asked: int) -> Generator[Any, Any, StatementChanged | None]:
    """Return when the image is gone, or why what was approved the `asked`-th time has to be asked again;
    MigrationEndedError with Kept when a gate or Azure refuses."""
    deletion = yield from _delete(run, asked)
    match deletion:
        case StatementChanged():
            return deletion
        case DeletionRefused():
            raise not_deleted("; ".join(deletion.reasons))
        case FateUnknown():
            raise _unknown(run, deletion.reason)
        case ImageGone():
            run.image = ImageFate.DELETED if deletion.by_us else ImageFate.GONE
        case DeletionSent():
            yield from _confirm(run, deletion)
        case _ as never:
            assert_never(never)
    return None


def _delete(run: Run, asked: int) -> Generator[Any, Any, Deletion]:
    """Ask for the DELETE. Raises MigrationEndedError; the image's fate is open when the last error left open whether
    the DELETE arrived."""
    text = "checking everything again before the managed image is deleted"
    step = "deletion" if asked == 1 else f"deletion {asked}"
    yield from run.record(step, Stage.DELETION, text)
    try:
        return (yield from run.call(DELETE_IMAGE, run.step))
    except ActivityFailedError as failed:
        if failed.error.transient:
            raise _unknown(run, failed.reason) from failed
        raise not_deleted(failed.reason) from failed


def _unknown(run: Run, why: str) -> MigrationEndedError:
    run.image = ImageFate.UNKNOWN
    return MigrationEndedError(
        Outcome.KEPT,
        "a deletion may have been sent, and Azure does not tell whether it was carried out; look at the image "
        f"yourself: {why}",
    )


def _confirm(run: Run, deletion: DeletionSent) -> Steps:
    """Until the image is gone."""
    run.image = ImageFate.UNKNOWN
    wait = FIRST_CONFIRM_WAIT
    while not (state := (yield from _state(run))).gone:
        if state.refusal:
            run.image = ImageFate.KEPT
            raise MigrationEndedError(
                Outcome.KEPT, f"Azure did not delete the image: {state.refusal}"
            )
        if run.now - deletion.began > run.begun.limits.confirm:
            raise MigrationEndedError(
                Outcome.KEPT,
                f"{_sent(deletion)}, but the image is still there; look at the image yourself",
            )
        yield from pause(run.context, wait)
        wait = min(wait * 2, LONGEST_CONFIRM_WAIT)
    run.image = ImageFate.DELETED


def _state(run: Run) -> Generator[Any, Any, DeletionState]:
    try:
        return (yield from run.call(CONFIRM_DELETION, run.step))
    except ActivityFailedError as failed:
        raise _unknown(run, failed.reason) from failed


def _sent(deletion: DeletionSent) -> str:
    if deletion.refused:
        return f"a deletion may have been sent, and none was sent again ({deletion.refused})"
    return "the deletion was sent and taken by Azure"
