"""App Service's sign-in in front of an app: the headers that it sees, and those that nobody outside may set."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp.test_utils import TestClient

from localcloud.entra.directory import CLIENT, TENANT, Directory
from localcloud.entra.people import with_roles
from localcloud.entra.sign_in import COOKIE, DONE, LOGIN, ROLE_TYPE, SignIn
from localcloud.host.app import App
from localcloud.host.worker import Worker
from packages.localcloud.tests.host.apps import served, write_app

APP = """
import json
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route("who", methods=["GET", "POST"])
def who(req: func.HttpRequest) -> str:
    return json.dumps({n: v for n, v in req.headers.items() if n.lower().startswith("x-ms-")})
"""
ROLES = ("Reports.Read", "Reports.Write")
Call = Callable[[TestClient[Any, Any]], Awaitable[Any]]


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    worker = App.load(write_app(tmp_path_factory.mktemp("who"), APP))
    yield worker
    worker.stop()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Directory:
    folder = tmp_path_factory.mktemp("entra")
    return Directory(folder, "http://127.0.0.1/entra", with_roles({"ada": ROLES}))


@pytest.fixture
def run(worker: Worker, directory: Directory, tmp_path: Path) -> Callable[[Call], Any]:
    """Does something with a client of the app behind its sign-in."""

    async def behind(call: Call) -> Any:
        door = SignIn(directory, ROLES)
        async with served(worker, tmp_path, door=door) as (client, _):
            return await call(client)

    return lambda call: asyncio.run(behind(call))


async def sign_in(client: TestClient[Any, Any], person: str = "ada", **form: Any) -> Any:
    return await client.post(DONE, data={"person": person, **form}, allow_redirects=False)


async def seen(client: TestClient[Any, Any], **headers: str) -> dict[str, str]:
    answer = await client.get("/api/who", headers=headers)
    found: dict[str, str] = json.loads(await answer.text())
    return {name.lower(): value for name, value in found.items()}


def test_an_app_sees_who_has_signed_in(run: Callable[[Call], Any], directory: Directory) -> None:
    """The header in App Service's shape, and beside it a token that is really signed."""

    async def call(client: TestClient[Any, Any]) -> dict[str, str]:
        await sign_in(client, role="Reports.Read")
        return await seen(client)

    headers = run(call)
    principal = json.loads(base64.b64decode(headers["x-ms-client-principal"]))
    claims = {claim["typ"]: claim["val"] for claim in principal["claims"]}
    token = directory.read(headers["x-ms-token-aad-id-token"])

    assert (principal["auth_typ"], principal["role_typ"]) == ("aad", ROLE_TYPE)
    assert claims["roles"] == "Reports.Read"
    assert claims["http://schemas.microsoft.com/identity/claims/tenantid"] == TENANT
    assert token["oid"] == directory.accounts["ada"].oid
    assert token["aud"] == CLIENT
    assert token["roles"] == ["Reports.Read"]
    assert headers["x-ms-client-principal-idp"] == "aad"


def test_nobody_outside_sets_the_platforms_headers(run: Callable[[Call], Any]) -> None:
    """Neither without a sign-in nor beside one, in whatever case."""
    forged = {"X-MS-CLIENT-PRINCIPAL": "forged", "x-ms-token-aad-id-token": "forged"}

    async def call(client: TestClient[Any, Any]) -> Any:
        before = await seen(client, **forged)
        await sign_in(client)
        return before, await seen(client, **forged)

    before, after = run(call)
    assert before == {}
    assert "forged" not in after.values()


@pytest.mark.parametrize("cookie", ["", "ada", "a.b.c"])
def test_a_cookie_of_somebodys_own_is_nobody(run: Callable[[Call], Any], cookie: str) -> None:
    """The session is signed."""

    async def call(client: TestClient[Any, Any]) -> dict[str, str]:
        return await seen(client, Cookie=f"{COOKIE}={cookie}")

    assert run(call) == {}


def test_a_session_ends_with_a_sign_out(run: Callable[[Call], Any]) -> None:
    """And `/.auth/me` tells of it while it lasts."""

    async def call(client: TestClient[Any, Any]) -> Any:
        await sign_in(client)
        told = await (await client.get("/.auth/me")).json()
        await client.get("/.auth/logout", allow_redirects=False)
        return told, (await client.get("/.auth/me")).status, await seen(client)

    told, status, after = run(call)
    assert told[0]["provider_name"] == "aad"
    assert (status, after) == (401, {})


BROWSER = {"User-Agent": "Mozilla/5.0"}
FOREIGN = {
    "a foreign Origin": ({"Origin": "https://evil.example"}, 403),
    "a foreign Referer": ({"Referer": "https://evil.example/page"}, 403),
    "no Origin, from a browser": (BROWSER, 403),
    "no Origin, from a script": ({}, 200),
    "its own Origin": ({**BROWSER, "Origin": "http://127.0.0.1:{port}"}, 200),
}


@pytest.mark.parametrize(("headers", "status"), FOREIGN.values(), ids=FOREIGN)
def test_another_sites_post_does_not_reach_the_app(
    run: Callable[[Call], Any], headers: dict[str, str], status: int
) -> None:
    """With a session, as App Service has it."""

    async def call(client: TestClient[Any, Any]) -> int:
        await sign_in(client)
        sent = {name: value.format(port=client.port) for name, value in headers.items()}
        return (await client.post("/api/who", headers=sent)).status

    assert run(call) == status


@pytest.mark.parametrize(
    ("to", "location"),
    [
        ("/api/who?a=1", "/api/who?a=1"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil", "/"),
    ],
)
def test_a_sign_in_leads_back_to_this_app_only(
    run: Callable[[Call], Any], to: str, location: str
) -> None:
    """Wherever the form was told to go."""

    async def call(client: TestClient[Any, Any]) -> str:
        return str((await sign_in(client, to=to)).headers["Location"])

    assert run(call) == location


def test_the_form_offers_people_and_roles(run: Callable[[Call], Any]) -> None:
    """Every person, no application, what was asked for in the form and nothing that could be a tag."""

    async def call(client: TestClient[Any, Any]) -> str:
        answer = await client.get(LOGIN, params={"post_login_redirect_uri": "/a'><script>"})
        return str(await answer.text())

    page = run(call)
    assert "Ada Lovelace" in page
    assert "Reports.Write" in page
    assert "pipeline" not in page
    assert "<script>" not in page


REFUSED = {
    "a role that is not offered": ({"role": "Reports.Own"}, 302),
    "nobody": ({"person": "eve"}, 400),
    "an application": ({"person": "pipeline"}, 400),
}


@pytest.mark.parametrize(("form", "status"), REFUSED.values(), ids=REFUSED)
def test_a_form_signs_in_nobody_else(
    run: Callable[[Call], Any], form: dict[str, str], status: int
) -> None:
    """And gives nobody a role that it does not offer."""

    async def call(client: TestClient[Any, Any]) -> Any:
        answer = await sign_in(client, **form)
        return answer.status, await seen(client)

    got, headers = run(call)
    token = headers.get("x-ms-token-aad-id-token")
    claims = jwt.decode(token, options={"verify_signature": False}) if token else {}
    assert got == status
    assert "roles" not in claims


def test_a_name_of_somebody_elses_does_not_lead_here(run: Callable[[Call], Any]) -> None:
    """A page that resolves its own name to this machine signs nobody in, and has no session."""

    async def call(client: TestClient[Any, Any]) -> Any:
        host = {"Host": "evil.example"}
        form = await client.get(LOGIN, headers=host)
        await sign_in(client)
        return form.status, await seen(client, **host)

    assert run(call) == (403, {})
