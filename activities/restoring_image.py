"""The image that a restore makes of its disks, under the name that the deleted one had."""

from activities.activity import implements
from activities.restoring import of_restore
from arm.images import put_image, read_image_body
from domain.facts import BUSY_STATES
from domain.migration.latch import Halt
from domain.migration.recorded import Snapshot
from domain.restore.bodies import sources_of
from domain.restore.comparison import differences
from domain.restore.messages import LOOK_AT_IMAGE, MAKE_IMAGE, Progress, RestoreStep
from domain.restore.recorded import IMAGE, Restore
from domain.results import ActivityError
from domain.values import Json
from services.dependencies import Dependencies
from services.effects import send_intended
from services.restoring import RestoreIntents, restorer

Answer = Progress | ActivityError | Halt


@implements(MAKE_IMAGE)
@of_restore
def make_image(
    request: RestoreStep, restore: Restore, _snapshot: Snapshot, app: Dependencies
) -> Answer:
    """Send the image's PUT, unless something has its name."""
    plan = restore.plan
    there = read_image_body(app.arm, plan.image)
    if there is not None:
        return Progress(ready=True) if _made_here(restore, there) else _taken(restore)
    sent = send_intended(
        RestoreIntents(app.records, request, IMAGE),
        request.run,
        lambda until: put_image(restorer(app), plan.image, plan.image_body, until),
    )
    return sent if isinstance(sent, Halt) else Progress(ready=True)


def _made_here(restore: Restore, image: Json) -> bool:
    return IMAGE in restore.writes and sources_of(image) == sources_of(restore.plan.image_body)


def _taken(restore: Restore) -> Progress:
    return Progress(failed=f"somebody else has made {restore.plan.image} meanwhile")


@implements(LOOK_AT_IMAGE)
@of_restore
def look_at_image(
    _request: RestoreStep, restore: Restore, _snapshot: Snapshot, app: Dependencies
) -> Answer:
    """Ready once the image is there; compared with the recipe then."""
    body = read_image_body(app.arm, restore.plan.image)
    if body is None:
        return Progress()
    if not _made_here(restore, body):
        return _taken(restore)
    state = body["properties"]["provisioningState"]
    if state in BUSY_STATES:
        return Progress()
    if state != "Succeeded":
        text = f"Azure made {restore.plan.image}, and it is {state}: delete it, then ask again"
        return Progress(failed=text)
    recipe = app.records.recipe_of(restore.migration)
    differs = differences(recipe.image, body) if recipe else ()
    return Progress(ready=True, differences=differs)
