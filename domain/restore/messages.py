"""The contracts of the activities of a restore; `domain/messages.py` says what a contract is."""

from datetime import datetime

from domain.messages import Activity, ActivityRequest, Written
from domain.migration.limits import Limits
from domain.restore.recorded import RestoreState
from domain.values import Message

# -- requests --------------------------------------------------------------------------------------------------------


class RestoreRequest(ActivityRequest):
    """For which attempt to restore the migration's image."""

    attempt: int


class RestoreStep(RestoreRequest):
    """A step of a run: one that is not the newest run's does nothing."""

    run: int


class SettleRequest(RestoreStep):
    """The fate of the image, and why. `at`: the orchestration's time."""

    at: datetime
    state: RestoreState
    reason: str
    differences: tuple[str, ...] = ()


class FinishRestoreRequest(RestoreStep):
    """The end of a run. `left`: disks that could not be deleted, by id."""

    at: datetime
    left: tuple[str, ...] = ()


# -- replies ---------------------------------------------------------------------------------------------------------


class RestoreBegun(Message):
    """The point from which a run goes on. `settled`: only the disks are left to be cleaned up."""

    run: int
    accepted_at: datetime
    settled: bool
    limits: Limits


class Progress(Message):
    """`ready` once everything is there that was begun; `failed`: why it will not be."""

    ready: bool = False
    failed: str = ""
    differences: tuple[str, ...] = ()


class DisksLeft(Message):
    """`left`: disks that are still there, by id; `kept`: those that are not ours to delete, or in use. `until`: a disk
    that a dead run was about to make may come until then."""

    left: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    until: datetime | None = None


class RestoreFinished(Message):
    """The end that holds, of whichever run."""

    state: RestoreState
    reason: str


# -- contracts -------------------------------------------------------------------------------------------------------

BEGIN_RESTORE = Activity[RestoreRequest, RestoreBegun](
    "begin_restore", RestoreRequest, RestoreBegun
)
MAKE_DISKS = Activity[RestoreStep, Progress]("make_disks", RestoreStep, Progress)
LOOK_AT_DISKS = Activity[RestoreStep, Progress]("look_at_disks", RestoreStep, Progress)
MAKE_IMAGE = Activity[RestoreStep, Progress]("make_image", RestoreStep, Progress)
LOOK_AT_IMAGE = Activity[RestoreStep, Progress]("look_at_image", RestoreStep, Progress)
SETTLE_RESTORE = Activity[SettleRequest, Written]("settle_restore", SettleRequest, Written)
DELETE_DISKS = Activity[RestoreStep, DisksLeft]("delete_disks", RestoreStep, DisksLeft)
FINISH_RESTORE = Activity[FinishRestoreRequest, RestoreFinished](
    "finish_restore", FinishRestoreRequest, RestoreFinished
)
