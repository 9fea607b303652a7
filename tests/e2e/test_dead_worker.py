"""The Python worker dies alone, and the host puts another in its place."""

import pytest

from tests.e2e.deaths import check_ends_despite
from tests.e2e.hosts import CoreTools
from tests.e2e.outcomes import OUTCOMES
from tests.e2e.real_time import RealTime

pytestmark = pytest.mark.e2e


def test_every_migration_ends_as_it_would_have_though_the_worker_dies(func: RealTime) -> None:
    """Killed with a call of every migration in flight, mostly turns of orchestrations."""
    host = func.host
    assert isinstance(host, CoreTools)

    check_ends_despite(func, lambda: host.kill_worker_in_turns(len(OUTCOMES)))
