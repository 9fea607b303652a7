"""Other code comes under migrations in every stage, goes again, and runs beside the code that they were begun on."""

from pathlib import Path

import pytest

from localcloud.testing.figures import tell
from tests.e2e.opting import opted_in
from tests.e2e.proofs.changed_code import CHANGES, NEXT_VERSION, Change, copy_of_the_app
from tests.e2e.proofs.hub import Hub, a_hub
from tests.e2e.proofs.numbering import by_other_code, check_numbers, runs
from tests.e2e.proofs.stages import begin_in_each_stage, check_ends, let_go
from tests.scenarios.process import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

# It waits for somebody, so it has no turn meanwhile.
UNTOUCHED = "approval"
# Of a migration between two versions that both stay: each of its generations and children may be one more.
MOST_EXCHANGES = 4


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_every_migration_ends_as_it_would_have_on_other_code(
    change: Change, tmp_path: Path
) -> None:
    """With the version raised: each is started again once by each deployment, uncounted, and nothing is done twice."""
    opted_in()
    new = copy_of_the_app(tmp_path / "new", change, NEXT_VERSION)
    with a_hub(tmp_path) as hub:
        started = begin_in_each_stage(hub.client)
        for run, code in ((2, new), (3, ROOT)):
            _deploy(hub, code)
            _await_runs(hub, started, run)
        _run_beside(hub, started, new)
        before = runs(hub.latches(started))
        let_go(hub.client, started)
        hub.client.finish(*started.values())

        latches = hub.latches(started)
        tell(f"new code on func, {change.name}: runs {runs(latches)}")
        check_ends(hub.client, started)
        further = {name: latch.run - before[name] for name, latch in latches.items()}
        assert max(further.values()) <= MOST_EXCHANGES, further
        for name, latch in latches.items():
            check_numbers(name, latch, hub.client.status(started[name]))
        causes = [r.cause for latch in latches.values() for r in latch.restarts[:2]]
        other = [by_other_code(r) for latch in latches.values() for r in latch.restarts[:2]]
        assert all(other), causes


def _deploy(hub: Hub, code: Path) -> None:
    hub.host.stop()
    hub.host.app = code
    hub.client.connect()


def _await_runs(hub: Hub, started: dict[str, str], run: int) -> None:
    """All have been started again, but for what had no turn."""
    wanted = {name: 1 if name == UNTOUCHED else run for name in started}
    hub.client.wait_until(lambda: runs(hub.latches(started)) == wanted)


def _run_beside(hub: Hub, started: dict[str, str], new: Path) -> None:
    """The new code takes over what the old one ran, which comes back beside it, and both stay: sweeps of both find what
    dies, and who starts it again gives it the version of its own host. If that was not the version of the host that
    runs it, the other one is next."""
    before = runs(hub.latches(started))
    hub.host.stop()
    hub.elsewhere.app = new
    hub.elsewhere.start()
    hub.client.connect()

    def all_died() -> bool:
        found = runs(hub.latches(started))
        return all(found[name] > before[name] for name in started if name != UNTOUCHED)

    hub.client.wait_until(all_died)
