"""Records the answers of the extension 3.19.0 that differ from the kit's recordings, which are of 3.14.1.

Only points that came out alike in every run are recorded: what depends on time comes and goes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "recordings" / "points-3.19.0.json"
# These send an event between two timers. On queues timers fire up to a second early, and the event comes too late.
BETWEEN_TIMERS = ("yield_in_loop", "event_task_outside_loop")
Points = dict[str, dict[str, Any]]


def read(file: Path) -> Points:
    """The recorded points; none of a file that is not there."""
    points: Points = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return points


def write(file: Path, points: Points) -> None:
    """As JSON with a line for each point."""
    file.write_text(json.dumps(points, indent=1, ensure_ascii=False) + "\n", "utf-8")


def kept(before: Path, details: Iterable[Mapping[str, Any]]) -> Points:
    """The points of this run, by scenario; only those of the file that an earlier run has left, if it has."""
    points = {
        scenario: {item["point"]: item["host"] for item in said["differences"]}
        for share in details
        for scenario, said in sorted(share.items())
        if scenario not in BETWEEN_TIMERS
    }
    if before.exists():
        points = _in_both(points, read(before))
    return {scenario: points[scenario] for scenario in sorted(points) if points[scenario]}


def _in_both(one: Points, other: Points) -> Points:
    return {
        scenario: {
            name: value
            for name, value in points.items()
            if other.get(scenario, {}).get(name, ...) == value
        }
        for scenario, points in one.items()
    }
