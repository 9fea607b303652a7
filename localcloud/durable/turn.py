"""One turn of an orchestration: from a replay's decisions to history events and messages.

A turn is what the extension commits at once: events behind the history, messages to activities and
to other instances, the instance's new state. Nothing is read or written here.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.durable.decisions import (
    Complete,
    ContinueAsNew,
    CreateSubOrchestration,
    CreateTimer,
    Decision,
    ScheduleTask,
    SendEvent,
)
from localcloud.durable.dtfx import Outcome
from localcloud.durable.history import (
    Event,
    Kind,
    event,
    event_raised,
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
        what = (started["Name"], started["Version"], started["ParentInstance"])
        return cls(ids["InstanceId"], ids["ExecutionId"], *what)


def take(outcome: Outcome, who: Execution, now: datetime) -> Turn:
    """The turn that follows from the decisions."""
    turn = Turn()
    for decision in outcome.decisions:
        if isinstance(decision, ContinueAsNew):
            turn.again = decision
        else:
            turn.events.append(decision.event(now))
            _carry_out(turn, decision, who, now)
    turn.events.append(event(Kind.OrchestratorCompleted, now))
    return turn


def _carry_out(turn: Turn, decision: Decision, who: Execution, now: datetime) -> None:
    match decision:
        case ScheduleTask(key, name, text):
            turn.calls.append(ActivityCall(who.instance_id, who.execution_id, key, name, text))
        case CreateTimer(key, fire_at):
            due = moment(fire_at)
            fired = event(Kind.TimerFired, now, TimerId=key, FireAt=stamp(due))
            turn.messages.append(Message(who.instance_id, fired, due, who.execution_id))
        case CreateSubOrchestration():
            turn.messages.append(Message(decision.instance_id, _start(decision, who, now), now))
        case SendEvent(_, target, name, text, due_at):
            due = moment(due_at) if due_at else now
            turn.messages.append(Message(target, event_raised(now, name, text), due))
        case Complete():
            turn.end = decision
            if who.parent is not None:
                turn.messages.append(answer_to_parent(decision, who.parent, now))


def _start(child: CreateSubOrchestration, who: Execution, now: datetime) -> Event:
    ids = {"InstanceId": who.instance_id, "ExecutionId": who.execution_id}
    parent = {
        "Name": who.name,
        "OrchestrationInstance": ids,
        "TaskScheduleId": child.id,
        "Version": who.version,
    }
    return execution_started(
        now,
        instance_id=child.instance_id,
        execution_id=uuid.uuid4().hex,
        name=child.name,
        version=child.version,
        input_text=child.input,
        parent=parent,
    )


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
    again: ContinueAsNew, carried: list[Event], who: Execution, now: datetime
) -> list[Event]:
    """The history that a generation begins with; its first turn comes behind that."""
    started = execution_started(
        now,
        instance_id=who.instance_id,
        execution_id=uuid.uuid4().hex,
        name=who.name,
        version=who.version,
        input_text=again.input,
        parent=who.parent,
    )
    turn = event(Kind.OrchestratorStarted, now)
    return [turn, started, *carried, event(Kind.OrchestratorCompleted, now)]
