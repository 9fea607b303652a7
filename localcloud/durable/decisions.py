"""What a replay decides, and how the code can differ from the history (non-determinism).

The texts are DurableTask.Core's own (TaskOrchestrationContext.cs), because operators look for them
and tests of apps may compare them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from localcloud.durable.history import Event, Kind, event, execution_completed, moment, stamp

CHANGED = (
    "Was a change made to the orchestrator code after this instance had already started running?"
)


@dataclass(frozen=True)
class ScheduleTask:
    id: int
    name: str
    input: str | None
    net_name: ClassVar[str] = "ScheduleTaskOrchestratorAction"

    def event(self, now: datetime) -> Event:
        rest = {"Version": "", "Input": None, "ParentTraceContext": None, "Tags": None}
        return event(Kind.TaskScheduled, now, self.id, Name=self.name, **rest)


@dataclass(frozen=True)
class CreateTimer:
    id: int
    fire_at: str
    net_name: ClassVar[str] = "CreateTimerOrchestratorAction"

    def event(self, now: datetime) -> Event:
        return event(Kind.TimerCreated, now, self.id, FireAt=stamp(moment(self.fire_at)))


@dataclass(frozen=True)
class CreateSubOrchestration:
    id: int
    name: str
    version: str | None
    instance_id: str
    input: str | None
    net_name: ClassVar[str] = "CreateSubOrchestrationAction"

    def event(self, now: datetime) -> Event:
        what = {"Name": self.name, "Version": self.version, "InstanceId": self.instance_id}
        rest = {"Input": None, "ClientSpanId": None, "Tags": None}
        return event(Kind.SubOrchestrationInstanceCreated, now, self.id, **what, **rest)


@dataclass(frozen=True)
class SendEvent:
    """A request to the entity `instance_id`; `due` is the time of a scheduled signal."""

    id: int
    instance_id: str
    name: str
    input: str
    due: str | None
    net_name: ClassVar[str] = "SendEventOrchestratorAction"

    def event(self, now: datetime) -> Event:
        what = {"InstanceId": self.instance_id, "Name": self.name, "Input": self.input}
        return event(Kind.EventSent, now, self.id, **what)


@dataclass(frozen=True)
class Complete:
    """`status` is Completed, Failed or Terminated; `details` go to a parent only."""

    id: int
    status: str
    result: str | None
    details: str | None = None
    net_name: ClassVar[str] = "OrchestrationCompleteOrchestratorAction"

    def event(self, now: datetime) -> Event:
        return execution_completed(now, self.id, self.status, self.result)


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


# By kind of event: the replay did nothing with this id, something else, or the same by another name.
# `{version}` is that of the event, `{action}` and `{now}` are the class and the name of the decision.
TEXTS = {
    Kind.TaskScheduled: (
        ScheduleTask,
        (
            "an activity task with sequence ID {id} and name '{name}' (version '{version}'), but the"
            " current replay execution hasn't (yet?) scheduled this task. "
        ),
        (
            "an activity task with sequence number {id} named '{name}', but the current orchestration"
            " replay instead produced a {action} action with this sequence number. "
        ),
        (
            "an activity task with sequence number {id} named '{name}', but the current orchestration"
            " replay instead scheduled an activity task named '{now}' with this sequence number.  "
        ),
    ),
    Kind.TimerCreated: (
        CreateTimer,
        (
            "a timer task with sequence number {id} but the current replay execution hasn't (yet?)"
            " scheduled this task. "
        ),
        (
            "a timer task with sequence number {id} named but the current orchestration replay instead"
            " produced a {action} action with this sequence number. "
        ),
        "",
    ),
    Kind.SubOrchestrationInstanceCreated: (
        CreateSubOrchestration,
        (
            "a sub-orchestration task with sequence ID {id} and name '{name}' (version '{version}',"
            " instance ID '{instance}'), but the current replay execution hasn't (yet?) scheduled this"
            " task. "
        ),
        (
            "a sub-orchestration task with sequence ID {id} and name '{name}' (version '{version}',"
            " instance ID '{instance}'), but the current orchestration replay instead produced a"
            " {action} action at this sequence number. "
        ),
        (
            "a sub-orchestration task with sequence ID {id} and name '{name}' (version '{version}',"
            " instance ID '{instance}'), but the current orchestration replay instead scheduled a"
            " sub-orchestration task with name {now} at this sequence number. "
        ),
    ),
    Kind.EventSent: (
        SendEvent,
        (
            "a send event task with sequence ID {id}, type 'EventSent' name '{name}', instance ID"
            " '{instance}', but the current replay execution hasn't (yet?) scheduled this task. "
        ),
        (
            "a send event task with sequence ID {id}, type 'EventSent', name '{name}', instance ID"
            " '{instance}', but the current orchestration replay instead scheduled a {action} task at"
            " this sequence number. "
        ),
        "",
    ),
}


def check(item: Event, decision: Decision | None) -> None:
    """Raises NonDeterministic unless the replay decided what the history event says."""
    wanted, missing, other, renamed = TEXTS[Kind(item["EventType"])]
    now = getattr(decision, "name", "")
    if isinstance(decision, wanted) and now.lower() == item.get("Name", "").lower():
        return
    text = missing if decision is None else renamed if isinstance(decision, wanted) else other
    told = text.format(
        id=item["EventId"],
        name=item.get("Name"),
        version=item.get("Version") or "",
        instance=item.get("InstanceId"),
        action=getattr(decision, "net_name", ""),
        now=now,
    )
    start = "A previous execution of this orchestration scheduled"
    raise NonDeterministic(item["EventId"], f"{start} {told}{CHANGED}")
