"""Resource Graph (https://learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources), without its SDK,
whose stable version lacks what this asks for (docs/platform-notes.md#resource-graph)."""

from collections.abc import Sequence
from typing import Any

from arm.client import ArmClient
from arm.patience import Patience
from arm.requests import GET_TRIES, ask
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
        pages.append(_post(arm, asked_by, body))
        token = pages[-1].body.get("$skipToken")
    return pages


def _post(arm: ArmClient, asked_by: str, body: Json) -> GraphPage:
    """One page: a question, so asking again after a broken connection does no harm."""
    from azure.core.rest import HttpRequest

    url = f"{arm.endpoint}{PATH}?api-version={API}"

    def post() -> Any:
        response = arm.compute(asked_by).send_request(HttpRequest("POST", url, json=body))
        response.raise_for_status()
        return response.json(), {name.lower(): told for name, told in response.headers.items()}

    answer, headers = ask(post, GET_TRIES)
    if not isinstance(answer, dict) or not _rows(answer.get("data")):
        raise UnexpectedResponseError("an answer of Resource Graph without rows")
    return GraphPage(body=answer, headers=headers)


def _rows(data: object) -> bool:
    return isinstance(data, list) and all(isinstance(row, dict) for row in data)
