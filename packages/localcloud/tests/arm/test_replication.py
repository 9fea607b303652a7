"""Replication as a pure function of time: shapes of progress, orders of ending, failures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.arm.provisioning.replication import SHAPES, plan, progress, state, status
from localcloud.arm.state.durations import QUANTILES, draw
from localcloud.arm.state.profile import Profile

START = datetime(2026, 1, 1, tzinfo=UTC)
REGIONS = ["eastus2", "westus2", "westeurope"]


def course(shape: str) -> list[int]:
    """Progress every percent of the time of one region with this shape."""
    profile = Profile(shapes={"*": shape}, replication_seconds=100.0)
    region = plan(["eastus2"], START, 1.0, profile, Random(1)).regions[0]
    return [progress(region, START + timedelta(seconds=second)) for second in range(101)]


@pytest.mark.parametrize("shape", SHAPES)
def test_progress_begins_at_nought_and_ends_complete(shape: str) -> None:
    """100 is reached at the end and not before, whatever the curve does on the way."""
    seen = course(shape)
    assert (seen[0], seen[-1]) == (0, 100)
    assert 90 < max(seen[:-1]) < 100


def test_progress_can_stall_and_go_backwards() -> None:
    """Long without change; once less than before."""
    stalled = course("stall")
    assert len(set(stalled[30:80])) == 1
    back = course("backwards")
    assert any(later < earlier for earlier, later in pairwise(back))


@given(seed=st.integers(0, 10_000))
def test_the_operation_ends_with_the_last_region(seed: int) -> None:
    """Some region needs the whole time; none ends after the operation unless it is late."""
    made = plan(REGIONS, START, 100.0, Profile(), Random(seed))
    assert max(region.end for region in made.regions) == made.end
    assert status(made.regions, made.end)["aggregatedState"] == "Completed"


def test_regions_end_in_any_order() -> None:
    """Different draws bring different orders."""
    orders = set()
    for seed in range(50):
        regions = plan(REGIONS, START, 100.0, Profile(), Random(seed)).regions
        orders.add(tuple(r.name for r in sorted(regions, key=lambda r: r.end)))
    assert len(orders) > 1


def test_each_region_can_have_its_own_time() -> None:
    """By short name, `*` for the others; the operation takes as long as the slowest."""
    times = {"eastus2": 10.0, "*": 30.0}
    made = plan(REGIONS, START, 1.0, Profile(replication_seconds=times), Random(1))
    lengths = [(region.end - START).total_seconds() for region in made.regions]
    assert lengths == [10.0, 30.0, 30.0]
    assert made.end == START + timedelta(seconds=30)


def test_a_failed_region_keeps_the_progress_it_had() -> None:
    """It is Failed with its details, below 100; the aggregate fails when the others are done."""
    profile = Profile(failing_regions={"westus2": "why"}, replication_seconds=100.0)
    made = plan(REGIONS, START, 1.0, profile, Random(1))
    failed = made.regions[1]
    assert state(failed, failed.end) == "Failed"
    assert status(made.regions, failed.end)["aggregatedState"] == "InProgress"
    end = status(made.regions, made.end)
    assert end["aggregatedState"] == "Failed"
    line = end["summary"][1]
    assert line["details"] == "why"
    assert 0 < line["progress"] < 100


@given(kind=st.sampled_from(sorted(QUANTILES)), seed=st.integers(0, 1000))
def test_durations_are_drawn_between_the_quantiles(kind: str, seed: int) -> None:
    """Never below the shortest nor above the longest recorded."""
    assert QUANTILES[kind][0] <= draw(kind, Random(seed).random()) <= QUANTILES[kind][-1]


@pytest.mark.parametrize("kind", QUANTILES)
def test_half_of_the_draws_lie_below_the_median(kind: str) -> None:
    """The draw follows the table: its median is the table's."""
    random = Random(7)
    draws = sorted(draw(kind, random.random()) for _ in range(2001))
    low, high = QUANTILES[kind][2], QUANTILES[kind][4]
    assert low <= draws[1000] <= high
