"""Regions of a subscription (https://learn.microsoft.com/rest/api/resources/subscriptions/list-locations)."""

from arm.client import ArmClient
from arm.requests import list_page, read_url
from domain.regions import normalise_region

_SUBSCRIPTIONS_API = "2022-12-01"


def read_locations(arm: ArmClient, subscription: str) -> frozenset[str]:
    """The short names of all regions. Raises ArmError and UnexpectedResponseError."""
    url = f"{arm.endpoint}/subscriptions/{subscription}/locations?api-version={_SUBSCRIPTIONS_API}"
    page = list_page(read_url(arm.compute(subscription), url))
    return frozenset(normalise_region(str(element.get("name"))) for element in page["value"])
