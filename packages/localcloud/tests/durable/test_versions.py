"""Version strategies: what a host may run."""

from __future__ import annotations

import pytest

from localcloud.durable.versions import Versioning, compare


@pytest.mark.parametrize(
    ("left", "right", "order"),
    [
        (None, None, 0),
        (None, "1.0", -1),
        ("1.0", "", 1),
        ("1.9", "1.10", -1),
        ("1.0", "1.0.0", -1),
        ("2.0", "1.99.99", 1),
        ("abc", "2.0", 1),
        ("ABC", "abc", 0),
        ("10", "9", -1),
    ],
)
def test_versions_compare_as_dotnet_does(left: str, right: str, order: int) -> None:
    """Numbers by parts, anything else (also a single number) as text, none is the oldest."""
    assert compare(left, right) == order
    assert compare(right, left) == -order


@pytest.mark.parametrize(
    ("settings", "version", "accepted"),
    [
        ({}, None, True),
        ({}, "2.0", False),
        ({"defaultVersion": "2.0"}, "1.0", True),
        ({"defaultVersion": "2.0"}, "3.0", False),
        ({"defaultVersion": "2.0", "versionMatchStrategy": "Strict"}, "1.0", False),
        ({"defaultVersion": "2.0", "versionMatchStrategy": "None"}, "3.0", True),
    ],
)
def test_a_strategy_decides(settings: dict[str, str], version: str, accepted: bool) -> None:
    """CurrentOrOlder is the default, also without a defaultVersion."""
    assert Versioning.of(settings).accepts(version) is accepted
