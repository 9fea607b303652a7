"""Sub-generators shared by the orchestrators: a durable pause, one activity until it answers, one round of an approval.

Every timer is at most a day long and every loser is cancelled: longer timers, and open ones, keep an instance
running after its work is done (../shared/reference/durable.md B1.4, B1.5).
"""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from migration.answers import Answer, AzureError, Standing
from migration.approval import Verdict
from migration.names import approval_event_name
from migration.retrying import GiveUp, after_error
from migration.wire import Json
from orchestrators.endings import cancelled

Steps = Generator[Any, Any, Any]

LONGEST_TIMER = timedelta(days=1)
# For what is nobody's answer: a worker that died, a host that went away.
_CRASHES = df.RetryOptions(first_retry_interval_in_milliseconds=30_000, max_number_of_attempts=3)


class GaveUp(Exception):  # noqa: N818 - what happened, not an error of ours
    """An activity's error is final, or has gone on for too long; `at_once`: it was final, and the first."""

    def __init__(self, error: AzureError, reason: str, *, at_once: bool = False) -> None:
        self.error = error
        self.reason = reason
        self.at_once = at_once
        super().__init__(reason)


def pause(context: df.DurableOrchestrationContext, length: timedelta) -> Steps:
    """Wait on durable timers."""
    until = context.current_utc_datetime + length
    while (now := context.current_utc_datetime) < until:
        yield context.create_timer(min(until, now + LONGEST_TIMER))


def perform(
    context: df.DurableOrchestrationContext, activity: str, request: Json, limit: timedelta
) -> Generator[Any, Any, Answer]:
    """The answer of an activity, which is asked again while its errors are transient, for `limit` at most.

    Raises Ended when the migration was cancelled and GaveUp when the error is final.
    """
    began = context.current_utc_datetime
    errors = 0
    while True:
        raw = yield context.call_activity_with_retry(activity, _CRASHES, request)
        answer = Answer.from_wire(raw)
        if answer.standing is Standing.CANCELLED:
            raise cancelled()
        if answer.error is None:
            return answer
        decision = after_error(answer.error, errors, context.current_utc_datetime - began, limit)
        if isinstance(decision, GiveUp):
            at_once = not errors and not answer.error.transient
            raise GaveUp(answer.error, decision.reason, at_once=at_once)
        errors += 1
        yield from pause(context, decision.wait)


def wait_for_wake_or(
    context: df.DurableOrchestrationContext, round_number: int, deadline: datetime
) -> Generator[Any, Any, None]:
    """Until the round's event comes or the deadline passes, whichever is first."""
    event = context.wait_for_external_event(approval_event_name(round_number))
    while (now := context.current_utc_datetime) < deadline:
        timer = context.create_timer(min(deadline, now + LONGEST_TIMER))
        winner = yield context.task_any([event, timer])
        if winner is event:
            if not timer.is_completed:
                timer.cancel()
            return


def verdict_of(answer: Answer) -> Verdict:
    """The verdict in the answer of `decide_approval`."""
    return Verdict.from_wire(answer.value)
