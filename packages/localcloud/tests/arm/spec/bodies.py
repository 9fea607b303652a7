"""JSON that the scenarios send, and the resources that they begin with."""

from __future__ import annotations

from typing import Any

from packages.localcloud.tests.arm.spec.traffic import GROUP, NOW, REGION, Body, Traffic


def image_body(traffic: Traffic, generation: str = "V2") -> Body:
    """A generalized Linux image of two disks."""
    disks = f"{traffic.compute}/disks"
    return {
        "location": REGION,
        "tags": {"made": "by test"},
        "properties": {
            "hyperVGeneration": generation,
            "storageProfile": {
                "osDisk": {
                    "osType": "Linux",
                    "osState": "Generalized",
                    "managedDisk": {"id": f"{disks}/os"},
                },
                "dataDisks": [{"lun": 0, "managedDisk": {"id": f"{disks}/data"}}],
            },
        },
    }


def definition_body(name: str, **properties: Any) -> Body:
    """A definition of generation 2 Linux images."""
    common = {
        "osType": "Linux",
        "osState": "Generalized",
        "hyperVGeneration": "V2",
        "identifier": {"publisher": "contoso", "offer": name, "sku": "2019"},
    }
    return {"location": REGION, "properties": common | properties}


def version_body(image: str, *regions: str, **publishing: Any) -> Body:
    """A version made from a managed image, replicated to these regions too."""
    targets = [{"name": region, "regionalReplicaCount": 1} for region in (REGION, *regions)]
    return {
        "location": REGION,
        "properties": {
            "publishingProfile": {"targetRegions": targets} | publishing,
            "storageProfile": {"source": {"id": image}},
        },
    }


def make_disks(traffic: Traffic) -> None:
    """Creates the disks that the images are made from."""
    empty = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 30}
    for name in ("os", "data"):
        path = f"{traffic.compute}/disks/{name}?api-version=2024-03-02"
        traffic.finish(traffic.send("PUT", path, {"location": REGION, "properties": empty}))


def make_image(traffic: Traffic, name: str, generation: str = "V2") -> str:
    """Creates an image through the API; its id."""
    images = traffic.client.images
    body = image_body(traffic, generation)
    traffic.finish(images.begin_create_or_update(GROUP, name, body, **NOW))
    return f"{traffic.compute}/images/{name}"


def make_definition(traffic: Traffic, name: str, **gallery: Any) -> tuple[str, str, str]:
    """Creates a gallery and a definition of that name; what the SDK wants to hear for both."""
    client = traffic.client
    body: Body = {"location": REGION, "properties": gallery}
    traffic.finish(client.galleries.begin_create_or_update(GROUP, name, body, **NOW))
    definition = definition_body(name)
    traffic.finish(
        client.gallery_images.begin_create_or_update(GROUP, name, name, definition, **NOW)
    )
    return GROUP, name, name
