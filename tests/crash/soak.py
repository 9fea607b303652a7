"""`make soak HOST=… KILLS=… WORKER_KILLS=… SEED=…`: on the embedded runtime every boundary once, then waves with that
many kills; then, there and on `func`, workers that die in real time.

What a seed decides: the migrations, what goes wrong in which round and how. Where exactly a death at a moment of real
time hits is up to the machine. A failure prints the command that runs its wave again.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
from collections.abc import Iterable, Sequence

from tests.crash.boundary_run import BoundaryRun
from tests.crash.checker import Kind, Violation
from tests.crash.cloud import Cloud
from tests.crash.real_cloud import HOSTS
from tests.crash.wave import WaveReport, run_wave
from tests.crash.worker_soak import soak_workers
from tests.e2e.hosts import Embedded

KILLS_A_WAVE = 10


def main(arguments: Sequence[str]) -> int:
    """The exit code: 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--no-boundaries", action="store_true", help="no boundaries")
    parser.add_argument("--host", choices=sorted(HOSTS), default=Embedded.name)
    parser.add_argument("--worker-kills", type=int, default=30)
    given = parser.parse_args(arguments)
    # Its processes end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    tell(f"seed {given.seed}")
    # Boundaries and waves move the clock, which only the embedded runtime lets them.
    kept = given.host != Embedded.name or _kill_runtimes(given)
    if given.worker_kills:
        kept = soak_workers(given.host, given.worker_kills, given.seed, tell) and kept
    return 0 if kept else 1


def _kill_runtimes(given: argparse.Namespace) -> bool:
    """Boundaries and waves; whether every promise was kept."""
    total = WaveReport(given.seed) if given.no_boundaries else _boundaries(given.seed)
    left, seed = given.kills, given.seed
    while left > 0:
        wave = WaveReport(seed, min(KILLS_A_WAVE, left))
        try:
            report = run_wave(wave.seed, wave.kills)
        except Exception:
            tell(f"seed {seed} did not come to its end; again: {again(wave)}")
            raise
        tell(line(report))
        tell_found(report, again(report))
        total, left, seed = total + report, left - report.kills, seed + 1
    tell(f"in all: {line(total)}\nwhen it died, migrations were in {in_stages(total)}")
    return not total.found


def line(report: WaveReport) -> str:
    """The figures of a report in one line."""
    return (
        f"kills {report.kills}, migrations {report.migrations}, "
        f"lost {report.count(Kind.LOST, Kind.AMBIGUOUS)}, "
        f"duplicated {report.count(Kind.DUPLICATED)}, "
        f"deleted without approval {report.count(Kind.UNAPPROVED, Kind.UNSAVED)}, "
        f"otherwise wrong {report.count(Kind.UNTRUE, Kind.UNEXPECTED)}, seed {report.seed}"
    )


def in_stages(report: WaveReport) -> str:
    """The stages that were met by a death, and how often."""
    return ", ".join(f"{stage} {times}" for stage, times in report.stages.most_common())


def again(report: WaveReport) -> str:
    """The command that runs a wave again."""
    given = f"--no-boundaries --worker-kills 0 --kills {report.kills} --seed {report.seed}"
    return f".venv/bin/python -m tests.crash.soak {given}"


def tell_found(report: WaveReport, command: str) -> None:
    """Every broken promise, and how to run it again."""
    for violation in report.found:
        tell(f"  {violation.kind}: {violation.about}: {violation.text}")
    if report.found:
        tell(f"  again: {command}")


def tell(text: str) -> None:
    """To the screen, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _boundaries(seed: int) -> WaveReport:
    """Kills, migrations and broken promises at every boundary of one migration."""
    with Cloud() as cloud:
        run = BoundaryRun(cloud)
        bursts = run.every_boundary()
        for burst in bursts:
            run.die_at(burst)
        broken = [*run.violations(), *_differences(run)]
        every = sum(len(burst) for burst in bursts)
        report = WaveReport(seed, cloud.kills, every + 1, broken)
    tell(f"{every} boundaries of one migration: {line(report)}")
    tell_found(report, "make soak KILLS=0")
    return report


def _differences(run: BoundaryRun) -> Iterable[Violation]:
    for boundary, end in run.different.items():
        yield Violation(Kind.UNEXPECTED, boundary, f"ended as {end}, without a crash as {run.calm}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
