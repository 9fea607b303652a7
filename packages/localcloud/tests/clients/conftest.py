"""These tests install and drive other people's programs, so they run only when asked to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SWITCH = "GALLERY_MIGRATOR_CLIENTS"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips the tests of this folder unless the switch is set."""
    if os.environ.get(SWITCH) == "1":
        return
    reason = f"opt-in: drives the clients of others; run `make clients` (it sets {SWITCH}=1)"
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.skip(reason=reason))
