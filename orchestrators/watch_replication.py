"""Watch a version until it is ready in every wanted region: the child orchestration `watch_replication`.

Few polls a generation, then continue-as-new: replaying a history costs what it is long
(docs/platform-notes.md#what-a-replay-costs). It waits for no event, since continue-as-new would drop it
(docs/platform-notes.md#continue-as-new-drops-events).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import azure.durable_functions as df

from domain.messages import READ_REPLICATION, LookRequest
from domain.migration.polling import Replicated, Wait
from domain.values import Message
from orchestrators.endings import ActivityFailedError, MigrationEndedError, RunOverError
from orchestrators.run import call_activity, pause

POLLS_PER_GENERATION = 15


class Watch(Message):
    """The version to watch and since when, and how far the watch has come; survives continue-as-new."""

    migration_id: str
    run: int
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
    watch = Watch.model_validate(context.get_input())
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
        context.continue_as_new(later.model_dump(mode="json"))
        return None
    return result.model_dump(mode="json")


def _watch(context: df.DurableOrchestrationContext, watch: Watch) -> Any:
    """The polls of one generation; None when they do not tell the end."""
    for polls in range(watch.polls, watch.polls + POLLS_PER_GENERATION):
        request = LookRequest(
            migration_id=watch.migration_id,
            run=watch.run,
            at=context.current_utc_datetime,
            began=watch.began,
            polls=polls,
        )
        look = yield from call_activity(context, READ_REPLICATION, request, watch.retry_limit)
        progress = {"regionsCompleted": look.completed, "regions": look.regions}
        context.set_custom_status({"stage": "replication", **progress})
        match look.judgement:
            case Wait(delay=delay):
                yield from pause(context, delay)
            case Replicated():
                return WatchResult(state=WatchState.REPLICATED)
            case failed:
                return WatchResult(state=WatchState.FAILED, code=failed.code, reason=failed.reason)
    return None
