"""Watch a version until it is ready in every wanted region: the child orchestration `watch_replication`.

Few polls a generation, then continue-as-new: replaying a history costs what it is long
(docs/platform-notes.md#what-a-replay-costs). It waits for no event, since continue-as-new would drop it
(docs/platform-notes.md#continue-as-new-drops-events).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import azure.durable_functions as df

from domain.messages import READ_REPLICATION, StepRequest
from domain.migration.polling import (
    PollPolicy,
    Replicated,
    ReplicationFailed,
    VersionReading,
    Wait,
    judge,
)
from domain.values import Json, Message
from orchestrators.calls import call_activity
from orchestrators.endings import ActivityFailedError, MigrationEndedError, RunOverError
from orchestrators.waiting import pause

POLLS_PER_GENERATION = 15


class Watch(Message):
    """The thing to watch and since when, and how far the watch has come; survives continue-as-new."""

    migration_id: str
    run: int
    wanted: tuple[str, ...]
    policy: PollPolicy
    retry_limit: timedelta
    began: datetime
    polls: int = 0


class WatchState(StrEnum):
    """The end of a watch; `over`: a later run goes on."""

    REPLICATED = "replicated"
    FAILED = "failed"
    CANCELLED = "cancelled"
    OVER = "over"


class WatchResult(Message):
    """The end of a watch, with `code` and `reason` of a failure."""

    state: WatchState
    code: str = ""
    reason: str = ""


def watch_replication(context: df.DurableOrchestrationContext) -> Any:
    """Poll until the watch has an end; its output is a WatchResult as JSON."""
    watch = Watch.from_wire(context.get_input())
    try:
        result = yield from _watch(context, watch)
    except MigrationEndedError:
        result = WatchResult(state=WatchState.CANCELLED)
    except RunOverError:
        result = WatchResult(state=WatchState.OVER)
    except ActivityFailedError as failed:
        result = WatchResult(state=WatchState.FAILED, code=failed.error.code, reason=failed.reason)
    if result is None:
        later = watch.model_copy(update={"polls": watch.polls + POLLS_PER_GENERATION})
        context.continue_as_new(later.to_wire())
        return None
    return result.to_wire()


def _watch(context: df.DurableOrchestrationContext, watch: Watch) -> Any:
    """The polls of one generation; None when they do not tell the end."""
    step = StepRequest(migration_id=watch.migration_id, run=watch.run)
    for poll in range(POLLS_PER_GENERATION):
        reading = yield from call_activity(context, READ_REPLICATION, step, watch.retry_limit)
        context.set_custom_status(_status(reading, watch.wanted))
        elapsed = context.current_utc_datetime - watch.began
        decision = judge(reading, watch.wanted, watch.polls + poll, elapsed, watch.policy)
        if not isinstance(decision, Wait):
            return _result(decision)
        yield from pause(context, decision.delay)
    return None


def _result(decision: Replicated | ReplicationFailed) -> WatchResult:
    if isinstance(decision, Replicated):
        return WatchResult(state=WatchState.REPLICATED)
    return WatchResult(state=WatchState.FAILED, code=decision.code, reason=decision.reason)


def _status(reading: VersionReading, wanted: tuple[str, ...]) -> Json:
    completed = sum(1 for region in reading.regions if region.state == "Completed")
    return {"stage": "replication", "regionsCompleted": completed, "regions": len(wanted)}
