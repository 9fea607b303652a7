"""A run of workers that die, from its figures to a line: what `make soak HOST=func` prints last."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tests.crash.checker import Kind, Violation
from tests.crash.deaths import STAGES
from tests.crash.real_cloud import RealCloud
from tests.crash.worker_kills import Seen, WorkerKills

LOST = (Kind.LOST, Kind.AMBIGUOUS, Kind.UNEXPECTED)


def soak_workers(host: str, kills: int, seed: int, tell: Callable[[str], None]) -> bool:
    """Run it and tell everything; whether every promise was kept."""
    began = time.monotonic()
    with RealCloud(host) as cloud:
        run = WorkerKills(cloud, seed, tell)
        broken = run.run(kills)
    for violation in broken:
        tell(f"  {violation.kind}: {violation.about}: {violation.text}")
    for stage in STAGES:
        tell(f"  {stage}: {_in_stage(run.seen, stage)}")
    seconds = time.monotonic() - began
    tell(
        f"{host}: {line(run.seen, run.migrations, broken)}, seed {seed}, {seconds / 60:.1f} minutes"
    )
    if broken:
        again = f"--host {host} --kills 0 --no-boundaries --worker-kills {kills} --seed {seed}"
        tell(f"  again: .venv/bin/python -m tests.crash.soak {again}")
    return not broken


def line(seen: Seen, migrations: int, broken: Sequence[Violation]) -> str:
    """The figures in one line."""

    def count(*kinds: Kind) -> int:
        return len({violation.about for violation in broken if violation.kind in kinds})

    died = ", ".join(f"{who} {times}" for who, times in sorted(seen.died.items()))
    again = ", ".join(f"{stage} {seen.again[stage]}" for stage in STAGES)
    return (
        f"deaths {sum(seen.died.values())} ({died}), migrations {migrations}, "
        f"lost {count(*LOST)}, doubled {count(Kind.DUPLICATED)}, "
        f"deleted without approval {count(Kind.UNAPPROVED, Kind.UNSAVED)}, "
        f"untrue {count(Kind.UNTRUE)}, different from twin {count(Kind.DIFFERENT)}, "
        f"correlation ids lost {seen.lost_answers}, started again: {again}"
    )


def _in_stage(seen: Seen, stage: str) -> str:
    kills, met = seen.kills[stage], seen.met[stage]
    failed, again = seen.failed[stage], seen.again[stage]
    return f"{kills} deaths met {met} migrations, {failed} orchestrations Failed, {again} started again"
