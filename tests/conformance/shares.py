"""Parts of the kit's scenarios, each for a host of its own, and what the kit said about them."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.conformance.hosts import DAY, QUIET, Host

ROOT = Path(__file__).parents[2]
# Seconds of recorded time; an app that took longer is run in shares.
SHARE_SECONDS = 60.0
JOBS = 4
SCENARIOS = re.compile(r"^(\d+) scenarios: (\d+) same", re.MULTILINE)
POINTS = re.compile(r"^compared points: (\d+) of (\d+) agree", re.MULTILINE)


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
    """`details` are the kit's own, by scenario."""

    share: Share
    output: str
    scenarios: int
    same: int
    points: int
    agreeing: int
    details: dict[str, Any]


def shares(kit: Path, only: Sequence[str]) -> list[Share]:
    """All scenarios of the kit, the long apps split by the time that the recording took."""
    sys.path.insert(0, str(kit))
    registry: Any = importlib.import_module("scenarios").SCENARIOS
    parts: list[Share] = []
    for app in dict.fromkeys(s.app for s in registry.values()):
        if not only or app in only:
            names = [s.name for s in registry.values() if s.app == app]
            parts += [Share(app, tuple(part)) for part in _split(kit, app, names)]
    return parts


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


def conform(kit: Path, host: Host, newer: Path, folder: Path, share: Share) -> Result:
    """Runs the kit on a share with the points in `newer` laid over its recordings."""
    details = folder / f"{uuid4().hex}.json"
    command = [sys.executable, "-m", "tests.conformance.kit", str(kit), str(newer)]
    command += ["--app", share.app, "--jobs", str(share.jobs), "--json", str(details)]
    with host(kit / "apps" / share.app) as served:
        command += ["--url", served.url, f"--key={served.key}"]
        if share.moves_clock:
            command += ["--day-seconds", DAY, "--speed-url", served.control]
        done = subprocess.run(
            [*command, *share.scenarios],
            cwd=ROOT,
            env={**os.environ, **QUIET},
            capture_output=True,
            text=True,
            check=False,
        )
    scenarios, points = SCENARIOS.search(done.stdout), POINTS.search(done.stdout)
    if scenarios is None or points is None:
        raise RuntimeError(f"the kit did not end: {done.stdout}{done.stderr}")
    ran, same, agreeing, compared = (int(n) for n in (*scenarios.groups(), *points.groups()))
    return Result(
        share, done.stdout, ran, same, compared, agreeing, json.loads(details.read_text())
    )
