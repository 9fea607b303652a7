"""Bodies that the Functions host does not hand on: 411 on every route that reads one, and nothing else changes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import pytest

from tests.credentials import HEADERS
from triggers.http import approvals, migrations, plans

pytestmark = pytest.mark.usefixtures("own_records")

Call = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]
CLIENT = df.DurableOrchestrationClient(
    json.dumps(
        {
            "taskHubName": "h",
            "creationUrls": {},
            "managementUrls": {},
            "rpcBaseUrl": "http://127.0.0.1:9/",
        }
    )
)
SIGNED = {"webhook-id": "w1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
APPROVAL = "POST /api/migrations/{id}/approval"
READING: dict[str, Call] = {
    "POST /api/migrations": lambda req: migrations.start_migration(req, CLIENT),
    "POST /api/plans": plans.plan_only,
    APPROVAL: lambda req: approvals.decide(req, CLIENT),
}
WITH_LENGTH = {
    "POST /api/migrations": 400,
    "POST /api/plans": 400,
    APPROVAL: 401,
}


def answered(
    call: Call, body: bytes, encoding: str | None, shown: dict[str, str] = HEADERS
) -> tuple[int, Any, str | None]:
    """Status, body and media type of the answer to a request that came so."""
    headers = {**shown, **({"Transfer-Encoding": encoding} if encoding else {})}
    request = func.HttpRequest(
        "POST", "/api/x", headers=headers, route_params={"id": "nobody-1"}, body=body
    )

    async def whole() -> func.HttpResponse:
        return await call(request)

    response = asyncio.run(whole())
    return response.status_code, json.loads(response.get_body()), response.mimetype


def shown(route: str) -> dict[str, str]:
    """The headers that a request to the route proves itself by."""
    return SIGNED if route == APPROVAL else HEADERS


@pytest.mark.parametrize("encoding", ["chunked", "Chunked", "gzip, chunked"])
@pytest.mark.parametrize("route", READING)
def test_a_chunked_body_that_is_lost_is_told(route: str, encoding: str) -> None:
    """A problem that says what to send; an approval is not refused for its signature, which may be right."""
    status, said, media_type = answered(READING[route], b"", encoding, shown(route))
    assert (status, said["status"], media_type) == (411, 411, "application/problem+json")
    assert "Content-Length" in said["detail"]


@pytest.mark.parametrize("route", READING)
def test_an_empty_body_with_its_length_is_an_empty_body(route: str) -> None:
    """400, and 401 where there should be a signature."""
    assert answered(READING[route], b"", None, shown(route))[0] == WITH_LENGTH[route]


@pytest.mark.parametrize("route", READING)
def test_a_chunked_body_that_arrives_is_read(route: str) -> None:
    """Other hosts hand them on."""
    assert answered(READING[route], b"{}", "chunked", shown(route))[0] == WITH_LENGTH[route]


def test_a_cancellation_needs_no_body() -> None:
    """However it came."""
    assert answered(lambda req: migrations.cancel_migration(req, CLIENT), b"", "chunked")[0] == 404
