"""Durable waits.

Every timer is at most a day long and every loser is cancelled: longer timers, and open ones, keep an instance running
after its work is done (docs/platform-notes.md#timers). On real storage queues a timer fires up to a second
early, since delays are cut to whole seconds; so the last one aims a second late, or the wait would begin anew every few
milliseconds until its time has come.
"""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from domain.ids import approval_event_name
from domain.migration.restarting import LONGEST_TIMER

Steps = Generator[Any, Any, None]

EARLY = timedelta(seconds=1)


def pause(context: df.DurableOrchestrationContext, length: timedelta) -> Steps:
    """Wait on durable timers, never less than `length`."""
    until = context.current_utc_datetime + length
    while (now := context.current_utc_datetime) < until:
        yield context.create_timer(min(until + EARLY, now + LONGEST_TIMER))


def wait_for_wake_or(
    context: df.DurableOrchestrationContext, round_number: int, deadline: datetime
) -> Steps:
    """Until the round's event comes or the deadline has passed, whichever is first."""
    event = context.wait_for_external_event(approval_event_name(round_number))
    while (now := context.current_utc_datetime) < deadline:
        timer = context.create_timer(min(deadline + EARLY, now + LONGEST_TIMER))
        winner = yield context.task_any([event, timer])
        if winner is event:
            if not timer.is_completed:
                timer.cancel()
            return
