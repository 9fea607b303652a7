"""Galleries (https://learn.microsoft.com/rest/api/compute/galleries): read one, and what it holds soft-deleted."""

from arm.client import ArmClient
from arm.requests import read_all, read_or_none
from domain.facts import GalleryFacts, gallery_facts
from domain.ids import ComputeId


def read_gallery(arm: ArmClient, gallery: ComputeId) -> GalleryFacts | None:
    """The gallery, or None if it is not there."""
    client = arm.compute(gallery.subscription)
    body = read_or_none(client.galleries.get, gallery.resource_group, gallery.name)
    return gallery_facts(body) if body is not None else None


def read_soft_deleted_versions(
    arm: ArmClient, gallery: ComputeId, definition: str
) -> tuple[str, ...]:
    """Names of the definition's versions that are soft-deleted: their names are not free."""
    client = arm.compute(gallery.subscription)
    elements = read_all(
        client.soft_deleted_resource.list_by_artifact_name,
        gallery.resource_group,
        gallery.name,
        "images",
        definition,
    )
    return tuple(str(element["name"]) for element in elements if element.get("name"))
