"""Create the image definition if it is absent; an existing one is never changed."""

from activities.activity import implements
from arm.definitions import create_definition, read_definition
from domain.facts import DefinitionFacts, definition_facts
from domain.messages import ENSURE_DEFINITION, DefinitionState, StepRequest
from domain.migration.fitting import Misfit, Needs, misfits_of_image, misfits_of_request
from domain.migration.latch import Effect, Halt
from domain.migration.recorded import Snapshot
from domain.results import ActivityError
from services.dependencies import Dependencies
from services.effects import send


@implements(ENSURE_DEFINITION)
def ensure_definition(
    request: StepRequest, snapshot: Snapshot, app: Dependencies
) -> DefinitionState | ActivityError | Halt:
    """Create the definition if it is absent; an existing one is never changed."""
    plan = snapshot.planned
    existing = read_definition(app.arm, plan.gallery, plan.definition_name)
    if existing is not None:
        return _state_of(existing, _misfits(existing, snapshot))
    name, body = plan.definition_name, plan.definition_body
    sent = send(
        app.records,
        request,
        Effect.DEFINITION,
        lambda until: create_definition(app.arm, plan.gallery, name, body, until),
    )
    if isinstance(sent, Halt):
        return sent
    return DefinitionState(ready=definition_facts(sent.body).provisioning_state == "Succeeded")


def _misfits(existing: DefinitionFacts, snapshot: Snapshot) -> list[Misfit]:
    plan, wanted = snapshot.planned, snapshot.request.image_definition
    needs = Needs(plan.os_type, plan.hyper_v_generation)
    return [*misfits_of_image(existing, needs), *misfits_of_request(existing, wanted)]


def _state_of(existing: DefinitionFacts, misfits: list[Misfit]) -> DefinitionState | ActivityError:
    """An existing definition: planning saw none, so somebody else has made it since, perhaps for another image."""
    name = f"the image definition '{existing.name}'"
    if existing.provisioning_state in {"Failed", "Deleting"}:
        state = existing.provisioning_state
        return ActivityError(code=f"Definition{state}", message=f"{name} is {state}")
    if misfits:
        differences = "; ".join(f"{m.what} '{m.has}' instead of '{m.needs}'" for m in misfits)
        return ActivityError(
            code="DefinitionDiffers",
            message=f"{name} was made meanwhile, with {differences}; start again",
        )
    return DefinitionState(ready=existing.provisioning_state != "Creating")
