"""Mutates domain/, one operator, condition, flag or number at a time, and runs the tests of the same folder on it.

    python -m tests.mutation.run [--processes N] [--cpu-seconds N] [MODULE ...]

Prints the killed mutants of each module. Exit status 1 if fewer than 95 % are killed, or if what survives is not what
survivors.toml lists with its reasons.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import CodeType

from tests.mutation.mutants import Change, mutants_of
from tests.mutation.survivors import complaints, listed
from tests.mutation.trials import Trial, survivals, warm_up

PACKAGE, LIST = Path("domain"), Path("tests/mutation/survivors.toml")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def name_of(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


def tests_of(path: Path) -> tuple[Path, ...]:
    """The tests of the same folder, those that are named after the module first."""
    own = Path("tests") / path.with_name(f"test_{path.name}")
    return tuple(sorted(own.parent.glob("test_*.py"), key=lambda test: (test != own, test)))


def trial(path: Path, code: CodeType, options: argparse.Namespace) -> Trial:
    return Trial(name_of(path), code, tests_of(path), options.cpu_seconds)


def passes_unchanged(options: argparse.Namespace) -> bool:
    """True if the tests of each folder pass with nothing mutated."""
    firsts = {path.parent: path for path in options.modules}.values()
    trials = [trial(p, compile(p.read_text(), p, "exec"), options) for p in firsts]
    return all(lives for _, lives in survivals(trials, options.processes))


def tried(options: argparse.Namespace) -> dict[Change, bool]:
    """Every change to the modules, and True if it survived; tells each module's count when it is done."""
    trials: dict[Trial, Change] = {}
    for path in options.modules:
        for mutant in mutants_of(path.read_text(), name_of(path)):
            trials[trial(path, mutant.code, options)] = mutant.change
    left = Counter(change.module for change in trials.values())
    survived: dict[Change, bool] = {}
    for ended, lives in survivals(trials, options.processes):
        survived[trials[ended]] = lives
        left[ended.module] -= 1
        if not left[ended.module]:
            say(count(ended.module, survived))
    return survived


def count(module: str, survived: Mapping[Change, bool]) -> str:
    lives = [lives for change, lives in survived.items() if module in ("", change.module)]
    killed = lives.count(False)
    return f"{killed:5} of {len(lives):4} killed ({killed / len(lives):.1%})  {module or 'in all'}"


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("modules", nargs="*", type=Path, metavar="MODULE", help="domain/ids.py")
    parser.add_argument("--processes", type=int, default=2)
    # The tests of a folder need three.
    parser.add_argument("--cpu-seconds", type=int, default=30, help="of a mutant that ends")
    options = parser.parse_args()
    options.modules = options.modules or sorted(PACKAGE.glob("**/*.py"))
    return options


def main() -> int:
    """The exit status."""
    options, started = parsed(), time.monotonic()
    warm_up()
    if not passes_unchanged(options):
        say("The tests fail with nothing changed.")
        return 1
    survived = tried(options)
    say(f"{count('', survived)}, {time.monotonic() - started:.0f} s")
    wrong = list(complaints(survived, listed(LIST)))
    for complaint in wrong:
        say(complaint)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
