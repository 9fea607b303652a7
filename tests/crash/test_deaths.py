"""Deaths are drawn from a seed, every kind of migration meets them, and a worker is found among a host's children."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from itertools import islice

import pytest

from tests.crash.checker import Kind, Violation
from tests.crash.cloud import until
from tests.crash.deaths import DRAWN, KINDS, STAGES, Who, deaths, fleet, kind_of
from tests.crash.worker_kills import Seen
from tests.crash.worker_soak import line
from tests.crash.workers import kill, stop, worker_of

PARENT = """import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], stdin=subprocess.PIPE)
print(child.pid, flush=True)
sys.stdin.read()"""
SLEEPER = "input()"
HOSTS = {"its own": [PARENT, SLEEPER], "of a fork server": [PARENT, PARENT, SLEEPER]}


def test_every_kind_of_migration_comes_among_each_dozen() -> None:
    """And no image twice."""
    intents = list(islice(fleet(1), 5 * len(DRAWN)))
    assert len({intent.name for intent in intents}) == len(intents)
    for first in range(0, len(intents), len(DRAWN)):
        dozen = intents[first : first + len(DRAWN)]
        assert {kind_of(intent) for intent in dozen} == set(KINDS)


def test_hosts_have_their_share_of_the_deaths() -> None:
    """So many workers as asked for; few of them do without a host's death too."""
    assert Counter(d.who for d in deaths(1, 30)) == {Who.WORKER: 30, Who.HOST: 3, Who.ENDED: 3}
    assert Counter(d.who for d in deaths(1, 4)) == {Who.WORKER: 4, Who.HOST: 1, Who.ENDED: 1}
    assert deaths(1, 30) == deaths(1, 30) != deaths(2, 30)


@pytest.mark.parametrize("scripts", HOSTS.values(), ids=HOSTS)
def test_a_worker_is_found_by_its_host(scripts: list[str]) -> None:
    """A child, or a child's child, that lives, stopped or not."""
    command = [sys.executable, "-c", *scripts]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as host:
        assert host.stdin
        assert host.stdout
        worker = [int(host.stdout.readline()) for _ in scripts[1:]][-1]
        assert worker_of(host.pid) == worker
        stop(worker)
        assert worker_of(host.pid) == worker
        kill(worker)
        until(
            lambda: worker_of(host.pid) != worker,
            "the worker is dead, though nobody has waited for it",
        )
        host.stdin.close()


def test_the_line_counts_migrations_and_not_violations() -> None:
    """One that is lost in two ways is one that is lost."""
    broken = [
        Violation(Kind.LOST, "a", "has no outcome"),
        Violation(Kind.LOST, "a", "is still kept as open"),
        Violation(Kind.UNEXPECTED, "b", "failed"),
        Violation(Kind.DIFFERENT, "b", "outcome"),
    ]
    seen = Seen(died=Counter({"worker killed": 3}), again=Counter({"planning": 2}))
    printed = line(seen, 12, broken)
    assert printed.startswith("deaths 3 (worker killed 3), migrations 12, lost 2, doubled 0,")
    assert (
        "different from twin 1, correlation ids lost 0, started again: planning 2, definition 0"
        in printed
    )
    assert all(stage in printed for stage in STAGES)
