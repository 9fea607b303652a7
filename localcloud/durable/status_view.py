"""What the status API shows of an instance and its history.

The history is condensed as the extension does it: the turns' own events are left out, a scheduled
event is merged into the event that ended it, names are moved, ids are dropped.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from localcloud.durable.history import STATUSES, Event, Kind, moment, stamp
from localcloud.durable.store import Instance

TURN_EVENTS = (Kind.OrchestratorStarted, Kind.OrchestratorCompleted, Kind.ContinueAsNew)
SCHEDULED = (Kind.TaskScheduled, Kind.SubOrchestrationInstanceCreated)
COMPLETED = (Kind.TaskCompleted, Kind.SubOrchestrationInstanceCompleted)
# The event that scheduled what this one ends.
BEGINNING = {
    Kind.TaskCompleted: Kind.TaskScheduled,
    Kind.TaskFailed: Kind.TaskScheduled,
    Kind.SubOrchestrationInstanceCompleted: Kind.SubOrchestrationInstanceCreated,
    Kind.SubOrchestrationInstanceFailed: Kind.SubOrchestrationInstanceCreated,
}
DROPPED = {
    "EventId",
    "IsPlayed",
    "TaskScheduledId",
    "TimerId",
    "Version",
    "OrchestrationInstance",
    "ParentInstance",
}


class DuplicateKey(Exception):  # noqa: N818 - .NET's ArgumentException about it
    """Two tasks with one id: a non-deterministic replay had scheduled one anew."""


@dataclass(frozen=True)
class Shown:
    """The `show...` parameters of the status API."""

    input: bool = True
    history: bool = False
    output: bool = False


def status(instance: Instance, history: list[Event], shown: Shown) -> dict[str, Any]:
    body = {
        "name": instance.name,
        "instanceId": instance.id,
        "runtimeStatus": instance.status,
        "input": token(instance.input) if shown.input else None,
        "customStatus": token(instance.custom_status),
        "output": token(instance.output),
        "createdTime": _seconds(instance.created),
        "lastUpdatedTime": _seconds(instance.updated),
    }
    if shown.history and history:
        body["historyEvents"] = condensed(history, shown)
    return body


def token(text: str | None) -> Any:
    """JSON if the text is JSON, else the text itself (failures, reasons)."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def condensed(history: list[Event], shown: Shown) -> list[Event]:
    """`historyEvents` of the status; DuplicateKey if the extension cannot make it."""
    begun: dict[tuple[Kind, int], Event] = {}
    ended: set[tuple[Kind, int]] = set()
    items: list[tuple[tuple[Kind, int], Event]] = []
    for item in history:
        kind = Kind(item["EventType"])
        key = (kind, item["EventId"])
        if kind in SCHEDULED:
            if key in begun:
                raise DuplicateKey(f"{kind.name}_{item['EventId']}")
            begun[key] = item
        beginning = BEGINNING.get(kind)
        scheduled = None
        if beginning is not None:
            start = (beginning, item["TaskScheduledId"])
            scheduled = begun.get(start)
            ended.add(start)
        if kind not in TURN_EVENTS:
            items.append((key, _shown(kind, item, scheduled, shown)))
    return [item for key, item in items if key not in ended]


def _shown(kind: Kind, item: Event, scheduled: Event | None, shown: Shown) -> Event:
    view: Event = {"EventType": kind.name}
    view |= {k: v for k, v in item.items() if k not in DROPPED and k != "EventType"}
    if scheduled is not None:
        view["ScheduledTime"] = scheduled["Timestamp"].removesuffix("Z") + "+00:00"
        view["FunctionName"] = scheduled["Name"]
        if shown.input:
            view["Input"] = scheduled["Input"]
    if kind is Kind.ExecutionStarted:
        view["FunctionName"] = view.pop("Name")
        del view["Tags"]
        if not shown.input:
            del view["Input"]
    elif kind is Kind.ExecutionCompleted:
        view["OrchestrationStatus"] = STATUSES[item["OrchestrationStatus"]]
    if kind in (*COMPLETED, Kind.ExecutionCompleted):
        if shown.output:
            view["Result"] = token(item["Result"])
        else:
            del view["Result"]
    return view


def _seconds(text: str) -> str:
    return stamp(moment(text).replace(microsecond=0))
