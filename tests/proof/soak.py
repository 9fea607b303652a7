"""`make soak SEEDS=… SEED=…`: the proof from so many seeds. It fails if a condition never was the only one
that failed.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.proof.conditions import Condition
from tests.proof.driving import Driver, a_driver
from tests.proof.machine import run

EXAMPLES, STEPS = 8, 50


def main(arguments: Sequence[str]) -> int:
    """The exit code: 1 if an image was about to go that may not, or a condition was never tried alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="proof-") as folder, a_driver(Path(folder)) as driver:
        for number in range(given.seed, given.seed + given.seeds):
            _one_seed(driver, number)
        return _told(driver)


def _one_seed(driver: Driver, number: int) -> None:
    """Every condition is planned once for each seed, beside what chance plans."""
    plans: list[Condition | None] = list(Condition)
    random.Random(number).shuffle(plans)
    try:
        run(driver, number, EXAMPLES, STEPS, [None, *plans])
    except BaseException:
        tell(f"seed {number} failed; again: make soak SEEDS=1 SEED={number}")
        tell("\n".join(driver.report.lines()))
        raise
    tell(f"seed {number}: {driver.report.lines()[0]}")


def _told(driver: Driver) -> int:
    report = driver.report
    for line in report.lines():
        tell(line)
    for line in report.unexplained:
        tell(f"kept, and nothing that the test knows of stood against it: {line}")
    for condition in report.never:
        tell(f"never the only one that failed: {condition}")
    return 1 if report.never or report.unexplained or not report.gone else 0


def tell(text: str) -> None:
    """To the screen, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
