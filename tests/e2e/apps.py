"""One app on a host, with a storage account and an Azure of its own; what is missing for it is said."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.hosts import CoreTools, Host
from tests.e2e.processes import Processes, missing, settings, start_arm, start_azurite
from tests.e2e.real_time import RealTime
from tests.scenarios.receiver import Receiver


@contextmanager
def an_app(host: type[Host], folder: Path) -> Iterator[RealTime]:
    """The app, running, and empty; skips where something is missing."""
    if lacks := missing(func=host is CoreTools):
        pytest.skip(f"missing on this machine: {lacks}")
    processes, receiver = Processes(folder), Receiver()
    try:
        storage = start_azurite(processes)
        arm = start_arm(processes)
        yield RealTime(host(processes, settings(arm, storage, receiver.url), arm), receiver)
    finally:
        processes.close()
        receiver.close()
