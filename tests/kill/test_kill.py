"""Nothing is lost, doubled or deleted without approval, whatever dies.

`KILL_SEED` chooses another seed; it is printed, with the command that runs the same again.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from tests.kill.boundaries import Boundary, Moment
from tests.kill.boundary_run import BoundaryRun
from tests.kill.cloud import Cloud
from tests.kill.soak import again, in_stages, line
from tests.kill.wave import run_wave

SEED = int(os.environ.get("KILL_SEED") or 5)
KILLS = 6


def test_nothing_is_lost_when_the_runtime_dies_at_random(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Migrations of every kind, deaths at random moments, lost answers, a locked database, a full disk."""
    report = run_wave(SEED, KILLS)
    with capsys.disabled():
        print(f"\n{line(report)}; died in {in_stages(report)}")  # noqa: T201
    assert not report.found, f"run it again: {again(report)}"


def test_a_death_at_a_boundary_changes_no_end() -> None:
    """Before, after and during every write, and at some reads (`make soak` has all of them), the end is the same as
    without a death."""
    random = Random(SEED)
    with Cloud() as cloud:
        run = BoundaryRun(cloud)
        for burst in run.every_boundary():
            run.die_at(some_of(burst, random))
        assert not run.different, f"KILL_SEED={SEED}"
        assert not run.violations(), f"KILL_SEED={SEED}"
        assert cloud.kills > 0


def some_of(burst: list[Boundary], random: Random) -> list[Boundary]:
    """All boundaries of a burst's writes, and those of one of its reads; nothing of bursts that only read."""
    writes = {boundary.nth for boundary in burst if boundary.moment is Moment.LATE}
    reads = sorted({boundary.nth for boundary in burst} - writes)
    chosen = writes | {random.choice(reads)} if writes else set()
    return [boundary for boundary in burst if boundary.nth in chosen]
