"""Rewinding a failed orchestration: its history without what failed.

A failed activity goes with the event that scheduled it, so that the next replay schedules it anew;
a failed child stays scheduled and is rewound itself. After retries the ids no longer fit, and the
instance fails as non-deterministic, as in the real extension.
"""

from __future__ import annotations

from localcloud.durable.history import Event, Kind


def rewound(history: list[Event]) -> tuple[list[Event], list[str]]:
    """The history to go on with, and the ids of the children to be rewound too."""
    failed = {e["TaskScheduledId"] for e in history if e["EventType"] == Kind.TaskFailed}
    children = {
        e["TaskScheduledId"]
        for e in history
        if e["EventType"] == Kind.SubOrchestrationInstanceFailed
    }
    ids = [
        e["InstanceId"]
        for e in history
        if e["EventType"] == Kind.SubOrchestrationInstanceCreated and e["EventId"] in children
    ]
    return [e for e in history if _stays(e, failed)], ids


def _stays(item: Event, failed: set[int]) -> bool:
    kind = item["EventType"]
    if kind == Kind.TaskScheduled:
        return item["EventId"] not in failed
    return kind not in (
        Kind.TaskFailed,
        Kind.SubOrchestrationInstanceFailed,
        Kind.ExecutionCompleted,
    )
