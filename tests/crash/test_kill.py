"""Nothing is lost, doubled or deleted without approval, whatever dies.

`KILL_SEED` chooses another seed; it is printed, with the command that runs the same again.
"""

from __future__ import annotations

import os
from random import Random
from typing import get_args

from localcloud.testing.figures import tell
from tests.crash.boundaries import Boundary, Moment
from tests.crash.boundary_run import BoundaryRun
from tests.crash.cloud import Cloud
from tests.crash.plan import AtCall, Calm, Death, Mishap, plan_round
from tests.crash.soak import again, in_stages, line
from tests.crash.wave import run_wave

DEFAULT_SEED = 4586
SEED = int(os.environ.get("KILL_SEED") or DEFAULT_SEED)
KILLS = 6


def test_the_default_seed_has_every_mishap() -> None:
    """The test of every day covers a sample of everything that can go wrong."""
    met: set[type] = set()
    moments: set[str] = set()
    deaths, number = 0, 0
    while deaths < KILLS:
        mishap = plan_round(DEFAULT_SEED, number).mishap
        met.add(type(mishap))
        moments |= {mishap.moment} if isinstance(mishap, AtCall) else set()
        deaths, number = deaths + isinstance(mishap, Death), number + 1
    assert met | {Calm} == set(get_args(Mishap))
    assert moments == {"before", "after", "late"}


def test_nothing_is_lost_when_the_runtime_dies_at_random() -> None:
    """Migrations of every kind, deaths at random moments, lost answers, a locked database, a full disk."""
    report = run_wave(SEED, KILLS)
    tell(f"{line(report)}; died in {in_stages(report)}")
    assert not report.found, f"run it again: {again(report)}"


def test_a_death_at_a_boundary_changes_no_end() -> None:
    """Before, after and during every write, and around a read (`make soak` has all of them), the end is the same as
    without a death."""
    with Cloud() as cloud:
        run = BoundaryRun(cloud)
        bursts = [burst for burst in run.every_boundary() if writes_of(burst)]
        with_a_read = Random(SEED).choice(bursts)
        for burst in bursts:
            chosen = writes_of(burst)
            if burst is with_a_read:
                chosen |= {Random(SEED).choice([b.nth for b in burst if b.nth not in chosen])}
            run.die_at([boundary for boundary in burst if boundary.nth in chosen])
        assert not run.different, f"KILL_SEED={SEED}"
        assert not run.violations(), f"KILL_SEED={SEED}"
        assert cloud.kills >= len(bursts)


def writes_of(burst: list[Boundary]) -> set[int]:
    """The numbers of a burst's writes."""
    return {boundary.nth for boundary in burst if boundary.moment is Moment.LATE}
