"""Drives an emulated cloud over HTTPS with plain requests, for tests of single rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from localcloud.arm.server.arm_cloud import ArmCloud
from localcloud.arm.state.profile import DEFAULT, Profile
from localcloud.testing.running_arm import MovableTime, running_cloud

GROUP = "rg"
GALLERIES_API = "2024-03-03"
IMAGES_API = "2024-07-01"
DISKS_API = "2024-03-02"
DEFINITION = "galleries/g/images/d"
VERSION = f"{DEFINITION}/versions/1.0.0"


class Driver:
    """One cloud, its time, and calls on the resources of one group."""

    def __init__(self, cloud: ArmCloud, time: MovableTime) -> None:
        self.cloud = cloud
        self.time = time
        self.group = f"/subscriptions/{cloud.subscription_ids[0]}/resourceGroups/{GROUP}"
        self.session = requests.Session()
        # REQUESTS_CA_BUNDLE would win over verify.
        self.session.trust_env = False
        self.session.verify = str(cloud.ca_file)
        self.session.headers["Authorization"] = f"Bearer {cloud.tokens.issue(cloud.url)[0]}"

    def id(self, path: str) -> str:
        """The id of `images/x` or `galleries/g`."""
        return f"{self.group}/providers/Microsoft.Compute/{path}"

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """A request on a compute resource, or on a whole path when it begins with a slash."""
        api = options.pop("api", IMAGES_API if path.startswith("images") else GALLERIES_API)
        query = "".join(f"&{key}={value}" for key, value in options.pop("query", {}).items())
        whole = path if path.startswith("/") else self.id(path)
        url = (
            path
            if path.startswith("https:")
            else f"{self.cloud.url}{whole}?api-version={api}{query}"
        )
        return self.session.request(method, url, json=body, timeout=20, **options)

    def get(self, path: str, **query: str) -> Any:
        """The body of a GET that must succeed; `expand` may be given."""
        response = self.call("GET", path, query={f"${key}": value for key, value in query.items()})
        assert response.status_code == 200, response.text
        return response.json()

    def state(self, path: str) -> str:
        """Its provisioningState."""
        return str(self.get(path)["properties"]["provisioningState"])

    def put(self, path: str, body: Any) -> requests.Response:
        """A PUT that must be accepted."""
        response = self.call("PUT", path, body)
        assert response.status_code in (200, 201), response.text
        return response

    def pass_time(self, **delta: float) -> None:
        """Time goes by."""
        self.time.advance(**delta)

    def operation(self, response: requests.Response) -> Any:
        """Return the body that the operation of a write has now."""
        return self.call("GET", response.headers["Azure-AsyncOperation"]).json()

    def image(self, name: str = "web", **properties: Any) -> str:
        """Adds a Linux image of generation 1; its id."""
        disk = {"osType": "Linux", "osState": "Generalized", "diskSizeGB": 30}
        inner = {"hyperVGeneration": "V1", "storageProfile": {"osDisk": disk}} | properties
        body = {"id": self.id(f"images/{name}"), "location": "eastus2", "properties": inner}
        return str(self.cloud.add_image(body)["id"])

    def disk(self, path: str = "disks/os", gigabytes: int = 30, sku: str = "Standard_LRS") -> str:
        """Makes an empty disk or snapshot of that size; its id."""
        inner = {"creationData": {"createOption": "Empty"}, "diskSizeGB": gigabytes}
        body = {"location": "eastus2", "sku": {"name": sku}, "properties": inner}
        assert self.call("PUT", path, body, api=DISKS_API).status_code == 202
        self.pass_time(minutes=1)
        return self.id(path)

    def machine(self, name: str = "vm", image: str | None = None, **disk: Any) -> str:
        """Makes a Linux machine with a data disk of 10 GB, from an image or the marketplace; its id."""
        self.put(f"virtualMachines/{name}", machine(image, **disk))
        self.pass_time(minutes=5)
        return self.id(f"virtualMachines/{name}")

    def gallery(self, **properties: Any) -> None:
        """The gallery `g` with a definition `d` for such images, both complete."""
        self.image("to-make-the-group")
        self.put("galleries/g", {"location": "eastus2", "properties": properties})
        self.put(DEFINITION, definition())
        self.pass_time(minutes=1)

    def version(self, path: str = VERSION, **changes: Any) -> requests.Response:
        """PUT of a version from the image `web`."""
        return self.call("PUT", path, self.version_body(**changes))

    def version_body(
        self, source: str = "web", regions: tuple[str, ...] = ("eastus2",), **profile: Any
    ) -> Any:
        """The body of such a PUT."""
        targets = [{"name": name} for name in regions]
        return {
            "location": "eastus2",
            "properties": {
                "publishingProfile": {"targetRegions": targets, **profile},
                "storageProfile": {"source": {"id": self.id(f"images/{source}")}},
            },
        }


def definition(sku: str = "s", **properties: Any) -> Any:
    """The body of a definition for Linux images of generation 1."""
    identifier = {"publisher": "p", "offer": "o", "sku": sku}
    inner = {"osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V1"}
    return {"location": "eastus2", "properties": inner | {"identifier": identifier} | properties}


def machine(image: str | None = None, **disk: Any) -> Any:
    """The body of a machine, from a managed image or from the marketplace."""
    reference = {"id": image} if image else {"publisher": "Canonical", "offer": "UbuntuServer"}
    disks = [{"lun": 0, "createOption": "Empty", "diskSizeGB": 10}]
    profile = {"imageReference": reference, "osDisk": {"caching": "ReadWrite"} | disk}
    return {
        "location": "eastus2",
        "properties": {"storageProfile": profile | {"dataDisks": disks}},
    }


def application(**properties: Any) -> Any:
    """The body of a gallery application."""
    return {"location": "eastus2", "properties": {"supportedOSType": "Linux"} | properties}


def error(response: requests.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return response.status_code, str(response.json()["error"]["code"])


@contextmanager
def driven(state: Path, profile: Profile = DEFAULT) -> Iterator[Driver]:
    """A running cloud with its driver."""
    time = MovableTime()
    with running_cloud(state, time, profile=profile) as cloud:
        yield Driver(cloud, time)
