"""The decisions of a replay, and how they can differ from the history (non-determinism).

The texts are DurableTask.Core's own (TaskOrchestrationContext.cs), because operators look for them
and tests of apps may compare them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localcloud.durable.history import STATUSES, Event, Kind, event, moment, stamp


@dataclass(frozen=True)
class Decision:
    """New work: the history event that records it, and what goes out with it.

    `payload` is the input of what is called (or of the next generation), of a failure its details
    for a parent; `due` is when it takes effect, if not at once.
    """

    id: int
    kind: Kind
    fields: Mapping[str, Any]
    payload: str | None = None
    due: str | None = None

    @property
    def name(self) -> str:
        return str(self.fields.get("Name", ""))

    @property
    def status(self) -> str:
        """The status with which the orchestration ends."""
        return STATUSES[self.fields["OrchestrationStatus"]]

    def event(self, now: datetime) -> Event:
        return event(self.kind, now, self.id, **self.fields)


def schedule_task(key: int, name: str, payload: str | None) -> Decision:
    rest = {"Version": "", "Input": None, "ParentTraceContext": None, "Tags": None}
    return Decision(key, Kind.TaskScheduled, {"Name": name, **rest}, payload)


def create_timer(key: int, due: str) -> Decision:
    return Decision(key, Kind.TimerCreated, {"FireAt": stamp(moment(due))}, due=due)


def create_sub_orchestration(
    key: int, name: str, version: str | None, instance_id: str, payload: str | None
) -> Decision:
    what = {"Name": name, "Version": version, "InstanceId": instance_id}
    rest = {"Input": None, "ClientSpanId": None, "Tags": None}
    return Decision(key, Kind.SubOrchestrationInstanceCreated, what | rest, payload)


def send_event(key: int, instance_id: str, name: str, payload: str, due: str | None) -> Decision:
    """A request to an entity."""
    what = {"InstanceId": instance_id, "Name": name, "Input": payload}
    return Decision(key, Kind.EventSent, what, payload, due)


def complete(key: int, status: str, result: str | None, details: str | None = None) -> Decision:
    """`status` is Completed, Failed or Terminated."""
    what = {
        "OrchestrationStatus": STATUSES.index(status),
        "Result": result,
        "FailureDetails": None,
    }
    return Decision(key, Kind.ExecutionCompleted, what, details)


class DeterminismError(Exception):
    """The code does not do what the history says it did; `step` is the sequence number."""

    def __init__(self, step: int, text: str) -> None:
        super().__init__(
            "Non-Deterministic workflow detected: A previous execution of this orchestration"
            f" scheduled {text} Was a change made to the orchestrator code after this instance had"
            " already started running?"
        )
        self.step = step


ACTIVITY, CHILD = Kind.TaskScheduled, Kind.SubOrchestrationInstanceCreated
NOT_YET = "but the current replay execution hasn't (yet?) scheduled this task."
INSTEAD = "but the current orchestration replay instead"
A_CHILD = (
    "a sub-orchestration task with sequence ID {EventId} and name '{Name}' (version '{Version}',"
    " instance ID '{InstanceId}'),"
)
AN_EVENT = "a send event task with sequence ID {EventId}, instance ID '{InstanceId}',"
# What the history says, if the replay did nothing with the id, and if it did something else.
WAS = {
    ACTIVITY: (
        "an activity task with sequence ID {EventId} and name '{Name}' (version '{Version}'),",
        "an activity task with sequence number {EventId} named '{Name}',",
    ),
    Kind.TimerCreated: (
        "a timer task with sequence number {EventId}",
        "a timer task with sequence number {EventId} named",
    ),
    CHILD: (A_CHILD, A_CHILD),
    Kind.EventSent: (AN_EVENT, AN_EVENT),
}
# The .NET class of a decision.
ACTIONS = {
    ACTIVITY: "ScheduleTaskOrchestratorAction",
    Kind.TimerCreated: "CreateTimerOrchestratorAction",
    CHILD: "CreateSubOrchestrationAction",
    Kind.EventSent: "SendEventOrchestratorAction",
}
# The same kind of decision, by another name.
RENAMED = {
    ACTIVITY: "an activity task named '{}' with this sequence number. ",
    CHILD: "a sub-orchestration task with name {} at this sequence number.",
}


def check(item: Event, decision: Decision | None) -> None:
    """Raises DeterminismError unless the replay decided what the history event says."""
    kind = Kind(item["EventType"])
    scheduled = item | {"Version": item.get("Version") or ""}
    missing, known = (text.format_map(scheduled) for text in WAS[kind])
    if decision is None:
        raise DeterminismError(item["EventId"], f"{missing} {NOT_YET}")
    if decision.kind is not kind:
        action = ACTIONS.get(decision.kind, "OrchestrationCompleteOrchestratorAction")
        now = f"produced a {action} action with this sequence number."
        raise DeterminismError(item["EventId"], f"{known} {INSTEAD} {now}")
    if decision.name.lower() != item.get("Name", "").lower():
        now = f"scheduled {RENAMED[kind].format(decision.name)}"
        raise DeterminismError(item["EventId"], f"{known} {INSTEAD} {now}")
