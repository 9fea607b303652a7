"""The resources of a group that carry a tag (https://learn.microsoft.com/rest/api/resources/resources/list-by-resource-group)."""

from urllib.parse import quote

from arm.client import ArmClient
from arm.requests import list_page, read_url
from domain.values import Json

_RESOURCES_API = "2021-04-01"
# A `nextLink` may lead round in a circle.
_MOST_PAGES = 50


def read_tagged(arm: ArmClient, group: str, tag: str) -> list[Json]:
    """Those in the group, by the group's id, that have the tag, whatever its value."""
    subscription = group.split("/")[2]
    wanted = quote(f"tagName eq '{tag}'")
    url: str | None = (
        f"{arm.endpoint}{group}/resources?api-version={_RESOURCES_API}&$filter={wanted}"
    )
    tagged: list[Json] = []
    for _ in range(_MOST_PAGES):
        if not url:
            break
        page = list_page(read_url(arm.compute(subscription), url))
        tagged += page["value"]
        url = page.get("nextLink")
    return tagged
