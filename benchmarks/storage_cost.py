"""Counts the app's storage requests: idle, for a poll, for a migration, for waiting; and how late an approval is.

The app runs on Azure Functions Core Tools (`func`) and Azurite, through a proxy that counts (tests/e2e).
Everything but the sweep's schedule and the poll interval is as it is deployed. In this order:

1. Idle: a whole number of sweeps, after the queues' polling has slowed down to its slowest.
2. A migration without deletion, and one with. What an idle app would have asked meanwhile is taken off.
3. Polls: several migrations whose versions do not get on, again less the idle requests.
4. Waiting: as many migrations that wait for their approval, over a whole number of sweeps.
5. Approvals, one after the other, each after the app was idle for so long that it polls slowest. They are posted to a
   second host, on a machine of another name: a host notices at once what it has sent to itself, but what another host
   sends it only sees when it polls.

Run with `python -m benchmarks.storage_cost`; it takes about 20 minutes. `--set NAME=VALUE` changes an app setting, as
`AzureFunctionsJobHost__extensions__durableTask__storageProvider__partitionCount=4`.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from localcloud.testing.waiting import until
from tests.e2e.hosts import CoreTools
from tests.e2e.machines import CoreToolsElsewhere, missing_for_machines
from tests.e2e.processes import (
    Processes,
    missing,
    settings,
    start_arm,
    start_azurite,
)
from tests.e2e.real_time import RealTime
from tests.e2e.storage_requests import Kind, StorageRequests
from tests.scenarios.conftest import add_gallery
from tests.scenarios.receiver import Receiver

# After so long without a message the queues are read as seldom as they get.
SETTLE_SECONDS = 30.0
# The default of SWEEP_SCHEDULE.
SWEEP_SECONDS = 300.0
POLL_SECONDS = 10.0
POLLING_SECONDS = 120.0
STAGE_SECONDS = 300.0
HOUR, DAY = 3600.0, 86400.0
# After the last notice.
LAST_WRITES_SECONDS = 2.0
APPROVAL_REQUESTED, FINISHED = "approval.requested", "migration.finished"
# The local ARM's speed while nothing is measured that depends on it.
ARM_SPEED = 240
# Slow enough that several migrations begin before the first is replicated.
SLOW_ARM = 20.0
# Slow enough that versions stay as they are.
SLOWEST_ARM = 0.01
POLLED = re.compile(r"/images/([^/]+)/versions/[^/]+\?.*replicationstatus", re.IGNORECASE)
# Read and renewed all the time; one request more or less in a window would be hundreds a day.
POLLED_PARTS = frozenset({"control queues", "work item queue", "partitions table", "app lease"})
# tests/e2e makes it short.
SET_POLLING = "maxQueuePollingInterval"


@dataclass(frozen=True)
class Site:
    """The app on its first host, what it asks of the storage, and how to start a second host."""

    client: RealTime
    proxy: StorageRequests
    second: CoreToolsElsewhere


@dataclass(frozen=True)
class Window:
    """The requests that were seen in a number of seconds."""

    seconds: float
    seen: Counter[Kind]

    def each(self, seconds: float) -> dict[Kind, float]:
        """Return the number of requests in so many seconds, by kind."""
        return {kind: n * seconds / self.seconds for kind, n in sorted(self.seen.items())}

    def apart_from(self, parts: frozenset[str]) -> Window:
        """The same without the requests about these parts."""
        seen = {kind: n for kind, n in self.seen.items() if kind.part not in parts}
        return Window(self.seconds, Counter(seen))

    def more_than(self, idle: Window) -> float:
        """The requests that an idle app would not have made."""
        return self.seen.total() - idle.seen.total() * self.seconds / idle.seconds


@contextmanager
def running(folder: Path, changed: dict[str, str]) -> Iterator[Site]:
    """The app on `func`, with its Azure, its storage behind the proxy and a gallery to migrate to."""
    processes, receiver = Processes(folder), Receiver()
    try:
        with StorageRequests(start_azurite(processes)) as proxy:
            arm = start_arm(processes)
            app = settings(arm, proxy.connection, receiver.url)
            app = {name: value for name, value in app.items() if not name.endswith(SET_POLLING)}
            # Sweeps happen when they would where the app is deployed.
            app |= {"SWEEP_SCHEDULE": "", "REPLICATION_POLL_INTERVAL": f"PT{POLL_SECONDS:.0f}S"}
            app |= changed
            # It has what a client needs of its process.
            first: Any = CoreTools(processes, app, arm)
            client = RealTime(first, receiver)
            _set_arm_speed(client, ARM_SPEED)
            add_gallery(client)
            yield Site(client, proxy, CoreToolsElsewhere(processes, app, arm))
            # Before the proxy ends: hosts write to their storage while they stop.
            processes.close()
    finally:
        processes.close()
        receiver.close()


def watch(site: Site, seconds: float) -> Window:
    """Return the requests of the next `seconds`."""
    before, start = site.proxy.seen.copy(), time.monotonic()
    time.sleep(seconds)
    return Window(time.monotonic() - start, site.proxy.seen - before)


def migrate(site: Site, name: str, *, delete: bool) -> tuple[Window, int]:
    """A whole migration and how many polls it took."""
    client = site.client
    client.add_image(name)
    before, start, polls = site.proxy.seen.copy(), time.monotonic(), len(_polled(client))
    migration = client.start(client.request(name, delete=delete))
    if delete:
        _wait_for_notice(client, APPROVAL_REQUESTED, migration)
        client.decide(migration)
    _wait_for_notice(client, FINISHED, migration)
    time.sleep(LAST_WRITES_SECONDS)
    window = Window(time.monotonic() - start, site.proxy.seen - before)
    return window, len(_polled(client)) - polls


def poll(site: Site, names: list[str]) -> tuple[list[str], Window, int]:
    """New migrations, and some time in which their versions are polled and do not get on."""
    client = site.client
    _set_arm_speed(client, SLOW_ARM)
    migrations = [client.begin(name) for name in names]
    until(lambda: set(names) <= set(_polled(client)), STAGE_SECONDS)
    _set_arm_speed(client, SLOWEST_ARM)
    before = len(_polled(client))
    window = watch(site, POLLING_SECONDS)
    polls = len(_polled(client)) - before
    _set_arm_speed(client, ARM_SPEED)
    return migrations, window, polls


def approve(site: Site, migrations: list[str]) -> list[float]:
    """Seconds from posting an approval to a second host until its answer has the ruling."""
    site.client.connection = site.second.start()
    took = []
    for migration in migrations:
        time.sleep(SETTLE_SECONDS)
        start = time.monotonic()
        answer = site.client.decide(migration)
        took.append(time.monotonic() - start)
        assert answer.status == 200, answer
        _wait_for_notice(site.client, FINISHED, migration)
    return took


def _wait_for_notice(client: RealTime, kind: str, *migrations: str) -> None:
    """Wait for the app to tell: to ask it would cost requests."""

    def was_sent(migration: str) -> bool:
        return any(n["body"]["type"] == kind for n in client.notifications(migration))

    until(lambda: all(was_sent(migration) for migration in migrations), STAGE_SECONDS)


def _polled(client: RealTime) -> list[str]:
    """The name of the definition in each poll so far; each image has a definition of its name."""
    matches = (POLLED.search(line["path"]) for line in client.arm_log("GET"))
    return [match[1] for match in matches if match]


def _set_arm_speed(client: RealTime, speed: float) -> None:
    url = client.connection["control"]["url"] + "/clock"
    requests.post(url, json={"speed": speed}, timeout=10).raise_for_status()


def report(site: Site, sweeps: int, approvals: int) -> Iterator[str]:
    """The lines of the table, each as soon as it is known."""
    time.sleep(SETTLE_SECONDS)
    idle = watch(site, sweeps * SWEEP_SECONDS)
    for kind, number in idle.each(HOUR).items():
        yield f"idle, an hour: {kind.service}: {kind.part}: {kind.verb} | {number:.0f}"
    yield f"idle, an hour | {sum(idle.each(HOUR).values()):.0f}"
    for name, delete in (("kept", False), ("deleted", True)):
        window, polls = migrate(site, name, delete=delete)
        yield f"a migration ({name}, {polls} polls) | {window.more_than(idle):.0f}"
    names = [f"waiting-{number}" for number in range(approvals)]
    migrations, window, polls = poll(site, names)
    yield f"a poll | {window.more_than(idle) / polls:.1f}"
    _wait_for_notice(site.client, APPROVAL_REQUESTED, *migrations)
    time.sleep(SETTLE_SECONDS)
    window = watch(site, sweeps * SWEEP_SECONDS)
    steady = window.apart_from(POLLED_PARTS).more_than(idle.apart_from(POLLED_PARTS))
    waiting = steady / approvals * DAY / window.seconds
    yield f"a day of waiting for an approval | {waiting:.0f}"
    took = approve(site, migrations)
    worst, median = max(took), statistics.median(took)
    yield f"an approval until its ruling, seconds (worst of {len(took)}; median) | {worst:.1f}; {median:.1f}"


def main() -> None:
    """Print the table, or what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sweeps", type=int, default=1, help="how many an idle window holds")
    parser.add_argument("--approvals", type=int, default=10)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    if lacks := missing(func=True) or missing_for_machines():
        print(f"storage cost: not measured, missing on this machine: {lacks}")
        return
    os.environ["NO_PROXY"] = "127.0.0.1,localhost"
    changed = dict(text.split("=", 1) for text in options.set)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), changed) as site:
        for line in report(site, options.sweeps, options.approvals):
            print(f"| {line} |", flush=True)


if __name__ == "__main__":
    main()
