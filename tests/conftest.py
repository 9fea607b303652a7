"""The option for the scenarios' host, and the figures that tests tell."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from localcloud.testing import figures
from localcloud.testing.process import share_with_children

# On a busy machine making an example may take seconds: what is tested is not the machine.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--host func` runs the scenarios on func."""
    parser.addoption(
        "--host",
        choices=("embedded", "func"),
        default="embedded",
        help="what the scenarios run on: the embedded local cloud, or func on Azurite",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Figures are printed at the end; processes that tests start have this checkout's local cloud."""
    figures.register(config)
    share_with_children()
