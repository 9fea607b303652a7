"""The status API's view of an instance and its history.

The history is condensed as the extension does it: the turns' own events are left out, an event that
scheduled something is merged into the one that ended it, names are moved, ids are dropped.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from localcloud.durable.answers import RefusedError, flag
from localcloud.durable.history import STATUSES, Event, Kind
from localcloud.durable.store import Instance

TURN_EVENTS = (Kind.OrchestratorStarted, Kind.OrchestratorCompleted, Kind.ContinueAsNew)
# The kind of event that scheduled what this kind ends.
SCHEDULING = {
    Kind.TaskCompleted: Kind.TaskScheduled,
    Kind.TaskFailed: Kind.TaskScheduled,
    Kind.SubOrchestrationInstanceCompleted: Kind.SubOrchestrationInstanceCreated,
    Kind.SubOrchestrationInstanceFailed: Kind.SubOrchestrationInstanceCreated,
}
IDS = ("EventId", "TaskScheduledId", "TimerId", "OrchestrationInstance", "ParentInstance")
DROPPED = (*IDS, "IsPlayed", "Version", "Tags")


def status(request: web.Request, instance: Instance) -> dict[str, Any]:
    """Return the status of an instance, without its history; times have whole seconds."""
    rare = {"version": instance.version or None, "parentInstanceId": instance.parent}
    return {
        "name": instance.name,
        **{name: value for name, value in rare.items() if value is not None},
        "instanceId": instance.id,
        "runtimeStatus": instance.status,
        "input": token(instance.input) if flag(request, "showInput", default=True) else None,
        "customStatus": token(instance.custom_status),
        "output": token(instance.output),
        "createdTime": f"{instance.created[:19]}Z",
        "lastUpdatedTime": f"{instance.updated[:19]}Z",
    }


def token(text: str | None) -> Any:
    """JSON if the text is JSON, else the text itself (failures, reasons)."""
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def condensed(request: web.Request, history: list[Event]) -> list[Event]:
    """Return the `historyEvents` of the status."""
    scheduled = _scheduled(history)
    ended = {_scheduling(item) for item in history}
    return [
        _view(request, item, scheduled.get(_scheduling(item)))
        for item in history
        if item["EventType"] not in TURN_EVENTS
        and (item["EventType"], item["EventId"]) not in ended
    ]


def _scheduled(history: list[Event]) -> dict[tuple[int, int], Event]:
    """By kind and id; a replay that was not deterministic may have scheduled two under one id."""
    scheduled: dict[tuple[int, int], Event] = {}
    for item in history:
        kind, number = item["EventType"], item["EventId"]
        if (kind, number) in scheduled:
            key = f"{Kind(kind).name}_{number}"
            twice = f"An item with the same key has already been added. Key: {key}"
            message = "One or more of the arguments submitted is incorrect"
            raise RefusedError(400, message, "System.ArgumentException", twice)
        if kind in SCHEDULING.values():
            scheduled[kind, number] = item
    return scheduled


def _scheduling(item: Event) -> tuple[int, int]:
    """Kind and id of the event that scheduled what this one ends, if it ends anything."""
    return SCHEDULING.get(item["EventType"], -1), item.get("TaskScheduledId", -1)


def _view(request: web.Request, item: Event, scheduled: Event | None) -> Event:
    kind = Kind(item["EventType"])
    view = {key: value for key, value in item.items() if key not in DROPPED}
    view["EventType"] = kind.name
    if scheduled is not None:
        view["ScheduledTime"] = scheduled["Timestamp"]
        view["FunctionName"], view["Input"] = scheduled["Name"], scheduled["Input"]
    elif kind is Kind.ExecutionStarted:
        view["FunctionName"] = view.pop("Name")
    elif kind is Kind.ExecutionCompleted:
        view["OrchestrationStatus"] = STATUSES[item["OrchestrationStatus"]]
    if "Result" in view:
        view["Result"] = token(item["Result"])
    if not flag(request, "showHistoryOutput"):
        view.pop("Result", None)
    if "FunctionName" in view and not flag(request, "showInput", default=True):
        del view["Input"]
    return view
