"""The check that the managed image is still the one that was planned."""

from activities.activity import implements
from arm.images import read_image_facts
from domain.messages import CHECK_IMAGE, ImageState, StepRequest
from domain.migration.fingerprint import fingerprint_of, same_as_far_as_known
from domain.migration.latch import Halt
from domain.migration.recorded import Snapshot, State
from domain.migration.stages import ImageFate
from domain.results import ActivityError
from services.dependencies import Dependencies


@implements(CHECK_IMAGE)
def check_image(
    request: StepRequest, snapshot: Snapshot, app: Dependencies
) -> ImageState | ActivityError | Halt:
    """Compare the image with the one that was planned; write it down for later runs when it is gone."""
    plan = snapshot.planned
    facts = read_image_facts(app.arm, plan.image)
    if facts is None:
        app.records.change_state(request.migration_id, _gone)
        return ImageState(present=False)
    now = fingerprint_of(facts)
    return ImageState(
        present=True,
        unchanged=same_as_far_as_known(now.value, plan.fingerprint.value),
        certain=now.complete and now.value == plan.fingerprint.value,
    )


def _gone(state: State) -> State:
    return state.model_copy(update={"image": ImageFate.GONE})
