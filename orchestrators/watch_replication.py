"""Watch a version until it is ready in every wanted region: the child orchestration `watch_replication`.

Few polls a generation, then continue-as-new: replaying a history costs what it is long (durable.md B4.22). It waits
for no event, since continue-as-new would drop it (B1.2).
"""

from datetime import datetime, timedelta

import azure.durable_functions as df

from migration.polling import (
    PollPolicy,
    Replicated,
    ReplicationFailed,
    VersionReading,
    Wait,
    judge,
)
from migration.stages import Outcome
from migration.wire import Json, Value
from orchestrators.endings import Ended
from orchestrators.waiting import GaveUp, Steps, pause, perform

POLLS_PER_GENERATION = 15


class Watch(Value):
    """What to watch, and how far the watch has come; survives continue-as-new."""

    read: Json
    wanted: tuple[str, ...]
    policy: PollPolicy
    retry_limit: timedelta
    began: datetime | None = None
    polls: int = 0


class WatchResult(Value):
    """How the watch ended: `replicated`, `failed` or `cancelled`."""

    state: str
    code: str = ""
    reason: str = ""


def watch_replication(context: df.DurableOrchestrationContext) -> Steps:
    """A WatchResult."""
    watch = Watch.from_wire(context.get_input())
    began = watch.began or context.current_utc_datetime
    for poll in range(POLLS_PER_GENERATION):
        try:
            answer = yield from perform(context, "read_replication", watch.read, watch.retry_limit)
        except Ended as ended:
            return WatchResult(state=ended.outcome.value, reason=ended.reason).to_wire()
        except GaveUp as gave_up:
            return WatchResult(
                state=Outcome.FAILED.value, code=gave_up.error.code, reason=gave_up.reason
            ).to_wire()
        reading = VersionReading.from_wire(answer.value)
        context.set_custom_status(_status(reading, watch.wanted))
        decision = judge(
            reading,
            watch.wanted,
            watch.polls + poll,
            context.current_utc_datetime - began,
            watch.policy,
        )
        if isinstance(decision, Wait):
            yield from pause(context, decision.delay)
        else:
            return _result(decision)
    later = watch.model_copy(update={"began": began, "polls": watch.polls + POLLS_PER_GENERATION})
    context.continue_as_new(later.to_wire())
    return None


def _result(decision: Replicated | ReplicationFailed) -> Json:
    if isinstance(decision, Replicated):
        return WatchResult(state="replicated").to_wire()
    return WatchResult(
        state=Outcome.FAILED.value, code=decision.code, reason=decision.reason
    ).to_wire()


def _status(reading: VersionReading, wanted: tuple[str, ...]) -> Json:
    completed = sum(1 for region in reading.regions if region.state == "Completed")
    return {"stage": "replication", "regionsCompleted": completed, "regions": len(wanted)}
