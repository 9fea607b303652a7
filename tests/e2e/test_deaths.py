"""The worker or the whole host dies while versions replicate: every migration ends as it would have, on func."""

import signal
from collections.abc import Callable

import pytest

from tests.e2e.hosts import CoreTools
from tests.e2e.outcomes import OUTCOMES, Expected, begin_each, decide_each
from tests.e2e.real_time import RealTime
from tests.scenarios import promises
from tests.scenarios.conftest import add_gallery

pytestmark = pytest.mark.e2e

Death = Callable[[RealTime], None]


def _worker_dies(app: RealTime) -> None:
    """Alone, with a turn of every migration in flight: the host puts another in its place."""
    assert isinstance(app.host, CoreTools)
    app.host.kill_worker_in_turns(len(OUTCOMES))


def _host_dies(app: RealTime) -> None:
    """With its worker, at once; a host that is started again goes on where the storage stands."""
    app.process.stop(signal.SIGKILL)
    app.connect()


@pytest.mark.parametrize("death", [_worker_dies, _host_dies])
def test_every_migration_ends_as_it_would_have(func: RealTime, death: Death) -> None:
    """Outcome, image and Azure's reason are those without the death; each told once; only approved deletions."""
    func.empty()
    add_gallery(func)
    started = begin_each(func)

    death(func)
    decide_each(func, started)
    ends = func.finish(*started.values())

    found = {name: Expected.of(end) for name, end in zip(started, ends, strict=True)}
    assert found == OUTCOMES, {name: end["reason"] for name, end in zip(started, ends, strict=True)}
    promises.check_deletions(func, ends)
    promises.check_notifications(func, ends)
    assert {name: func.image_there(name) for name in started} == {
        name: expected.image == "kept" for name, expected in OUTCOMES.items()
    }
