"""Replication of an image version: the state of each region as a pure function of time.

1. `plan` fixes for each region when it starts, ends and whether it fails; the operation ends with
   the last region that is not declared late.
2. `status` computes `replicationStatus` for any moment: progress follows the region's curve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import TypeVar

from localcloud.arm.state.model import Failure, Json, Region
from localcloud.arm.state.profile import Profile

# Progress (percent) over the share of time gone by, between points on straight lines.
SHAPES: dict[str, tuple[tuple[float, float], ...]] = {
    "steady": ((0, 0), (1, 100)),
    "stall": ((0, 0), (0.25, 40), (0.85, 40), (1, 100)),
    "backwards": ((0, 0), (0.5, 60), (0.55, 35), (1, 100)),
    "late start": ((0, 0), (0.6, 0), (1, 100)),
}
# The share of its time after which a failing region fails.
FAILS_AT = 0.6

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """The regions' courses, when the operation ends, and the error it ends with."""

    regions: tuple[Region, ...]
    end: datetime
    failure: Failure | None


def setting(values: Mapping[str, T], region: str) -> T | None:
    """Return a region's setting in the profile; `"*"` stands for the regions that are not named."""
    return values.get(region, values.get("*"))


def plan(
    names: Sequence[str], start: datetime, seconds: float, profile: Profile, random: Random
) -> Plan:
    """The course of replication to `names` (short forms), drawn once, when the PUT is accepted."""
    regions = tuple(
        _region(name, start, _share(names, i, random) * seconds, profile, random)
        for i, name in enumerate(names)
    )
    late = profile.late_regions
    ends = [
        r.end - timedelta(seconds=setting(late, r.name) or 0) for r in regions if not r.failure
    ] + [r.end for r in regions if r.failure]
    failed = [r for r in regions if r.failure]
    end = max(ends, default=start + timedelta(seconds=seconds))
    return Plan(regions, end, _failure(failed) if failed else None)


def _share(names: Sequence[str], index: int, random: Random) -> float:
    """Return the region's share of the whole time: 1 for the last one, at least 0.6 for the others."""
    last = len(names) - 1
    return 1.0 if index == last else random.uniform(0.6, 1.0)


def _region(name: str, start: datetime, drawn: float, profile: Profile, random: Random) -> Region:
    fixed = profile.replication_seconds
    own = fixed if isinstance(fixed, int | float) or fixed is None else setting(fixed, name)
    seconds = drawn if own is None else float(own)
    failure = setting(profile.failing_regions, name)
    seconds = (
        seconds * FAILS_AT if failure else seconds + (setting(profile.late_regions, name) or 0)
    )
    shape = setting(profile.shapes, name) or random.choice(["steady", "steady", "late start"])
    return Region(name, start, start + timedelta(seconds=seconds), shape, failure)


def _failure(failed: Sequence[Region]) -> Failure:
    details = ", ".join(f"{{region:{r.name}, detail:{r.failure}}}" for r in failed)
    return Failure(
        "InternalOperationError",
        "Gallery replication jobs failed in one or more regions. The failing regions' details are "
        f"as follows: '{details}'. If retry does not work, then please do an update by removing "
        "the failed regions and update again by adding them back.",
    )


def progress(region: Region, now: datetime) -> int:
    """Percent, 0 to 100; 100 only when the region is complete."""
    whole = (region.end - region.start).total_seconds()
    share = 1.0 if whole <= 0 else (now - region.start).total_seconds() / whole
    share = min(max(share, 0.0), 1.0)
    if region.failure:
        share *= FAILS_AT
    elif share >= 1.0:
        return 100
    return min(int(_curve(SHAPES[region.shape], share)), 99)


def _curve(points: Sequence[tuple[float, float]], share: float) -> float:
    for (x0, y0), (x1, y1) in pairwise(points):
        if share <= x1:
            return y0 + (y1 - y0) * (share - x0) / (x1 - x0)
    return points[-1][1]


def state(region: Region, now: datetime) -> str:
    """Unknown, Replicating, Completed or Failed, as the API's enum has them."""
    if now >= region.end:
        return "Failed" if region.failure else "Completed"
    return "Unknown" if now <= region.start else "Replicating"


def _summary(region: Region, now: datetime) -> Json:
    at = state(region, now)
    line: Json = {"region": region.name, "state": at, "progress": progress(region, now)}
    return line | {"details": region.failure} if at == "Failed" else line


def status(regions: Sequence[Region], now: datetime) -> Json:
    """The `replicationStatus` of a GET with `$expand=ReplicationStatus`."""
    states = {state(region, now) for region in regions}
    if states <= {"Completed"}:
        aggregated = "Completed"
    elif states & {"Replicating", "Unknown"}:
        aggregated = "InProgress"
    else:
        aggregated = "Failed"
    return {"aggregatedState": aggregated, "summary": [_summary(r, now) for r in regions]}
