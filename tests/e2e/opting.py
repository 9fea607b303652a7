"""Selects the tests that run only if somebody asks for them."""

import os

import pytest


def opted_in() -> None:
    """Skips unless this is `make e2e`."""
    if not os.environ.get("GALLERY_MIGRATOR_E2E"):
        pytest.skip("opt-in: `make e2e` runs it on func")
