"""The frame of every route: who is not recognised gets nowhere, and who is gets as far as the tables say."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from domain.callers.access import NEEDS
from domain.callers.actors import Caller
from localcloud.host.app import App
from localcloud.host.indexing import LoadedFunction
from services.dependencies import Dependencies
from tests.app import forget
from tests.credentials import HEADERS, KEY_OWNER
from triggers.http.guard import guarded
from triggers.http.responses import json_response

pytestmark = pytest.mark.usefixtures("own_records")

# What the extension gives to a durable client.
STARTER = json.dumps(
    {
        "taskHubName": "h",
        "creationUrls": {},
        "managementUrls": {},
        "rpcBaseUrl": "http://127.0.0.1:9/",
    }
)
READER = "a-key-that-only-looks-0123456789abcdef"
READERS_KEY = {
    "name": "reader",
    "sha256": hashlib.sha256(READER.encode()).hexdigest(),
    "roles": ["Migration.Read"],
    "owners": [KEY_OWNER],
}


@pytest.fixture(scope="module")
def routes() -> Iterator[list[LoadedFunction]]:
    """Every HTTP function, as the Python worker loads it."""
    worker = App.load(Path(__file__).resolve().parents[2])
    yield [function for function in worker.functions if function.kind == "httpTrigger"]
    worker.stop()


def asked(route: LoadedFunction, headers: dict[str, str]) -> func.HttpResponse:
    """The answer of a function to a request with these headers."""
    request = func.HttpRequest(
        "POST", "/api/x", headers=headers, route_params={"id": "nobody-1"}, body=b"{}"
    )
    others = {name: STARTER for name in route.bindings if name not in ("req", "$return")}
    response: func.HttpResponse = asyncio.run(route.handler(req=request, **others))
    return response


def said(response: func.HttpResponse) -> Any:
    return json.loads(response.get_body())


NOBODY = {
    "nothing": {},
    "a function key": {"x-functions-key": HEADERS["X-API-Key"]},
    "another key": {"X-API-Key": "another-key-0123456789abcdefghijklm"},
    "a principal from outside": {"X-MS-CLIENT-PRINCIPAL": "eyJhdXRoX3R5cCI6ICJhYWQifQ=="},
    "a token of nobody's": {"Authorization": "Bearer a.b.c"},
    "a signature of nobody's": {"webhook-id": "w", "webhook-signature": "v1,AAAA"},
}


@pytest.mark.parametrize("headers", NOBODY.values(), ids=NOBODY)
def test_every_route_refuses_who_is_not_recognised(
    routes: list[LoadedFunction], headers: dict[str, str]
) -> None:
    """401, as a problem, with the scheme to use."""
    assert len(routes) == len(NEEDS)
    for route in routes:
        response = asked(route, headers)
        assert (route.name, response.status_code) == (route.name, 401)
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.mimetype == "application/problem+json"


def test_a_fresh_deployment_refuses_everything_and_says_how_to_begin(
    routes: list[LoadedFunction], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is configured, so there is no key, no person and no secret that opens it."""
    monkeypatch.delenv("NAMED_KEYS")
    forget()
    for route in routes:
        for headers in [*NOBODY.values(), HEADERS]:
            assert asked(route, headers).status_code == 401
        assert "NAMED_KEYS" in said(asked(route, {}))["detail"]


def test_a_refusal_says_which_rule(
    routes: list[LoadedFunction], monkeypatch: pytest.MonkeyPatch
) -> None:
    """403 with the rule's name; the words say what is needed."""
    monkeypatch.setenv("NAMED_KEYS", json.dumps([READERS_KEY]))
    forget()
    by_name = {route.name: route for route in routes}
    started = asked(by_name["start_migration"], {"X-API-Key": READER})
    decided = asked(by_name["decide_migration"], {"X-API-Key": READER})

    assert (started.status_code, said(started)["rule"]) == (403, "role")
    assert "Migration.Submit" in said(started)["detail"]
    assert (decided.status_code, said(decided)["rule"]) == (403, "role")
    assert asked(by_name["list_migrations"], {"X-API-Key": READER}).status_code == 200


def test_a_handler_that_no_table_has_is_closed() -> None:
    """Whoever adds a route and forgets to say who may use it has opened nothing."""

    @guarded
    async def forgotten(
        app: Dependencies, caller: Caller, req: func.HttpRequest
    ) -> func.HttpResponse:
        return json_response(200, {})

    async def whole() -> func.HttpResponse:
        return await forgotten(func.HttpRequest("GET", "/api/x", headers=HEADERS, body=b""))

    response = asyncio.run(whole())
    assert (response.status_code, said(response)["rule"]) == (403, "route")


def test_wrong_settings_are_named_to_who_brings_a_key_only(
    routes: list[LoadedFunction], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody may ask, so anybody else learns no more than that they are wrong."""
    monkeypatch.setenv("SWEEP_SCHEDULE", "0 99 * * * *")
    monkeypatch.setenv("REPLICATION_TIMEOUT", "6h")
    forget()
    for route in routes:
        stranger, keeper = asked(route, {}), asked(route, HEADERS)
        assert (stranger.status_code, keeper.status_code) == (500, 500)
        assert "errors" not in said(stranger)
        assert "SWEEP" not in stranger.get_body().decode()
        assert {e["field"] for e in said(keeper)["errors"]} == {
            "SWEEP_SCHEDULE",
            "REPLICATION_TIMEOUT",
        }


def test_while_tokens_cannot_be_verified_it_is_an_outage(
    routes: list[LoadedFunction], monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with when to come back: nobody is refused for an issuer that is down, and nobody let in."""
    tenant = "0b0b0b0b-0000-4000-8000-000000000001"
    monkeypatch.setenv("ENTRA_AUTHORITY", "http://127.0.0.1:9")
    monkeypatch.setenv("ENTRA_TENANT_ID", tenant)
    monkeypatch.setenv("ENTRA_AUDIENCES", "app")
    forget()
    head = "eyJhbGciOiAiUlMyNTYiLCAia2lkIjogImsifQ"
    response = asked(routes[0], {"Authorization": f"Bearer {head}.e30.AAAA"})

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
