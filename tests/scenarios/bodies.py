"""Bodies that the scenarios send: managed images as Azure returns them, and requests to migrate them."""

from typing import Any

Json = dict[str, Any]

GALLERY_GROUP, GALLERY, IMAGE_GROUP = "galleries", "scenarios", "images"
HERE = "eastus2"
# Bytes of a body that the app reads.
LARGEST = 64 * 1024


def group_id(subscription: str, group: str) -> str:
    """The id of a resource group."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def image_id(subscription: str, name: str) -> str:
    """The id of a managed image of the scenarios."""
    return f"{group_id(subscription, IMAGE_GROUP)}/providers/Microsoft.Compute/images/{name}"


def gallery_id(subscription: str, name: str = GALLERY) -> str:
    """The id of a gallery of the scenarios."""
    return f"{group_id(subscription, GALLERY_GROUP)}/providers/Microsoft.Compute/galleries/{name}"


def disk(subscription: str, name: str, size: int, **more: Any) -> Json:
    """A disk of a managed image."""
    scope = f"{group_id(subscription, IMAGE_GROUP)}/providers/Microsoft.Compute"
    return {
        "managedDisk": {"id": f"{scope}/disks/{name}"},
        "caching": "ReadWrite",
        "storageAccountType": "Premium_LRS",
        "diskSizeGB": size,
        **more,
    }


def image(
    subscription: str,
    name: str,
    *,
    created: str | None = "2024-03-11T09:14:52.1270319Z",
    generation: str = "V2",
    os_type: str = "Linux",
    size: int = 30,
    data: tuple[Json, ...] = (),
    tags: Json | None = None,
    os_disk: Json | None = None,
) -> Json:
    """A managed image; `created` None means now."""
    system = disk(subscription, f"{name}_os", size) | {
        "osType": os_type,
        "osState": "Generalized",
        **(os_disk or {}),
    }
    body: Json = {
        "id": image_id(subscription, name),
        "type": "Microsoft.Compute/images",
        "location": HERE,
        "tags": {"team": "web"} if tags is None else tags,
        "properties": {
            "storageProfile": {"osDisk": system, "dataDisks": list(data)},
            "hyperVGeneration": generation,
        },
    }
    return body | ({"createdTime": created} if created else {})


def request(subscription: str, name: str, *, delete: bool = True, **fields: Any) -> Json:
    """A request to migrate an image to a definition of the same name; `fields` replace or add."""
    return {
        "sourceImageId": image_id(subscription, name),
        "galleryId": gallery_id(subscription),
        "imageDefinition": {"name": name, "publisher": "contoso", "offer": "web", "sku": name},
        "imageVersion": "1.0.0",
        "targetRegions": [{"name": "East US 2"}, {"name": "West Europe", "replicaCount": 2}],
        "deletion": {"enabled": delete},
        **fields,
    }


# Which new images the app of the scenarios migrates by itself.
MAPPING = [
    {
        "match": {"name": "auto-*", "tags": {"migrate": "yes"}},
        "galleryId": gallery_id("{subscriptionId}"),
        "imageDefinition": {
            "name": "{imageName}",
            "publisher": "contoso",
            "offer": "{osType}",
            "sku": "{imageName}",
        },
    }
]
