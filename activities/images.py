"""Managed images (https://learn.microsoft.com/rest/api/compute/images): read one with its creation time, check that it
is still the same."""

from typing import TYPE_CHECKING
from urllib.parse import quote

from activities import arm
from activities.activity import implements
from activities.clients import compute
from activities.configuration import records, settings
from domain.facts import ImageFacts, image_facts
from domain.ids import ComputeId, parse_image_id
from domain.messages import CHECK_IMAGE, ImageState, StepRequest
from domain.migration.fingerprint import fingerprint_of, same_as_far_as_known
from domain.migration.latch import Halt
from domain.migration.recorded import Snapshot, State
from domain.migration.stages import ImageFate
from domain.results import ActivityError
from domain.values import Json

if TYPE_CHECKING:
    from azure.mgmt.compute import ComputeManagementClient

_RESOURCES_API = "2021-04-01"  # createdTime is on the generic list only; image bodies have none


def read_image_body(image: ComputeId) -> Json | None:
    """The image's JSON, or None if it is not there."""
    client = compute(image.subscription)
    return arm.read_or_none(client.images.get, image.resource_group, image.name)


def read_image_facts(image: ComputeId) -> ImageFacts | None:
    """The image with its creation time (None when Azure does not tell it), or None if it is not there."""
    body = read_image_body(image)
    return None if body is None else facts_with_creation(image, body)


def facts_with_creation(image: ComputeId, body: Json) -> ImageFacts:
    """The facts in an image's JSON, with its creation time from the resources list."""
    return image_facts(body, _created_time(compute(image.subscription), image))


@implements(CHECK_IMAGE)
def check_image(request: StepRequest, snapshot: Snapshot) -> ImageState | ActivityError | Halt:
    """Whether the image is still the one that was planned; that it is gone is written down, for later runs."""
    plan = snapshot.planned
    facts = read_image_facts(parse_image_id(plan.image_id))
    if facts is None:
        records().change_state(request.migration_id, _gone)
        return ImageState(present=False)
    now = fingerprint_of(facts)
    return ImageState(
        present=True,
        unchanged=same_as_far_as_known(now.value, plan.fingerprint.value),
        certain=now.complete and now.value == plan.fingerprint.value,
    )


def _gone(state: State) -> State:
    return state.model_copy(update={"image": ImageFate.GONE})


def _created_time(client: "ComputeManagementClient", image: ComputeId) -> str | None:
    from azure.core.rest import HttpRequest

    wanted = (
        f"resourceGroup eq '{image.resource_group}' and name eq '{image.name}' "
        "and resourceType eq 'Microsoft.Compute/images'"
    )
    url: str | None = (
        f"{settings().arm_endpoint}/subscriptions/{image.subscription}/resources"
        f"?api-version={_RESOURCES_API}&$expand=createdTime&$filter={quote(wanted)}"
    )
    while url:
        response = client.send_request(HttpRequest("GET", url))
        response.raise_for_status()
        page = arm.list_page(response)
        for element in page["value"]:
            if str(element.get("id", "")).lower() == image.key:
                created: str | None = element.get("createdTime")
                return created
        url = page.get("nextLink")
    return None
