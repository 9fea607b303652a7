"""One turn of an orchestration: from a replay's decisions to history events and messages.

A turn is what the extension commits at once: events behind the history, messages to activities and
to other instances, the instance's new state. Pure: ids and times come from outside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.host.decisions import (
    Complete,
    ContinueAsNew,
    CreateSubOrchestration,
    CreateTimer,
    Decision,
    ScheduleTask,
    SendEvent,
)
from localcloud.host.dtfx import Outcome
from localcloud.host.history import (
    Event,
    Kind,
    event,
    event_raised,
    execution_completed,
    execution_started,
    moment,
    stamp,
)


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
    """`events` end with OrchestratorCompleted; `end` or `next_input` if the generation is over."""

    events: list[Event] = field(default_factory=list)
    calls: list[ActivityCall] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    end: Complete | None = None
    again: ContinueAsNew | None = None


@dataclass(frozen=True)
class Execution:
    """Who takes the turn: the fields of its ExecutionStarted event."""

    instance_id: str
    execution_id: str
    name: str
    version: str | None
    parent: dict[str, Any] | None

    @classmethod
    def of(cls, history: list[Event]) -> Execution:
        started = next(e for e in history if e["EventType"] == Kind.ExecutionStarted)
        ids = started["OrchestrationInstance"]
        return cls(
            ids["InstanceId"],
            ids["ExecutionId"],
            started["Name"],
            started["Version"],
            started["ParentInstance"],
        )


def take(outcome: Outcome, who: Execution, now: datetime, new_id: Callable[[], str]) -> Turn:
    """The turn that follows from the decisions; `new_id` gives execution ids."""
    turn = Turn()
    for decision in outcome.decisions:
        _APPLY[type(decision)](turn, decision, who, now, new_id)
    turn.events.append(event(Kind.OrchestratorCompleted, now))
    return turn


def _schedule(turn: Turn, decision: Any, who: Execution, now: datetime, _: Any) -> None:
    key, name = decision.id, decision.name
    rest = {"Version": "", "Input": None, "ParentTraceContext": None, "Tags": None}
    turn.events.append(event(Kind.TaskScheduled, now, key, Name=name, **rest))
    call = ActivityCall(who.instance_id, who.execution_id, key, name, decision.input)
    turn.calls.append(call)


def _timer(turn: Turn, decision: Any, who: Execution, now: datetime, _: Any) -> None:
    due = moment(decision.fire_at)
    turn.events.append(event(Kind.TimerCreated, now, decision.id, FireAt=stamp(due)))
    fired = event(Kind.TimerFired, now, TimerId=decision.id, FireAt=stamp(due))
    turn.messages.append(Message(who.instance_id, fired, due, who.execution_id))


def _child(
    turn: Turn, decision: Any, who: Execution, now: datetime, new_id: Callable[[], str]
) -> None:
    what = {"Name": decision.name, "Version": decision.version}
    rest = {"Input": None, "ClientSpanId": None, "Tags": None}
    child = decision.instance_id
    kind = Kind.SubOrchestrationInstanceCreated
    turn.events.append(event(kind, now, decision.id, **what, InstanceId=child, **rest))
    ids = {"InstanceId": who.instance_id, "ExecutionId": who.execution_id}
    parent = {
        "Name": who.name,
        "OrchestrationInstance": ids,
        "TaskScheduleId": decision.id,
        "Version": who.version,
    }
    started = execution_started(
        now,
        instance_id=decision.instance_id,
        execution_id=new_id(),
        name=decision.name,
        version=decision.version,
        input_text=decision.input,
        parent=parent,
    )
    turn.messages.append(Message(decision.instance_id, started, now))


def _send(turn: Turn, decision: Any, _who: Execution, now: datetime, _: Any) -> None:
    what = {"Name": decision.name, "Input": decision.input}
    sent = event(Kind.EventSent, now, decision.id, InstanceId=decision.instance_id, **what)
    turn.events.append(sent)
    due = moment(decision.due) if decision.due else now
    raised = event_raised(now, decision.name, decision.input)
    turn.messages.append(Message(decision.instance_id, raised, due))


def _complete(turn: Turn, decision: Any, who: Execution, now: datetime, _: Any) -> None:
    turn.end = decision
    turn.events.append(execution_completed(now, decision.id, decision.status, decision.result))
    if who.parent is not None:
        turn.messages.append(answer_to_parent(decision, who.parent, now))


def _again(turn: Turn, decision: Any, _who: Execution, _now: datetime, _: Any) -> None:
    turn.again = decision


def answer_to_parent(end: Complete, parent: dict[str, Any], now: datetime) -> Message:
    """How a child tells its parent that it has ended."""
    task_id, instance = parent["TaskScheduleId"], parent["OrchestrationInstance"]
    if end.status == "Completed":
        kind = Kind.SubOrchestrationInstanceCompleted
        what: dict[str, Any] = {"Result": end.result}
    else:
        kind = Kind.SubOrchestrationInstanceFailed
        what = {"Reason": end.result, "Details": end.details, "FailureDetails": None}
    told = event(kind, now, TaskScheduledId=task_id, **what)
    return Message(instance["InstanceId"], told, now, instance["ExecutionId"])


def next_generation(
    again: ContinueAsNew,
    carried: list[Event],
    who: Execution,
    now: datetime,
    new_id: Callable[[], str],
) -> list[Event]:
    """The history that a generation begins with; its first turn comes behind that."""
    started = execution_started(
        now,
        instance_id=who.instance_id,
        execution_id=new_id(),
        name=who.name,
        version=who.version,
        input_text=again.input,
        parent=who.parent,
    )
    return [
        event(Kind.OrchestratorStarted, now),
        started,
        *carried,
        event(Kind.OrchestratorCompleted, now),
    ]


_APPLY: dict[type[Decision], Callable[..., None]] = {
    ScheduleTask: _schedule,
    CreateTimer: _timer,
    CreateSubOrchestration: _child,
    SendEvent: _send,
    Complete: _complete,
    ContinueAsNew: _again,
}
