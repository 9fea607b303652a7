"""Resource Graph (https://learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources), without its SDK,
whose stable version lacks what this asks for (docs/platform-notes.md#resource-graph)."""

from collections.abc import Sequence

from arm.client import ArmClient
from arm.patience import Patience
from domain.errors import UnexpectedResponseError
from domain.references.graph import API, PAGE, PATH, GraphPage
from domain.values import Json


def read_graph(
    arm: ArmClient, asked_by: str, query: str, subscriptions: Sequence[str], patience: Patience
) -> list[GraphPage]:
    """Every page of the answer to a query; of the whole tenant without subscriptions. `asked_by`: a subscription whose
    client is used. Raises ArmError, UnexpectedResponseError and ListTooLongError."""
    pages: list[GraphPage] = []
    token: str | None = None
    while token or not pages:
        patience.spend()
        options: Json = {"$top": PAGE, "resultFormat": "objectArray"}
        body: Json = {"query": query, "options": options | ({"$skipToken": token} if token else {})}
        if subscriptions:
            body["subscriptions"] = list(subscriptions)
        answer, headers = arm.post(asked_by, f"{arm.endpoint}{PATH}?api-version={API}", body)
        if not isinstance(answer, dict) or not _rows(answer.get("data")):
            raise UnexpectedResponseError("an answer of Resource Graph without rows")
        pages.append(GraphPage(body=answer, headers=headers))
        token = answer.get("$skipToken")
    return pages


def _rows(data: object) -> bool:
    return isinstance(data, list) and all(isinstance(row, dict) for row in data)
