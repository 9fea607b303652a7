"""Rewinding a failed orchestration: its history without what failed.

A failed activity goes with the event that scheduled it, so that the next replay schedules it anew;
a failed child stays scheduled and is rewound itself. After retries the ids no longer fit, and the
instance fails as non-deterministic, as in the real extension.
"""

from __future__ import annotations

from localcloud.durable.history import Event, Kind

FAILURES = (Kind.TaskFailed, Kind.SubOrchestrationInstanceFailed)


def rewound(history: list[Event]) -> tuple[list[Event], list[str]]:
    """The history to go on with, and the ids of the children to be rewound too."""
    failed = {item["TaskScheduledId"] for item in history if item["EventType"] in FAILURES}

    def has_failed(item: Event, kind: Kind) -> bool:
        return item["EventType"] == kind and item["EventId"] in failed

    children = [
        item["InstanceId"]
        for item in history
        if has_failed(item, Kind.SubOrchestrationInstanceCreated)
    ]
    kept = [
        item
        for item in history
        if item["EventType"] not in (*FAILURES, Kind.ExecutionCompleted)
        and not has_failed(item, Kind.TaskScheduled)
    ]
    return kept, children
