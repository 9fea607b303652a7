"""Runs the conformance kit of ../shared/durable against the embedded Functions runtime.

    python tests/conformance/run.py [--kit DIR] [--only APP ...] [--verbose]

Each sample app is served by a process of its own (`python -m localcloud run`) on a fresh state; all
run side by side, the largest app in several shares. App `long` runs on real limits with a moved
clock, everything else in real time. Exit status 1 below 95 % of the scenarios or 99 % of the points.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
KIT = ROOT.parent / "shared" / "durable"
MIN_SCENARIOS, MIN_POINTS = 0.95, 0.99
SHARE_SECONDS = 60.0  # of recorded time; an app that took longer is run in shares
JOBS = 4
START_PATIENCE = 30.0
DAY = "86400"
SCENARIOS = re.compile(r"^(\d+) scenarios: (\d+) same", re.MULTILINE)
POINTS = re.compile(r"^compared points: (\d+) of (\d+) agree", re.MULTILINE)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


@dataclass(frozen=True)
class Share:
    """Some scenarios of one app, to be run on a host of their own."""

    app: str
    scenarios: tuple[str, ...]

    @property
    def moves_clock(self) -> bool:
        return self.app == "long"

    @property
    def jobs(self) -> int:
        """`nd` switches code for all its scenarios at once."""
        return 1 if self.moves_clock or self.app == "nd" else JOBS


@dataclass(frozen=True)
class Result:
    share: Share
    output: str
    scenarios: int
    same: int
    points: int
    agreeing: int


def shares(kit: Path, only: Sequence[str]) -> list[Share]:
    """All scenarios of the kit, the long apps split by the time that the recording took."""
    sys.path.insert(0, str(kit))
    registry = __import__("scenarios").SCENARIOS
    found: list[Share] = []
    for app in dict.fromkeys(s.app for s in registry.values()):
        if not only or app in only:
            names = [s.name for s in registry.values() if s.app == app]
            found += [Share(app, tuple(part)) for part in _split(kit, app, names)]
    return found


def _split(kit: Path, app: str, names: list[str]) -> list[list[str]]:
    seconds = {name: _recorded_seconds(kit, name) for name in names}
    count = 1 if app in ("long", "nd") else 1 + int(sum(seconds.values()) // (SHARE_SECONDS * 2))
    parts: list[list[str]] = [[] for _ in range(count)]
    for name in sorted(names, key=lambda n: -seconds[n]):
        min(parts, key=lambda part: sum(seconds[n] for n in part)).append(name)
    return parts


def _recorded_seconds(kit: Path, name: str) -> float:
    path = kit / "recordings" / f"{name}.json"
    return float(json.loads(path.read_text("utf-8"))["seconds"]) if path.is_file() else 5.0


@contextmanager
def served(kit: Path, share: Share) -> Iterator[tuple[str, str, str]]:
    """URL, key and control URL of a host that serves the share's app on a fresh state."""
    with tempfile.TemporaryDirectory() as folder:
        state, log = Path(folder) / "state", Path(folder) / "log"
        command = [sys.executable, "-m", "localcloud", "run", str(kit / "apps" / share.app)]
        command += ["--port", str(_free_port()), "--state", str(state)]
        environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        if share.moves_clock:
            environ["DAY_SECONDS"] = DAY
            # Or timers are early, as those of the recordings' queues were not.
            command += ["--speed", "0"]
        with log.open("w") as sink:
            host = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=sink, stderr=sink)
        try:
            connection = _connection(state / "connection.json", host, log)
            yield (
                connection["app"]["url"],
                connection["systemKeys"]["durabletask"],
                connection["control"]["url"],
            )
        finally:
            host.terminate()
            host.wait(10)


def _connection(path: Path, host: subprocess.Popen[bytes], log: Path) -> dict[str, dict[str, str]]:
    until = time.monotonic() + START_PATIENCE
    while not path.is_file():
        if host.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the host did not start: {log.read_text()}")
        time.sleep(0.05)
    connection: dict[str, dict[str, str]] = json.loads(path.read_text())
    return connection


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def conform(kit: Path, share: Share) -> Result:
    with served(kit, share) as (url, key, control):
        command = [sys.executable, str(kit / "conformance.py"), "--url", url, f"--key={key}"]
        command += ["--app", share.app, "--jobs", str(share.jobs)]
        if share.moves_clock:
            command += ["--day-seconds", DAY, "--speed-url", control]
        done = subprocess.run(
            [*command, *share.scenarios],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    scenarios, points = SCENARIOS.search(done.stdout), POINTS.search(done.stdout)
    if scenarios is None or points is None:
        raise RuntimeError(f"the kit did not end: {done.stdout}{done.stderr}")
    counted = [int(number) for number in (*scenarios.groups(), *points.groups())]
    return Result(share, done.stdout, counted[0], counted[1], counted[3], counted[2])


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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kit", type=Path, default=KIT)
    parser.add_argument("--only", nargs="*", default=[], metavar="APP")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if not (options.kit / "conformance.py").is_file():
        say("skipped: the conformance kit is not there (../shared/durable, or --kit DIR)")
        return 0
    started = time.monotonic()
    todo = shares(options.kit.resolve(), options.only)
    with ThreadPoolExecutor(len(todo)) as pool:
        results = list(pool.map(lambda share: conform(options.kit.resolve(), share), todo))
    enough = report(results, time.monotonic() - started, verbose=options.verbose)
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
