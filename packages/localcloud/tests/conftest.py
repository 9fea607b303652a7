"""Fixtures that the tests of the Functions runtime share."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from localcloud.testing import figures
from localcloud.testing.process import share_with_children


def pytest_configure(config: pytest.Config) -> None:
    """Figures are printed at the end; processes that tests start have this checkout's local cloud."""
    figures.register(config)
    share_with_children()


@pytest.fixture(autouse=True)
def _apps_leave_no_trace() -> Iterator[None]:
    """Loading an app changes the import path and replaces modules, as a worker process may."""
    path = list(sys.path)
    modules = {name: sys.modules.get(name) for name in ("function_app", "clock")}
    sys.modules.pop("clock", None)
    yield
    sys.path[:] = path
    for name, module in modules.items():
        if module is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = module
