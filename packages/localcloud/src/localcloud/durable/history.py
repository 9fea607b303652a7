"""History events of a durable orchestration, in the shape that the extension gives to the SDK.

Keys and numbers are those of DurableTask.Core's events as Newtonsoft writes them. A history is a
list of such dictionaries; what is stored, replayed and sent to the SDK is the same thing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

Event = dict[str, Any]


class Kind(IntEnum):
    """The kinds of history events, by DurableTask.Core's EventType."""

    ExecutionStarted = 0
    ExecutionCompleted = 1
    ExecutionTerminated = 3
    TaskScheduled = 4
    TaskCompleted = 5
    TaskFailed = 6
    SubOrchestrationInstanceCreated = 7
    SubOrchestrationInstanceCompleted = 8
    SubOrchestrationInstanceFailed = 9
    TimerCreated = 10
    TimerFired = 11
    OrchestratorStarted = 12
    OrchestratorCompleted = 13
    EventSent = 14
    EventRaised = 15
    ContinueAsNew = 16
    GenericEvent = 17
    ExecutionSuspended = 19
    ExecutionResumed = 20


# Position: OrchestrationStatus of DurableTask.Core.
STATUSES = (
    "Running",
    "Completed",
    "ContinuedAsNew",
    "Failed",
    "Canceled",
    "Terminated",
    "Pending",
    "Suspended",
)
FINISHED = ("Completed", "Failed", "Canceled", "Terminated")


def compact(value: Any) -> str:
    """JSON as Newtonsoft writes it: no blanks, characters unescaped."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def stamp(when: datetime) -> str:
    """A UTC time as .NET writes it: fraction without trailing zeros, `Z`."""
    text = when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return text.rstrip("0").rstrip(".") + "Z"


def moment(text: str) -> datetime:
    """The time of a stamp (or of a `fireAt`); without an offset it is UTC."""
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def event(kind: Kind, when: datetime, event_id: int = -1, **fields: Any) -> Event:
    return {
        "EventType": int(kind),
        **fields,
        "EventId": event_id,
        "IsPlayed": False,
        "Timestamp": stamp(when),
    }


@dataclass(frozen=True)
class Execution:
    """The identity of a history; `parent` is the ParentInstance of a child."""

    instance_id: str
    execution_id: str
    name: str
    version: str | None = None
    parent: dict[str, Any] | None = None

    @classmethod
    def of(cls, history: list[Event]) -> Execution:
        started = next(e for e in history if e["EventType"] == Kind.ExecutionStarted)
        ids = started["OrchestrationInstance"]
        what = (started["Name"], started["Version"], started["ParentInstance"])
        return cls(ids["InstanceId"], ids["ExecutionId"], *what)

    @property
    def ids(self) -> dict[str, str]:
        """The ids as an OrchestrationInstance."""
        return {"InstanceId": self.instance_id, "ExecutionId": self.execution_id}

    def started(self, when: datetime, text: str | None, generation: int | None = None) -> Event:
        """ExecutionStarted with the input `text`.

        `generation` counts the starts by a client under one id; children have none.
        """
        return event(
            Kind.ExecutionStarted,
            when,
            OrchestrationInstance=self.ids,
            ParentInstance=self.parent,
            Name=self.name,
            Version=self.version,
            Input=text,
            Tags=None,
            Correlation=None,
            ParentTraceContext=None,
            ScheduledStartTime=None,
            Generation=generation,
            GenerateNewTrace=False,
        )


def task_completed(when: datetime, task_id: int, result: str | None) -> Event:
    return event(Kind.TaskCompleted, when, TaskScheduledId=task_id, Result=result)


def task_failed(when: datetime, task_id: int, reason: str, details: str) -> Event:
    return event(
        Kind.TaskFailed,
        when,
        TaskScheduledId=task_id,
        Reason=reason,
        Details=details,
        FailureDetails=None,
    )


def event_raised(when: datetime, name: str, text: str | None) -> Event:
    return event(Kind.EventRaised, when, Name=name, Input=text, ParentTraceContext=None)
