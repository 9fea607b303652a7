"""Resource Graph (https://learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources), without its SDK,
whose stable version lacks what this asks for (docs/platform-notes.md#resource-graph)."""

from collections.abc import Sequence

from arm.client import ArmClient
from arm.lists import Patience
from arm.requests import post_url
from domain.errors import UnexpectedResponseError
from domain.references.graph import GraphPage
from domain.values import Json

_PATH = "/providers/Microsoft.ResourceGraph/resources"
_API = "2024-04-01"
# The most that it gives in one answer.
_PAGE = 1000


def read_graph(
    arm: ArmClient, asked_by: str, query: str, subscriptions: Sequence[str], patience: Patience
) -> list[GraphPage]:
    """Every page of the answer to a query; of the whole tenant without subscriptions. `asked_by`: a subscription whose
    client is used. Raises ArmError, UnexpectedResponseError and ListTooLongError."""
    pages: list[GraphPage] = []
    token: str | None = None
    while token or not pages:
        patience.spend()
        options: Json = {"$top": _PAGE, "resultFormat": "objectArray"}
        body: Json = {"query": query, "options": options | ({"$skipToken": token} if token else {})}
        if subscriptions:
            body["subscriptions"] = list(subscriptions)
        pages.append(_post(arm, asked_by, body))
        token = pages[-1].body.get("$skipToken")
    return pages


def _post(arm: ArmClient, asked_by: str, body: Json) -> GraphPage:
    url = f"{arm.endpoint}{_PATH}?api-version={_API}"
    answer, headers = post_url(arm.compute(asked_by), url, body)
    if not isinstance(answer, dict) or not _rows(answer.get("data")):
        raise UnexpectedResponseError("an answer of Resource Graph without rows")
    by_name = {name.lower(): text for name, text in headers.items()}
    return GraphPage(body=answer, headers=by_name)


def _rows(data: object) -> bool:
    return isinstance(data, list) and all(isinstance(row, dict) for row in data)
