"""Managed images (https://learn.microsoft.com/rest/api/compute/images): read one with its creation time, check that it
is still the same."""

from typing import TYPE_CHECKING
from urllib.parse import quote

from activities import arm
from activities.clients import compute
from activities.configuration import settings
from activities.steps import StepInput, step
from migration import answers
from migration.facts import ImageFacts, image_facts
from migration.fingerprint import fingerprint_of, same_as_far_as_known
from migration.names import ComputeId, parse_image_id
from migration.wire import Json

if TYPE_CHECKING:
    from azure.mgmt.compute import ComputeManagementClient

_RESOURCES_API = "2021-04-01"  # createdTime is on the generic list only; image bodies have none


class CheckImage(StepInput):
    """Which image, and the fingerprint that it had when it was planned."""

    image_id: str
    fingerprint: str


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


@step(CheckImage)
def check_image(given: CheckImage) -> Json:
    """`present`, `unchanged` (as far as is known), `certain` (the creation time is known too), and the fingerprint."""
    facts = read_image_facts(parse_image_id(given.image_id))
    if facts is None:
        return answers.done({"present": False})
    now = fingerprint_of(facts)
    return answers.done(
        {
            "present": True,
            "unchanged": same_as_far_as_known(now.value, given.fingerprint),
            "certain": now.complete and now.value == given.fingerprint,
            "fingerprint": now.value,
        }
    )


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
