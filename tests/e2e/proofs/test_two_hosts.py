"""Two hosts run one task hub, so two sweeps look for what has died, while their workers die during turns."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from localcloud.testing.figures import tell
from tests.e2e.hosts import CoreTools
from tests.e2e.opting import opted_in
from tests.e2e.processes import STORAGE
from tests.e2e.proofs.hub import Hub, a_hub
from tests.e2e.proofs.numbering import check_numbers, runs
from tests.e2e.proofs.stages import begin_in_each_stage, check_ends, let_go

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

# With one, all orchestrations would run on one of the hosts.
PARTITIONS = {f"{STORAGE}partitionCount": "2"}
IN_FLIGHT = 2


def test_of_two_sweeps_one_starts_again_what_has_died(tmp_path: Path) -> None:
    """A migration in each stage: a death costs one restart, and all end as they would have, nothing done twice."""
    opted_in()
    with a_hub(tmp_path, PARTITIONS) as hub:
        hub.elsewhere.start()
        started = begin_in_each_stage(hub.client)
        died = [_kill(hub, host, started) for host in (hub.host, hub.elsewhere, hub.host)]
        let_go(hub.client, started)
        hub.client.finish(*started.values())

        latches = hub.latches(started)
        tell(f"two hosts, a worker killed thrice: started again {died}, runs {runs(latches)}")
        check_ends(hub.client, started)
        for name, latch in latches.items():
            check_numbers(name, latch, hub.client.status(started[name]))


def _kill(hub: Hub, host: CoreTools, started: Mapping[str, str]) -> int:
    """Return the number of orchestrations that died; each of them must be started again, once."""
    before = runs(hub.latches(started))
    host.kill_worker_in_turns(IN_FLIGHT, lambda: hub.nudge(started))
    hub.client.wait_until(lambda: runs(hub.latches(started)) != before)
    _await_sweep(hub)
    hub.client.wait_until(lambda: not hub.failed())
    _await_sweep(hub)
    assert not hub.failed()
    times = {name: run - before[name] for name, run in runs(hub.latches(started)).items()}
    assert set(times.values()) <= {0, 1}, times
    return sum(times.values())


def _await_sweep(hub: Hub) -> None:
    """Until another sweep is through."""
    last = hub.swept_at()
    hub.client.wait_until(lambda: hub.swept_at() != last)
