"""Example requests and settings for the images and galleries of a fresh local cloud."""

from __future__ import annotations

from typing import Any

from localcloud.arm.server.seed import GALLERIES, GALLERY


def gallery_id(subscription: str) -> str:
    """The first of the galleries."""
    group = next(iter(GALLERIES.values()))
    scope = f"/subscriptions/{subscription}/resourceGroups/{group}"
    return f"{scope}/providers/Microsoft.Compute/galleries/{GALLERY}"


def example_mapping(subscription: str) -> dict[str, Any]:
    """New images called auto-… go to the first gallery, and are kept."""
    name = "{imageName}"
    return {
        "match": {"name": "auto-*"},
        "galleryId": gallery_id(subscription),
        "imageDefinition": {"name": name, "publisher": "local", "offer": name, "sku": "{osType}"},
        "imageVersion": "auto",
        "targetRegions": [{"name": "eastus2"}],
        "deletion": {"enabled": False},
    }


def example_request(subscription: str) -> dict[str, Any]:
    """A migration of one of the images."""
    scope = f"/subscriptions/{subscription}/resourceGroups/web/providers/Microsoft.Compute"
    return {
        "sourceImageId": f"{scope}/images/web-2019",
        "galleryId": gallery_id(subscription),
        "imageDefinition": {"name": "web", "publisher": "contoso", "offer": "web", "sku": "2019"},
        "imageVersion": "1.0.0",
        "targetRegions": [{"name": "East US 2"}, {"name": "West Europe", "replicaCount": 2}],
        "deletion": {"enabled": True},
    }
