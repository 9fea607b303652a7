"""Other code under migrations in every stage, and nobody has raised the version: what dies of it is found, and what
hangs, after a day and an hour."""

from pathlib import Path

import pytest

from domain.migration.latch import Latch
from localcloud.testing.figures import tell
from tests.crash.evidence import read_records
from tests.e2e.opting import opted_in
from tests.e2e.proofs.changed_code import CHANGES, WAITS_FOR_NEW, Change, copy_of_the_app
from tests.e2e.proofs.numbering import check_numbers, runs
from tests.e2e.proofs.stages import begin_in_each_stage, check_ends, let_go
from tests.scenarios.conftest import a_cloud, add_gallery

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

# Longer than the longest timer, an hour, and the sweeps, which come by the hour.
A_DAY_AND_MORE = "PT30H"
HUNG = "its orchestration hung"


@pytest.mark.parametrize("change", [*CHANGES, WAITS_FOR_NEW], ids=lambda change: change.name)
def test_every_migration_ends_as_it_would_have_though_nobody_raised_the_version(
    change: Change, tmp_path: Path
) -> None:
    """On the embedded runtime with the clock moved: each is found, and started again from its record."""
    opted_in()
    with a_cloud(tmp_path) as client:
        add_gallery(client)
        started = begin_in_each_stage(client)
        client.process.stop()
        client.process.app = copy_of_the_app(tmp_path / "new", change)
        client.connect()
        let_go(client, started, "PT1H")
        client.advance(A_DAY_AND_MORE)
        client.advance_to_stage("finished", *started.values(), step="PT1H")

        records = read_records(client.process.state / "records.sqlite")
        latches = {n: Latch.model_validate(records[m].get("latch", {})) for n, m in started.items()}
        causes = [r.cause for latch in latches.values() for r in latch.restarts]
        tell(f"new code, same version, {change.name}: runs {runs(latches)}")
        check_ends(client, started)
        for name, latch in latches.items():
            check_numbers(name, latch, client.status(started[name]))
        assert causes, "the change has killed nothing"
        assert any(HUNG in cause for cause in causes) == (change is WAITS_FOR_NEW), causes
