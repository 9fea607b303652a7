"""Names that Azure refuses, each kind of resource with its own error."""

from __future__ import annotations

from typing import Any

import pytest

from packages.localcloud.tests.arm.driving import DISKS_API, Driver, error, machine

BLOB = {"osType": "Linux", "osState": "Generalized", "blobUri": "https://a.b/c.vhd"}
EMPTY = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4}
BODIES: dict[str, Any] = {
    "images": {"properties": {"storageProfile": {"osDisk": BLOB}}},
    "disks": {"properties": EMPTY},
    "snapshots": {"properties": EMPTY},
    "virtualMachines": machine(),
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("name", ["web.", "a b", "a" * 81, "_a", "-"])
def test_names_that_are_refused(arm: Driver, kind: str, name: str) -> None:
    """A trailing period, a blank, 81 letters, an underscore or a hyphen to begin with: 400, and nothing made."""
    arm.image()
    path, body = f"{kind}/{name}", BODIES[kind] | {"location": "eastus2"}
    api = DISKS_API if kind in ("disks", "snapshots") else "2024-07-01"
    assert error(arm.call("PUT", path, body, api=api)) == (400, "InvalidParameter")
    assert arm.call("GET", path, api=api).status_code == 404


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("name", ["a", "a" * 80, "web-1.0_x", "0"])
def test_names_that_are_taken(arm: Driver, kind: str, name: str) -> None:
    """Up to 80 letters, digits, hyphens, periods and underscores."""
    arm.image()
    body = BODIES[kind] | {"location": "eastus2"}
    api = DISKS_API if kind in ("disks", "snapshots") else "2024-07-01"
    assert arm.call("PUT", f"{kind}/{name}", body, api=api).status_code in (201, 202)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("g.", "InvalidResourceGroup"),
        ("a b", "InvalidResourceGroup"),
        ("a" * 91, "InvalidResourceGroup"),
    ],
)
def test_names_of_groups_that_are_refused(arm: Driver, name: str, code: str) -> None:
    """A trailing period, a blank, 91 letters."""
    path = f"/subscriptions/{arm.cloud.subscription_ids[0]}/resourceGroups/{name}"
    assert error(arm.call("PUT", path, {"location": "eastus2"}, api="2024-11-01")) == (400, code)


@pytest.mark.parametrize("name", ["a.b", "(a)", "-a_", "\u00e4", "a" * 90])
def test_names_of_groups_that_are_taken(arm: Driver, name: str) -> None:
    """Letters of any language, digits, `-._()`."""
    path = f"/subscriptions/{arm.cloud.subscription_ids[0]}/resourceGroups/{name}"
    assert arm.call("PUT", path, {"location": "eastus2"}, api="2024-11-01").status_code == 201
