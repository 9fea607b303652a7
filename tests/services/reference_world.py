"""An image and those who use it, on the ARM emulator, and scans for them as the app makes them."""

from __future__ import annotations

import asyncio
from typing import Any

from arm.images import read_image_body
from domain.facts import image_facts
from domain.ids import parse_image_id
from domain.references.scan import Scan
from packages.localcloud.tests.arm.driving import Driver
from packages.localcloud.tests.arm.sdk import scale_set, storage
from packages.localcloud.tests.arm.spec.user_scenarios import USERS
from services.references import scan_references
from tests.activities.azure import Azure
from tests.app import app

VERSION = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/g/providers"
    "/Microsoft.Compute/galleries/g/images/web/versions/1.0.0"
)
_USERS = {"/".join(path.split("/")[:1] + path.split("/")[1::2]): path for path, _, _ in USERS}


class ReferenceWorld:
    """One image, `web`, and what a test adds."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        self.arm = Driver(azure.cloud, azure.time)
        self.image = self.arm.image("web")
        self.subscription = azure.cloud.subscription_ids[0]

    def scan(self, version: str | None = VERSION, seconds: float | None = None) -> Scan:
        """Look for the users of the image now."""
        image = parse_image_id(self.image)
        body = read_image_body(app().arm, image)
        facts = None if body is None else image_facts(body, None)
        return asyncio.run(scan_references(app(), image, facts, version, seconds))

    def machine(self, name: str, image: str = "", **os_disk: Any) -> str:
        """Add a virtual machine; its id."""
        body = {
            "location": "eastus2",
            "properties": {"storageProfile": storage(image or self.image, **os_disk)},
        }
        self.arm.put(f"virtualMachines/{name}", body)
        return self.arm.id(f"virtualMachines/{name}")

    def scale_set(self, name: str, image: str = "", capacity: int = 2, **properties: Any) -> str:
        """Add a scale set, or change its model; its id."""
        self.arm.put(
            f"virtualMachineScaleSets/{name}",
            scale_set(image or self.image, capacity, **properties),
        )
        self.arm.pass_time(minutes=5)
        return self.arm.id(f"virtualMachineScaleSets/{name}")

    def add(self, kind: str, **properties: Any) -> str:
        """Add a resource of another service, and its parents, whose texts name the image; its id."""
        path = _USERS[kind]
        for known, api, good in USERS:
            if path.startswith(f"{known}/") or path == known:
                inner = _naming(good, self.image) | (properties if path == known else {})
                body = {"location": "eastus2", "properties": inner}
                url = f"{self.arm.group}/providers/{known}"
                answer = self.arm.call("PUT", url, body, api=api)
                assert answer.status_code in (200, 201), answer.text
        return f"{self.arm.group}/providers/{path}"

    def lock(self, scope: str, level: str = "CanNotDelete") -> str:
        """Put a lock at a scope; its id."""
        where = f"{scope}/providers/Microsoft.Authorization/locks/keep"
        answer = self.arm.call("PUT", where, {"properties": {"level": level}}, api="2020-05-01")
        assert answer.status_code in (200, 201), answer.text
        return where


def _naming(value: Any, image: str) -> Any:
    if isinstance(value, dict):
        return {key: _naming(part, image) for key, part in value.items()}
    if isinstance(value, list):
        return [_naming(part, image) for part in value]
    return value.replace("{image}", image) if isinstance(value, str) else value
