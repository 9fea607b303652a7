"""Image definitions (https://learn.microsoft.com/rest/api/compute/gallery-images): read, and create if absent."""

from activities import arm
from activities.activity import implements
from activities.clients import compute
from activities.effects import send
from domain.facts import DefinitionFacts, definition_facts
from domain.ids import ComputeId, parse_gallery_id
from domain.messages import ENSURE_DEFINITION, DefinitionState, StepRequest
from domain.migration.bodies import mismatches
from domain.migration.latch import Effect, Halt
from domain.migration.recorded import Snapshot
from domain.results import ActivityError
from domain.values import Json


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


@implements(ENSURE_DEFINITION)
def ensure_definition(
    request: StepRequest, snapshot: Snapshot
) -> DefinitionState | ActivityError | Halt:
    """Create the definition if it is absent; an existing one is never changed."""
    plan = snapshot.planned
    gallery = parse_gallery_id(plan.gallery_id)
    existing = read_definition(gallery, plan.definition_name)
    if existing is not None:
        return _state_of(existing, plan.definition_body)
    sent = send(
        request,
        Effect.DEFINITION,
        lambda: arm.begin(
            compute(gallery.subscription).gallery_images.begin_create_or_update,
            gallery.resource_group,
            gallery.name,
            plan.definition_name,
            body=plan.definition_body,
        ),
    )
    if isinstance(sent, Halt):
        return sent
    return DefinitionState(ready=definition_facts(sent.body).provisioning_state == "Succeeded")


def _state_of(existing: DefinitionFacts, body: Json) -> DefinitionState | ActivityError:
    """An existing definition: planning saw none, so somebody else has made it since, perhaps for another image."""
    name = f"the image definition '{existing.name}'"
    if existing.provisioning_state in {"Failed", "Deleting"}:
        state = existing.provisioning_state
        return ActivityError(code=f"Definition{state}", message=f"{name} is {state}")
    if differences := "; ".join(mismatches(existing, body)):
        return ActivityError(
            code="DefinitionDiffers",
            message=f"{name} was made meanwhile, with {differences}; start again",
        )
    return DefinitionState(ready=existing.provisioning_state != "Creating")
