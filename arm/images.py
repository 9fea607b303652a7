"""Managed images (https://learn.microsoft.com/rest/api/compute/images), with their creation times."""

from datetime import datetime
from urllib.parse import quote

from arm.client import ArmClient
from arm.errors import ArmAnswerError
from arm.groups import GROUP_MISSING, group_is_gone
from arm.lists import Patience, read_compute_list
from arm.requests import (
    GET_TRIES,
    ArmResponse,
    ask,
    begin,
    check_missing,
    check_page,
    list_page,
    not_about_it,
    read,
    read_url,
)
from domain.facts import ImageFacts, image_facts
from domain.ids import ComputeId, fold
from domain.values import Json

# Only the generic list has creation times: docs/platform-notes.md#creation-times
_RESOURCES_API = "2021-04-01"


def read_image_body(arm: ArmClient, image: ComputeId) -> Json | None:
    """The image's JSON, or None if it is not there."""
    client = arm.compute(image.subscription)
    try:
        return read(client.images.get, image.resource_group, image.name)
    except ArmAnswerError as error:
        check_image_missing(arm, image, error)
        return None


def check_image_missing(arm: ArmClient, image: ComputeId, error: ArmAnswerError) -> None:
    """Raises the error, to be asked again, unless it is a 404 that speaks of the image itself, or of its group, which
    is read to be gone then. One about the subscription or the provider says nothing of the image."""
    check_missing(error)
    code = error.value.code
    if code == GROUP_MISSING and group_is_gone(arm, image.subscription, image.resource_group):
        return
    named = code == "NotFound" and fold(image.name) in fold(error.value.message)
    if code != "ResourceNotFound" and not named:
        raise not_about_it(error)


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
        bodies = [model.as_dict() for model in next(pages)]
        return bodies, getattr(pages, "continuation_token", None)

    return ask(listed, GET_TRIES)


def put_image(arm: ArmClient, image: ComputeId, body: Json, not_after: datetime) -> ArmResponse:
    """Send the image's PUT and return at once. Raises NotSentError after the time that it is given."""
    make = arm.compute(image.subscription).images.begin_create_or_update
    return begin(make, image.resource_group, image.name, body=body, not_after=not_after)


def read_images(arm: ArmClient, subscription: str, patience: Patience) -> list[Json]:
    """All managed images of a subscription. Raises ArmError, UnexpectedResponseError and ListTooLongError."""
    return read_compute_list(patience, arm.compute(subscription).images.list)


def begin_deletion(arm: ArmClient, image: ComputeId, not_after: datetime) -> ArmResponse:
    """Send the image's DELETE and return at once. Raises NotSentError after the time that it is given."""
    delete = arm.compute(image.subscription).images.begin_delete
    return begin(delete, image.resource_group, image.name, not_after=not_after)


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
            if fold(str(element.get("id", ""))) == image.key:
                created: str | None = element.get("createdTime")
                return created
        url = page.get("nextLink")
    return None
