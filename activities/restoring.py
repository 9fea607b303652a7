"""The frame of a restore's steps, and those that begin and end its runs."""

import logging
from collections.abc import Callable
from typing import TypeVar

from activities.activity import implements
from domain.ids import restore_id
from domain.messages import Written
from domain.migration.latch import Halt
from domain.migration.recorded import Snapshot
from domain.restore.messages import (
    BEGIN_RESTORE,
    FINISH_RESTORE,
    SETTLE_RESTORE,
    FinishRestoreRequest,
    RestoreBegun,
    RestoreFinished,
    RestoreRequest,
    RestoreStep,
    SettleRequest,
)
from domain.restore.recorded import Restore, RestoreEnd, finish, settle
from domain.results import ActivityError
from services.dependencies import Dependencies
from services.restores import settle_restore_end
from services.seals import restore_sealed

log = logging.getLogger("gallery_migrator")

R = TypeVar("R", bound=RestoreRequest)
A = TypeVar("A")


def of_restore(
    work: Callable[[R, Restore, Snapshot, Dependencies], A],
) -> Callable[[R, Snapshot, Dependencies], A | Halt]:
    """The step, given its restore; one of a run that is not the newest, of a restore that has its end, or of none that
    was accepted, which its seal proves, does nothing."""

    def step(request: R, snapshot: Snapshot, app: Dependencies) -> A | Halt:
        found = (one for one in snapshot.restores if one.attempt == request.attempt)
        restore = next(found, None)
        if restore is None or restore.finished:
            return Halt.ENDED
        if not restore_sealed(restore, app.settings.sealing_keys):
            log.error(
                "%s: its seal does not hold, so nothing is done for it",
                restore_id(restore.migration, restore.attempt),
            )
            return Halt.ENDED
        if isinstance(request, RestoreStep) and (halt := restore.halt(request.run)):
            return halt
        return work(request, restore, snapshot, app)

    return step


@implements(BEGIN_RESTORE)
@of_restore
def begin_restore(
    _request: RestoreRequest, restore: Restore, _snapshot: Snapshot, _app: Dependencies
) -> RestoreBegun | ActivityError | Halt:
    """Return what the run goes on from."""
    return RestoreBegun(
        run=restore.run,
        accepted_at=restore.accepted_at,
        settled=restore.settled is not None,
        limits=restore.limits,
    )


@implements(SETTLE_RESTORE)
@of_restore
def settle_restore(
    request: SettleRequest, restore: Restore, _snapshot: Snapshot, app: Dependencies
) -> Written | ActivityError | Halt:
    """Write down what became of the image, once."""
    end = RestoreEnd(
        state=request.state,
        reason=request.reason,
        at=request.at,
        differences=request.differences,
    )
    held = app.records.change_restore(
        restore.migration, restore.attempt, lambda now: settle(now, request.run, end)
    )
    return held if isinstance(held, Halt) else Written(at=request.at)


@implements(FINISH_RESTORE)
@of_restore
def finish_restore(
    request: FinishRestoreRequest, restore: Restore, _snapshot: Snapshot, app: Dependencies
) -> RestoreFinished | ActivityError | Halt:
    """Write the end, and give back the one that holds."""
    held = app.records.change_restore(
        restore.migration,
        restore.attempt,
        lambda now: finish(now, request.run, request.at, request.left),
    )
    if isinstance(held, Halt) or held.finished is None:
        return held if isinstance(held, Halt) else Halt.ENDED
    settle_restore_end(app.records, held)
    return RestoreFinished(state=held.finished.state, reason=held.finished.reason)
