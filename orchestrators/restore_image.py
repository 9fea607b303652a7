"""A deleted managed image, made again: the orchestration `restore_image`, whose instance id is the restore's.

Disks of the version, the image of these disks, and the disks deleted again. It is given nothing but its id: the plan,
and how far an earlier run has come, are in the record.
"""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from domain.ids import parse_restore_id
from domain.messages import Activity
from domain.restore.messages import (
    BEGIN_RESTORE,
    DELETE_DISKS,
    FINISH_RESTORE,
    LOOK_AT_DISKS,
    LOOK_AT_IMAGE,
    MAKE_DISKS,
    MAKE_IMAGE,
    SETTLE_RESTORE,
    DisksLeft,
    FinishRestoreRequest,
    Progress,
    RestoreBegun,
    RestoreRequest,
    RestoreStep,
    SettleRequest,
)
from domain.restore.recorded import RestoreState
from domain.values import Json
from orchestrators.endings import ActivityFailedError, RunOverError
from orchestrators.run import RECORDS_LIMIT, Steps, call_activity, pause

OVER: Json = {"over": True}
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=5)

Step = Activity[RestoreStep, Progress]


class RestoreFailedError(Exception):
    """The image cannot be made."""


def restore_image(context: df.DurableOrchestrationContext) -> Any:
    """The end of the restore, as the record holds it; or OVER."""
    named = parse_restore_id(str(context.instance_id))
    if named is None:
        return OVER
    request = RestoreRequest(migration_id=named[0], attempt=named[1])
    try:
        begun = yield from call_activity(context, BEGIN_RESTORE, request, RECORDS_LIMIT)
        run = RestoreRun(context, RestoreStep(**dict(request), run=begun.run), begun)
        if not begun.settled:
            yield from run.settle()
        return (yield from run.clean_up())
    except RunOverError:
        return OVER


class RestoreRun:
    """One run; a replay takes the same steps in the same order."""

    def __init__(
        self, context: df.DurableOrchestrationContext, step: RestoreStep, begun: RestoreBegun
    ) -> None:
        self._context, self._step, self._begun = context, step, begun

    def settle(self) -> Steps:
        """Make the image, and write down what became of it."""
        state = RestoreState.RESTORED
        differences: tuple[str, ...] = ()
        try:
            differences = yield from self._make_image()
            reason = "the image is there again" + (", but not as it was" if differences else "")
        except (RestoreFailedError, ActivityFailedError) as failed:
            state, reason = RestoreState.FAILED, str(failed)
        request = SettleRequest(
            **dict(self._step),
            at=self._context.current_utc_datetime,
            state=state,
            reason=reason,
            differences=differences,
        )
        yield from call_activity(self._context, SETTLE_RESTORE, request, RECORDS_LIMIT)

    def _make_image(self) -> Generator[Any, Any, tuple[str, ...]]:
        """Return how the image differs from its recipe. Raises RestoreFailedError and ActivityFailedError."""
        yield from self.until_ready(MAKE_DISKS)
        yield from self.until_ready(LOOK_AT_DISKS)
        yield from self.until_ready(MAKE_IMAGE)
        made = yield from self.until_ready(LOOK_AT_IMAGE)
        return made.differences

    def until_ready(self, activity: Step) -> Generator[Any, Any, Progress]:
        """Ask until it is ready. Raises RestoreFailedError."""
        began, wait = self._context.current_utc_datetime, FIRST_WAIT
        limit = self._begun.limits.polling.timeout
        while True:
            progress = yield from self._call(activity)
            if progress.failed:
                raise RestoreFailedError(progress.failed)
            if progress.ready:
                return progress
            if self._context.current_utc_datetime - began > limit:
                raise RestoreFailedError(f"{activity.name} was not done within {limit}")
            yield from pause(self._context, wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _call(self, activity: Step) -> Generator[Any, Any, Progress]:
        limit = self._begun.limits.retry
        return (yield from call_activity(self._context, activity, self._step, limit))

    def clean_up(self) -> Any:
        """Delete the disks that were made on the way, see them gone, and write the end."""
        left: tuple[str, ...] = ()
        try:
            left = yield from self._see_them_gone()
        except ActivityFailedError as failed:
            left = (f"not known: {failed}",)
        request = FinishRestoreRequest(
            **dict(self._step), at=self._context.current_utc_datetime, left=left
        )
        end = yield from call_activity(self._context, FINISH_RESTORE, request, RECORDS_LIMIT)
        return {"state": end.state.value, "reason": end.reason}

    def _see_them_gone(self) -> Generator[Any, Any, tuple[str, ...]]:
        """Return the disks that stay. Nothing is over while one may still come that a dead run was about to make."""
        began, wait = self._context.current_utc_datetime, FIRST_WAIT
        while True:
            limit = self._begun.limits.retry
            disks = yield from call_activity(self._context, DELETE_DISKS, self._step, limit)
            now = self._context.current_utc_datetime
            if _over(disks, now >= (disks.until or now)):
                return disks.kept
            if now - began > limit:
                return (*disks.kept, *disks.left)
            yield from pause(self._context, wait)
            wait = min(wait * 2, LONGEST_WAIT)


def _over(disks: DisksLeft, all_came: bool) -> bool:
    return all_came and not disks.left
