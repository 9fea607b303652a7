"""Values of closed sets: any casing is taken, Azure's spelling is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import ArmError
from localcloud.arm.protocol.paths import parse
from localcloud.arm.protocol.spelling import spelt

GALLERIES = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/a"


def _call(path: str, body: dict[str, Any]) -> Call:
    target = parse(path)
    assert target is not None
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Call("PUT", target, "2024-03-03", {}, body, now, "https://127.0.0.1")


@pytest.mark.parametrize(
    ("properties", "kept"),
    [
        ({"osType": "linux"}, {"osType": "Linux"}),
        (
            {"publishingProfile": {"targetRegions": [{"storageAccountType": "standard_zrs"}]}},
            {"publishingProfile": {"targetRegions": [{"storageAccountType": "Standard_ZRS"}]}},
        ),
        (
            {"description": "linux", "architecture": None},
            {"description": "linux", "architecture": None},
        ),
    ],
)
def test_values_get_azures_spelling(properties: dict[str, Any], kept: dict[str, Any]) -> None:
    """At any depth, and nothing else is touched."""
    body = {"tags": {"osType": "linux"}, "properties": properties}
    settled = spelt(_call(f"{GALLERIES}/images/b/versions/1.0.0", body)).body
    assert settled == {"tags": {"osType": "linux"}, "properties": kept}


def test_unknown_value_is_refused() -> None:
    """A value outside its set is an InvalidParameter that names the parameter."""
    call = _call(f"{GALLERIES}/images/b", {"properties": {"osType": "plan9"}})
    with pytest.raises(ArmError) as caught:
        spelt(call)
    assert (caught.value.status, caught.value.failure.target) == (400, "osType")


def test_other_resources_are_left_alone() -> None:
    """A resource that the emulator only stores is stored as sent."""
    path = GALLERIES.replace("Compute/galleries", "Network/addresses")
    call = _call(path, {"properties": {"osType": "plan9"}})
    assert spelt(call) is call
