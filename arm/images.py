"""Managed images (https://learn.microsoft.com/rest/api/compute/images), with their creation times."""

from urllib.parse import quote

from arm.client import ArmClient
from arm.requests import (
    GET_TRIES,
    ArmResponse,
    ask,
    begin,
    check_page,
    list_page,
    read_or_none,
    read_url,
)
from domain.facts import ImageFacts, image_facts
from domain.ids import ComputeId
from domain.values import Json

# Only the generic list has creation times: docs/platform-notes.md#creation-times
_RESOURCES_API = "2021-04-01"


def read_image_body(arm: ArmClient, image: ComputeId) -> Json | None:
    """The image's JSON, or None if it is not there."""
    client = arm.compute(image.subscription)
    return read_or_none(client.images.get, image.resource_group, image.name)


def read_image_facts(arm: ArmClient, image: ComputeId) -> ImageFacts | None:
    """The image with its creation time (None when Azure does not tell it), or None if it is not there."""
    body = read_image_body(arm, image)
    return None if body is None else facts_with_creation(arm, image, body)


def facts_with_creation(arm: ArmClient, image: ComputeId, body: Json) -> ImageFacts:
    """The facts in an image's JSON, with its creation time from the resources list."""
    return image_facts(body, _created_time(arm, image))


def read_page_of_images(
    arm: ArmClient, subscription: str, page: str | None
) -> tuple[list[Json], str | None]:
    """One of Azure's own pages of a subscription's images, and the address of the next one; `page`: which, or the
    first."""

    def listed() -> tuple[list[Json], str | None]:
        pages = arm.compute(subscription).images.list(raw_response_hook=check_page).by_page(page)
        found = [model.as_dict() for model in next(pages)]
        return found, getattr(pages, "continuation_token", None)

    return ask(listed, GET_TRIES)


def begin_deletion(arm: ArmClient, image: ComputeId) -> ArmResponse:
    """Send the image's DELETE and return at once."""
    delete = arm.compute(image.subscription).images.begin_delete
    return begin(delete, image.resource_group, image.name)


def _created_time(arm: ArmClient, image: ComputeId) -> str | None:
    wanted = (
        f"resourceGroup eq '{image.resource_group}' and name eq '{image.name}' "
        "and resourceType eq 'Microsoft.Compute/images'"
    )
    url: str | None = (
        f"{arm.endpoint}/subscriptions/{image.subscription}/resources"
        f"?api-version={_RESOURCES_API}&$expand=createdTime&$filter={quote(wanted)}"
    )
    while url:
        page = list_page(read_url(arm.compute(image.subscription), url))
        for element in page["value"]:
            if str(element.get("id", "")).lower() == image.key:
                created: str | None = element.get("createdTime")
                return created
        url = page.get("nextLink")
    return None
