"""Image definitions (https://learn.microsoft.com/rest/api/compute/gallery-images): read, and create if absent."""

from activities import arm
from activities.clients import compute
from activities.steps import StepInput, step
from migration import answers
from migration.bodies import mismatches
from migration.facts import DefinitionFacts, definition_facts
from migration.names import ComputeId, parse_gallery_id
from migration.wire import Json


class EnsureDefinition(StepInput):
    """Which definition of which gallery, and the body to create it with."""

    gallery_id: str
    name: str
    body: Json


def read_definition(gallery: ComputeId, name: str) -> DefinitionFacts | None:
    """The definition, or None if it is not there."""
    client = compute(gallery.subscription)
    body = arm.read_or_none(client.gallery_images.get, gallery.resource_group, gallery.name, name)
    return definition_facts(body) if body is not None else None


def read_definitions(gallery: ComputeId) -> tuple[DefinitionFacts, ...]:
    """All definitions of a gallery."""
    client = compute(gallery.subscription)
    found = arm.read_all(
        client.gallery_images.list_by_gallery, gallery.resource_group, gallery.name
    )
    return tuple(definition_facts(body) for body in found)


@step(EnsureDefinition)
def ensure_definition(given: EnsureDefinition) -> Json:
    """Create the definition if it is absent; an existing one is never changed. `ready` when it can be used."""
    gallery = parse_gallery_id(given.gallery_id)
    there = read_definition(gallery, given.name)
    if there is not None:
        return _standing(there, given.body)
    client = compute(gallery.subscription)
    told = arm.begin(
        client.gallery_images.begin_create_or_update,
        gallery.resource_group,
        gallery.name,
        given.name,
        body=given.body,
    )
    created = definition_facts(told.body)
    return answers.done(
        {"ready": created.provisioning_state == "Succeeded", "created": True}, told.correlation_id
    )


def _standing(there: DefinitionFacts, body: Json) -> Json:
    """An existing definition: planning saw none, so somebody else has made it since, perhaps for another image."""
    name = f"the image definition '{there.name}'"
    if there.provisioning_state in {"Failed", "Deleting"}:
        return _refused(
            f"Definition{there.provisioning_state}", f"{name} is {there.provisioning_state}"
        )
    if differences := "; ".join(mismatches(there, body)):
        return _refused(
            "DefinitionDiffers", f"{name} was made meanwhile, with {differences}; start again"
        )
    return answers.done({"ready": there.provisioning_state != "Creating", "created": False})


def _refused(code: str, message: str) -> Json:
    return answers.failed(answers.AzureError(code=code, message=message))
