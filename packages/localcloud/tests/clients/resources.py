"""The resources that clients create, each with those that it lies in and is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from packages.localcloud.tests.clients.served import GROUP, REGION

VERSION = "1.0.0"
OS_BLOB = "https://contoso.blob.core.windows.net/vhds/os.vhd"
DATA_BLOB = "https://contoso.blob.core.windows.net/vhds/data.vhd"


@dataclass(frozen=True)
class Resource:
    """A resource as it is asked for: its kind, its group's and parents' names and its own, its body."""

    kind: str
    names: tuple[str, ...]
    body: dict[str, Any]

    @property
    def name(self) -> str:
        """Its own name."""
        return self.names[-1]


def image(name: str, generation: str = "V2") -> Resource:
    """A generalized Linux image with one data disk, from blobs."""
    os_disk = {"osType": "Linux", "osState": "Generalized", "blobUri": OS_BLOB}
    disks = {"osDisk": os_disk, "dataDisks": [{"lun": 0, "blobUri": DATA_BLOB}]}
    properties = {"hyperVGeneration": generation, "storageProfile": disks}
    return Resource("image", (GROUP, name), _tracked(properties))


def gallery(name: str) -> Resource:
    """A gallery with a description."""
    return Resource("gallery", (GROUP, name), _tracked({"description": "tried by a client"}))


def definition(name: str) -> Resource:
    """A definition of generation 2 in the gallery of the same name."""
    properties = {
        "osType": "Linux",
        "osState": "Generalized",
        "hyperVGeneration": "V2",
        "identifier": {"publisher": "contoso", "offer": name, "sku": "2019"},
    }
    return Resource("definition", (GROUP, name, name), _tracked(properties))


def version(name: str, subscription: str) -> Resource:
    """A version of that definition, from the image of the same name, for two regions."""
    source = f"/subscriptions/{subscription}/resourceGroups/{GROUP}/providers/Microsoft.Compute/images/{name}"
    targets = [
        {"name": "East US 2", "regionalReplicaCount": 1, "storageAccountType": "Standard_LRS"},
        {"name": "West US", "regionalReplicaCount": 2, "storageAccountType": "Standard_ZRS"},
    ]
    properties = {
        "publishingProfile": {"targetRegions": targets},
        "storageProfile": {"source": {"id": source}},
    }
    return Resource("version", (GROUP, name, name, VERSION), _tracked(properties))


KINDS = ("image", "gallery", "definition", "version")


def lineage(kind: str, name: str, subscription: str) -> list[Resource]:
    """A resource of that kind, behind all that have to be there before it."""
    whole = [image(name), gallery(name), definition(name), version(name, subscription)]
    place = KINDS.index(kind)
    return whole[place : place + 1] if kind in ("image", "gallery") else whole[: place + 1]


def _tracked(properties: dict[str, Any]) -> dict[str, Any]:
    return {"location": REGION, "tags": {"team": "web"}, "properties": properties}
