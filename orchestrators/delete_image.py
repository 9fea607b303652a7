"""Gate, delete, confirm: the one act that cannot be undone."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any, NamedTuple, assert_never

from domain.deletion.answers import DeletionObserved, DeletionWaits
from domain.deletion.stated import StatementChanged
from domain.messages import (
    CONFIRM_DELETION,
    DELETE_IMAGE,
    Deletion,
    DeletionRefused,
    DeletionSent,
    DeletionState,
    FateUnknown,
    ImageGone,
)
from domain.migration.stages import ImageFate, Outcome, Stage
from orchestrators.endings import ActivityFailedError, MigrationEndedError, not_deleted
from orchestrators.request_approval import Approved, wait_unrejected
from orchestrators.run import Run, Steps, pause

FIRST_CONFIRM_WAIT, LONGEST_CONFIRM_WAIT = timedelta(seconds=5), timedelta(minutes=1)


class Void(NamedTuple):
    """An approval that is void: by what change, and the number of the next wait for decisions."""

    change: str
    round: int


def delete_image(run: Run, approved: Approved) -> Generator[Any, Any, Void | None]:
    """Return when the image is gone, or why what was approved has to be asked again; MigrationEndedError with Kept when
    a gate or Azure refuses, or somebody rejects while only time keeps the gate shut."""
    number, asked = approved.round, approved.asked
    text = "checking everything again before the managed image is deleted"
    yield from run.record("deletion" if asked == 1 else f"deletion {asked}", Stage.DELETION, text)
    deletion = yield from _delete(run)
    while isinstance(deletion, DeletionSent | DeletionWaits):
        if isinstance(deletion, DeletionSent):
            deletion = yield from _confirm(run, deletion)
            continue
        yield from _tell_waiting(run, deletion)
        number = yield from wait_unrejected(run, number, deletion.until)
        deletion = yield from _delete(run)
    match deletion:
        case StatementChanged():
            return Void(deletion.change, number)
        case DeletionRefused():
            raise not_deleted("; ".join(deletion.reasons))
        case DeletionObserved():
            raise MigrationEndedError(Outcome.KEPT, deletion.reason)
        case FateUnknown():
            raise _unknown(run, deletion.reason)
        case ImageGone():
            run.image = ImageFate.DELETED if deletion.by_us else ImageFate.GONE
        case _ as never:
            assert_never(never)
    return None


def _tell_waiting(run: Run, shut: DeletionWaits) -> Steps:
    text = f"only time keeps the image, until {shut.until:%Y-%m-%d %H:%M} UTC: {shut.reason}"
    step = f"opens {shut.until.isoformat()}"
    yield from run.record(step, Stage.DELETION, text, shut.until)


def _delete(run: Run) -> Generator[Any, Any, Deletion]:
    """Ask for the DELETE. Raises MigrationEndedError; the image's fate is open when the last error left open whether
    the DELETE arrived."""
    run.image = ImageFate.KEPT
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


def _confirm(run: Run, deletion: DeletionSent) -> Generator[Any, Any, Deletion]:
    """Wait until the image is gone; or until nothing that an earlier run was about to send can be under way any more,
    and ask again. Raises MigrationEndedError when neither helps."""
    run.image = ImageFate.UNKNOWN
    lapses = deletion.lapses_at
    if lapses is not None:
        yield from run.record("lapse", Stage.DELETION, _waiting(lapses))
    until = max(deletion.began + run.begun.limits.confirm, lapses or deletion.began)
    wait = FIRST_CONFIRM_WAIT if lapses is None or run.now < lapses else LONGEST_CONFIRM_WAIT
    while not (state := (yield from _state(run))).gone:
        if state.refusal:
            run.image = ImageFate.KEPT
            raise MigrationEndedError(
                Outcome.KEPT, f"Azure did not delete the image: {state.refusal}"
            )
        if run.now > until:
            raise MigrationEndedError(
                Outcome.KEPT,
                f"{_sent(deletion)}, but the image is still there; look at the image yourself",
            )
        yield from pause(run.context, wait)
        if lapses is not None and run.now > lapses:
            return (yield from _delete(run))
        wait = min(wait * 2, LONGEST_CONFIRM_WAIT)
    return ImageGone(by_us=True)


def _waiting(until: datetime) -> str:
    return (
        f"an earlier run may have sent the deletion: waiting until {until:%Y-%m-%d %H:%M} UTC for what became of it, "
        "then everything is checked anew"
    )


def _state(run: Run) -> Generator[Any, Any, DeletionState]:
    try:
        return (yield from run.call(CONFIRM_DELETION, run.step))
    except ActivityFailedError as failed:
        raise _unknown(run, failed.reason) from failed


def _sent(deletion: DeletionSent) -> str:
    if deletion.refused:
        return f"a deletion may have been sent, and none was sent again ({deletion.refused})"
    return "the deletion was sent and taken by Azure"
