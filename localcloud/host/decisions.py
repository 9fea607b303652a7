"""What a replay decides, and how the code can differ from the history (non-determinism).

The texts are DurableTask.Core's own (TaskOrchestrationContext.cs), because operators look for them
and tests of apps may compare them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from localcloud.host.history import Event, Kind

CHANGED = (
    "Was a change made to the orchestrator code after this instance had already started running?"
)


@dataclass(frozen=True)
class ScheduleTask:
    id: int
    name: str
    input: str | None
    net_name: ClassVar[str] = "ScheduleTaskOrchestratorAction"


@dataclass(frozen=True)
class CreateTimer:
    id: int
    fire_at: str
    net_name: ClassVar[str] = "CreateTimerOrchestratorAction"


@dataclass(frozen=True)
class CreateSubOrchestration:
    id: int
    name: str
    version: str | None
    instance_id: str
    input: str | None
    net_name: ClassVar[str] = "CreateSubOrchestrationAction"


@dataclass(frozen=True)
class SendEvent:
    """A request to the entity `instance_id`; `due` is the time of a scheduled signal."""

    id: int
    instance_id: str
    name: str
    input: str
    due: str | None
    net_name: ClassVar[str] = "SendEventOrchestratorAction"


@dataclass(frozen=True)
class Complete:
    """`status` is Completed, Failed or Terminated; `details` go to a parent only."""

    id: int
    status: str
    result: str | None
    details: str | None = None
    net_name: ClassVar[str] = "OrchestrationCompleteOrchestratorAction"


@dataclass(frozen=True)
class ContinueAsNew:
    id: int
    input: str | None
    net_name: ClassVar[str] = "OrchestrationCompleteOrchestratorAction"


Decision = (
    ScheduleTask | CreateTimer | CreateSubOrchestration | SendEvent | Complete | ContinueAsNew
)


class NonDeterministic(Exception):  # noqa: N818 - DurableTask.Core's word
    """The code does not do what the history says it did; `step` is the sequence number."""

    def __init__(self, step: int, text: str) -> None:
        super().__init__(f"Non-Deterministic workflow detected: {text}")
        self.step = step


def check(item: Event, decision: Decision | None) -> None:
    """Raises NonDeterministic unless the replay decided what the history event says."""
    text = _CHECKS[Kind(item["EventType"])](item, decision)
    if text:
        raise NonDeterministic(item["EventId"], text)


def _activity(item: Event, decision: Decision | None) -> str:
    start = "A previous execution of this orchestration scheduled an activity task with sequence"
    if decision is None:
        return (
            f"{start} ID {item['EventId']} and name '{item['Name']}' (version '{item['Version']}'),"
            f" but the current replay execution hasn't (yet?) scheduled this task. {CHANGED}"
        )
    start = f"{start} number {item['EventId']} named '{item['Name']}', but the current"
    if not isinstance(decision, ScheduleTask):
        return (
            f"{start} orchestration replay instead produced a {decision.net_name} action"
            f" with this sequence number. {CHANGED}"
        )
    if decision.name.lower() != item["Name"].lower():
        return (
            f"{start} orchestration replay instead scheduled an activity task"
            f" named '{decision.name}' with this sequence number.  {CHANGED}"
        )
    return ""


def _timer(item: Event, decision: Decision | None) -> str:
    start = (
        "A previous execution of this orchestration scheduled a timer task with sequence number"
        f" {item['EventId']}"
    )
    if decision is None:
        rest = "but the current replay execution hasn't (yet?) scheduled this task."
        return f"{start} {rest} {CHANGED}"
    if not isinstance(decision, CreateTimer):
        return (
            f"{start} named but the current orchestration replay instead produced a"
            f" {decision.net_name} action with this sequence number. {CHANGED}"
        )
    return ""


def _child(item: Event, decision: Decision | None) -> str:
    start = (
        "A previous execution of this orchestration scheduled a sub-orchestration task with"
        f" sequence ID {item['EventId']} and name '{item['Name']}'"
        f" (version '{item['Version'] or ''}', instance ID '{item['InstanceId']}'), but the current"
    )
    if decision is None:
        return f"{start} replay execution hasn't (yet?) scheduled this task. {CHANGED}"
    if not isinstance(decision, CreateSubOrchestration):
        return (
            f"{start} orchestration replay instead produced a {decision.net_name} action"
            f" at this sequence number. {CHANGED}"
        )
    if decision.name.lower() != item["Name"].lower():
        return (
            f"{start} orchestration replay instead scheduled a sub-orchestration task with name"
            f" {decision.name} at this sequence number. {CHANGED}"
        )
    return ""


def _send(item: Event, decision: Decision | None) -> str:
    start = (
        "A previous execution of this orchestration scheduled a send event task with sequence ID"
        f" {item['EventId']}, type 'EventSent'"
    )
    rest = f" name '{item['Name']}', instance ID '{item['InstanceId']}', but the current"
    if decision is None:
        return f"{start}{rest} replay execution hasn't (yet?) scheduled this task. {CHANGED}"
    if not isinstance(decision, SendEvent):
        return (
            f"{start},{rest} orchestration replay instead scheduled a {decision.net_name} task"
            f" at this sequence number. {CHANGED}"
        )
    return ""


_CHECKS = {
    Kind.TaskScheduled: _activity,
    Kind.TimerCreated: _timer,
    Kind.SubOrchestrationInstanceCreated: _child,
    Kind.EventSent: _send,
}
