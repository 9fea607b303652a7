"""One turn of an orchestration: from a replay's decisions to history events and messages.

A turn is what the extension commits at once: events behind the history, messages to activities and
to other instances, the instance's new state. Nothing is read or written here.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from localcloud.durable.decisions import Decision
from localcloud.durable.history import (
    Event,
    Execution,
    Kind,
    event,
    event_raised,
    moment,
    stamp,
)

# How long a message takes through a queue that does not delay it, as measured on Azurite.
ROUND_TRIP = timedelta(milliseconds=30)


@dataclass(frozen=True)
class ActivityCall:
    """An activity to run; its result goes to `instance_id` as the event of `task_id`."""

    instance_id: str
    execution_id: str
    task_id: int
    name: str
    input: str | None


@dataclass(frozen=True)
class Message:
    """An event for an instance, not before `due`; only for `execution_id` if that is given."""

    target: str
    event: Event
    due: datetime
    execution_id: str | None = None


@dataclass
class Turn:
    """`events` end with OrchestratorCompleted; `end` or `again` if the generation is over."""

    events: list[Event] = field(default_factory=list)
    calls: list[ActivityCall] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    end: Decision | None = None
    again: Decision | None = None


def take(decisions: Sequence[Decision], who: Execution, now: datetime) -> Turn:
    """The turn that follows from the decisions."""
    turn = Turn()
    for decision in decisions:
        if decision.kind is Kind.ContinueAsNew:
            turn.again = decision
            continue
        turn.events.append(decision.event(now))
        if decision.kind is Kind.TaskScheduled:
            task = (decision.id, decision.name, decision.payload)
            turn.calls.append(ActivityCall(who.instance_id, who.execution_id, *task))
        elif decision.kind is Kind.ExecutionCompleted:
            turn.end = decision
            if who.parent is not None:
                turn.messages.append(_answer(decision, who, who.parent, now))
        else:
            turn.messages.append(_message(decision, who, now))
    turn.events.append(event(Kind.OrchestratorCompleted, now))
    return turn


def _message(decision: Decision, who: Execution, now: datetime) -> Message:
    """A timer's for the instance itself, the start of a child, or a request to an entity."""
    due = moment(decision.due) if decision.due else now
    if decision.kind is Kind.TimerCreated:
        fired = event(Kind.TimerFired, now, TimerId=decision.id, FireAt=stamp(due))
        return Message(who.instance_id, fired, _offered(due, now), who.execution_id)
    if decision.kind is Kind.EventSent:
        sent = event_raised(now, decision.name, decision.payload)
    else:
        sent = _start(decision, who, now)
    return Message(decision.fields["InstanceId"], sent, due)


def _offered(due: datetime, now: datetime) -> datetime:
    """Return when a queue of Azure Storage offers what it got now for `due`.

    It delays by whole seconds, so that a timer fires up to a second early (docs/platform-notes.md#timers). What is not
    delayed comes back in a moment, no sooner: code that waits on until the time has come would never see it come while
    the clock is held.
    """
    second = timedelta(seconds=1)
    return now + ((due - now) // second * second or min(due - now, ROUND_TRIP))


def _start(child: Decision, who: Execution, now: datetime) -> Event:
    parent = {
        "Name": who.name,
        "OrchestrationInstance": who.ids,
        "TaskScheduleId": child.id,
        "Version": who.version,
    }
    what = (child.name, child.fields["Version"], parent)
    begun = Execution(child.fields["InstanceId"], uuid.uuid4().hex, *what)
    return begun.started(now, child.payload)


def _answer(end: Decision, child: Execution, parent: dict[str, Any], now: datetime) -> Message:
    """Return the message by which a child tells its parent that it has ended."""
    result, details = end.fields["Result"], end.payload
    if end.status == "Completed":
        kind, what = Kind.SubOrchestrationInstanceCompleted, {"Result": result}
    else:
        kind = Kind.SubOrchestrationInstanceFailed
        what = {"Reason": result, "Details": details, "FailureDetails": None}
    scheduled = parent["TaskScheduleId"]
    ended = event(kind, now, TaskScheduledId=scheduled, InstanceId=child.instance_id, **what)
    instance = parent["OrchestrationInstance"]
    return Message(instance["InstanceId"], ended, now, instance["ExecutionId"])


def next_generation(
    again: Decision, carried: list[Event], who: Execution, now: datetime
) -> list[Event]:
    """The history that a generation begins with; its first turn comes behind that."""
    started = replace(who, execution_id=uuid.uuid4().hex).started(now, again.payload)
    turn = event(Kind.OrchestratorStarted, now)
    return [turn, started, *carried, event(Kind.OrchestratorCompleted, now)]
