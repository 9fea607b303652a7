"""The whole host is killed, with its worker, and started again."""

import signal

import pytest

from tests.e2e.deaths import check_ends_despite
from tests.e2e.real_time import RealTime

pytestmark = pytest.mark.e2e


def test_every_migration_ends_as_it_would_have_though_the_host_dies(func: RealTime) -> None:
    """It goes on where the storage stands, once the messages that it had taken are visible again."""

    def die() -> None:
        func.process.stop(signal.SIGKILL)
        func.connect()

    check_ends_despite(func, die)
