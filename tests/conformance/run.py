"""Runs the conformance kit of ../shared/durable against a host, and holds it to the extension 3.19.0.

    python -m tests.conformance.run [--host embedded|func] [--kit DIR] [--only APP ...] [--verbose] [--record FILE]

Each sample app is served by a host of its own on a fresh state; they run side by side, the largest app in several
shares. The kit's recordings are of 3.14.1: the points that 3.19.0 answers otherwise lie over them (recordings/).
App `long` runs on real limits with a moved clock, everything else in real time. Exit status 1 below 95 % of the
scenarios or 99 % of the points; with --record nothing is judged, and what differs is written down.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.conformance.hosts import HOSTS, MOVED
from tests.conformance.recording import RECORDED, kept, write
from tests.conformance.shares import Result, conform, shares

ROOT = Path(__file__).parents[2]
KIT = ROOT.parent / "shared" / "durable"
MIN_SCENARIOS, MIN_POINTS = 0.95, 0.99
# Hosts; each func has an Azurite beside it.
SIDE_BY_SIDE = {"embedded": 16, "func": 2}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def report(results: Sequence[Result], seconds: float, *, verbose: bool) -> bool:
    """Prints what differs and the shares; True if they are high enough."""
    for result in results:
        for line in result.output.splitlines():
            if verbose or line.startswith(("DIFF", "     ")):
                say(f"{result.share.app}: {line}")
    scenarios, same = sum(r.scenarios for r in results), sum(r.same for r in results)
    points, agreeing = sum(r.points for r in results), sum(r.agreeing for r in results)
    say(f"scenarios: {same} of {scenarios} agree ({same / scenarios:.1%})")
    say(f"points: {agreeing} of {points} agree ({agreeing / points:.2%})")
    say(f"{len(results)} hosts, {seconds:.0f} s")
    return same >= MIN_SCENARIOS * scenarios and agreeing >= MIN_POINTS * points


def missing(options: argparse.Namespace) -> str:
    """Return the name of the thing that is missing here; empty if nothing is."""
    if not (options.kit / "conformance.py").is_file():
        return "the conformance kit (../shared/durable, or --kit DIR)"
    return "func on PATH" if options.host == "func" and not shutil.which("func") else ""


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--host", choices=sorted(HOSTS), default="embedded")
    parser.add_argument("--kit", type=Path, default=KIT)
    parser.add_argument("--only", nargs="*", default=[], metavar="APP")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--record", type=Path, metavar="FILE")
    return parser.parse_args()


def run(chosen: argparse.Namespace, folder: Path) -> list[Result]:
    """All shares that the host can run, so many side by side."""
    todo = [s for s in shares(chosen.kit, chosen.only) if chosen.host != "func" or s.app != MOVED]
    newer = folder / "none" if chosen.record else RECORDED
    work = partial(conform, chosen.kit, HOSTS[chosen.host], newer, folder)
    with ThreadPoolExecutor(SIDE_BY_SIDE[chosen.host]) as pool:
        return list(pool.map(work, todo))


def main() -> int:
    """The exit status."""
    chosen = options()
    chosen.kit = chosen.kit.resolve()
    if lacks := missing(chosen):
        say(f"skipped: missing {lacks}")
        return 0
    if chosen.host == "func":
        say(f"app {MOVED} is left out: nobody can move this host's clock")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        results = run(chosen, Path(folder))
        if chosen.record:
            write(chosen.record, kept(chosen.record, [result.details for result in results]))
    enough = report(results, time.monotonic() - started, verbose=chosen.verbose)
    return 0 if enough or chosen.record else 1


if __name__ == "__main__":
    sys.exit(main())
