"""Resource Graph: the queries for what names an image, and whether the answers were all there is.

It shows what the identity may read and says nothing of the rest, lags, and cuts answers: see
docs/platform-notes.md#resource-graph
"""

from collections.abc import Sequence

from domain.ids import ComputeId
from domain.references.kinds import HOST_POOL
from domain.values import Json, Message

_LIMIT = "x-ms-tenant-subscription-limit-hit"
_COLUMNS = "project id, type, location, properties | order by id asc"


class GraphPage(Message):
    """One page of an answer, with the headers that it came with."""

    body: Json
    headers: dict[str, str] = {}


def user_queries(image: ComputeId) -> tuple[str, ...]:
    """One query for each table that users are in. The first finds the image too, which proves that it looks there.

    The template of a host pool is JSON within a text, where the id may be escaped: its name is enough there.
    """
    named = f"tolower(tostring(properties)) contains {_literal(image.key)}"
    pools = (
        f"(type =~ '{HOST_POOL}' and tostring(properties.vmTemplate) contains "
        f"{_literal(image.name.lower())})"
    )
    return (
        f"resources | where id =~ {_literal(image.text)} or {named} or {pools} | {_COLUMNS}",
        f"computeresources | where {named} | {_COLUMNS}",
        f"batchresources | where {named} | {_COLUMNS}",
    )


SUBSCRIPTIONS = (
    "resourcecontainers | where type =~ 'microsoft.resources/subscriptions' "
    "| project id, subscriptionId | order by id asc"
)


def incomplete(pages: Sequence[GraphPage]) -> str | None:
    """The reason why the pages of one answer are not all there is, None if they are."""
    if any(page.headers.get(_LIMIT, "").lower() == "true" for page in pages):
        return "Resource Graph looked at some of the subscriptions only"
    # A text, not a boolean.
    cut = {str(page.body.get("resultTruncated")).lower() for page in pages} - {"false"}
    if cut or not pages:
        return "Resource Graph cut its answer off"
    rows = sum(len(page.body["data"]) for page in pages)
    totals = {page.body.get("totalRecords") for page in pages}
    if totals != {rows}:
        return f"Resource Graph gave {rows} rows of {', '.join(map(str, totals))}"
    return None


def _literal(text: str) -> str:
    """Quote a text for Kusto. Ids are parsed strictly before; this holds for any other text as well."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
