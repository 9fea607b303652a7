"""A cloud for tests of single rules: durations and regions as recorded, nothing goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from packages.localcloud.tests.arm.driving import Driver, driven


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """One cloud for all tests of a module."""
    with driven(tmp_path_factory.mktemp("cloud")) as driver:
        yield driver


@pytest.fixture
def arm(shared: Driver) -> Driver:
    """The module's cloud, empty."""
    shared.cloud.reset()
    return shared


@pytest.fixture
def state_folder(tmp_path: Path) -> Path:
    """A folder for a cloud of the test's own."""
    return tmp_path / "state"
