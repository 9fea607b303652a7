"""Image definitions (https://learn.microsoft.com/rest/api/compute/gallery-images)."""

from datetime import datetime

from arm.client import ArmClient
from arm.requests import ArmResponse, begin, read_all, read_or_none
from domain.facts import DefinitionFacts, definition_facts
from domain.ids import ComputeId
from domain.values import Json


def read_definition(arm: ArmClient, gallery: ComputeId, name: str) -> DefinitionFacts | None:
    """The definition, or None if it is not there."""
    client = arm.compute(gallery.subscription)
    body = read_or_none(client.gallery_images.get, gallery.resource_group, gallery.name, name)
    return definition_facts(body) if body is not None else None


def read_definitions(arm: ArmClient, gallery: ComputeId) -> tuple[DefinitionFacts, ...]:
    """All definitions of a gallery."""
    client = arm.compute(gallery.subscription)
    bodies = read_all(client.gallery_images.list_by_gallery, gallery.resource_group, gallery.name)
    return tuple(definition_facts(body) for body in bodies)


def create_definition(
    arm: ArmClient, gallery: ComputeId, name: str, body: Json, not_after: datetime
) -> ArmResponse:
    """Send the definition's PUT and return at once. Raises NotSentError after the time that it is given."""
    return begin(
        arm.compute(gallery.subscription).gallery_images.begin_create_or_update,
        gallery.resource_group,
        gallery.name,
        name,
        body=body,
        not_after=not_after,
    )
