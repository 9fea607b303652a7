"""HTTP functions: routes, keys, requests and responses as the Functions host has them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.dotnet.addresses import path_of
from localcloud.host.app import App
from localcloud.host.keys import load_keys, system_key
from localcloud.host.routes import Router
from localcloud.host.worker import LoadError, Worker
from packages.localcloud.tests.host.apps import served, write_app

APP = """
import json
app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

@app.route("echo/{id:int}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    seen = {"method": req.method, "params": dict(req.params), "route": dict(req.route_params),
            "body": req.get_body().decode(), "header": req.headers.get("X-Test")}
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")

@app.route("plain", auth_level=func.AuthLevel.ANONYMOUS)
def plain(req: func.HttpRequest) -> str:
    return "text é"

@app.route("made", auth_level=func.AuthLevel.ANONYMOUS)
def made(req: func.HttpRequest) -> func.HttpResponse:
    headers = {"Location": "/there", "Set-Cookie": "a=1; Path=/; HttpOnly"}
    return func.HttpResponse(b"\\x00\\xff", status_code=201, headers=headers,
                             mimetype="application/octet-stream")

@app.route("nothing", auth_level=func.AuthLevel.ANONYMOUS)
def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return None

@app.route("raises", auth_level=func.AuthLevel.ANONYMOUS)
def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("with a secret in it")

@app.route("locked")
def locked(req: func.HttpRequest) -> str:
    return "open"

@app.route("admin", auth_level=func.AuthLevel.ADMIN)
def admin(req: func.HttpRequest) -> str:
    return "open"

@app.function_name("no-route")
@app.route()
def no_route(req: func.HttpRequest) -> str:
    return "named after the function"
"""


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    worker = App.load(write_app(tmp_path_factory.mktemp("http"), APP))
    yield worker
    worker.stop()


@pytest.fixture
def call(worker: Worker, tmp_path: Path) -> Callable[..., tuple[int, str, Any]]:
    """Calls the app and gives status, body and headers; `key` names one of the host's keys."""

    async def answer(method: str, path: str, key: str, options: dict[str, Any]) -> Any:
        async with served(worker, tmp_path) as (client, keys):
            known = {
                "master": keys["master"],
                "host": keys["host"],
                "own": keys["function:locked"],
                "other": keys["function:plain"],
                "system": keys[system_key("eventgrid")],
            }
            headers = {**options.pop("headers", {})}
            if key:
                headers["x-functions-key"] = known.get(key, key)
            got = await client.request(method, path, headers=headers, **options)
            return got.status, await got.read(), got.headers

    def run(method: str, path: str, key: str = "", **options: Any) -> Any:
        return asyncio.run(answer(method, path, key, options))

    return run


def test_a_request_reaches_the_function_whole(call: Any) -> None:
    """Method, query (repeated values joined), route parameters, headers and body."""
    status, body, headers = call(
        "POST", "/API/Echo/7?a=1&a=2&b=%C3%A9", data="ü".encode(), headers={"x-test": "t"}
    )
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {
        "method": "POST",
        "params": {"a": "1,2", "b": "é"},
        "route": {"id": "7"},
        "body": "ü",
        "header": "t",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        # The constraint.
        ("GET", "/api/echo/x"),
        # The method: 404, not 405.
        ("PUT", "/api/echo/7"),
        ("GET", "/api/none"),
        # No prefix.
        ("GET", "/echo/7"),
    ],
)
def test_what_no_route_matches_is_404(call: Any, method: str, path: str) -> None:
    """With an empty body."""
    assert call(method, path)[:2] == (404, b"")


def test_a_text_is_a_plain_answer(call: Any) -> None:
    """A function that returns str."""
    status, body, headers = call("GET", "/api/plain")
    assert (status, body.decode()) == (200, "text é")
    assert headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_response_is_sent_as_it_was_made(call: Any) -> None:
    """Status, bytes, headers, cookies."""
    status, body, headers = call("GET", "/api/made")
    assert (status, body) == (201, b"\x00\xff")
    assert (headers["Location"], headers["Content-Type"]) == ("/there", "application/octet-stream")
    assert headers["Set-Cookie"].startswith("a=1;")


@pytest.mark.parametrize("path", ["/api/raises", "/api/nothing"])
def test_a_failing_function_is_500_with_nothing_to_read(call: Any, path: str) -> None:
    """The error is in the log only."""
    assert call("GET", path)[:2] == (500, b"")


def test_a_function_without_a_route_has_its_name(call: Any) -> None:
    """As its route."""
    assert call("GET", "/api/no-route", "host")[0] == 200


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/api/locked", "", 401),
        ("/api/locked", "wrong", 401),
        ("/api/locked", "other", 401),
        ("/api/locked", "system", 401),
        ("/api/locked", "own", 200),
        ("/api/locked", "host", 200),
        ("/api/locked", "master", 200),
        ("/api/admin", "", 401),
        ("/api/admin", "host", 401),
        ("/api/admin", "master", 200),
        ("/api/plain", "wrong", 200),
    ],
)
def test_keys_open_what_they_open_in_azure(call: Any, path: str, key: str, status: int) -> None:
    """By auth level: anonymous, function, admin."""
    assert call("GET", path, key)[0] == status


def test_a_key_may_come_in_the_query(call: Any, tmp_path: Path, worker: Worker) -> None:
    """`code`, as in the URLs that Azure shows."""
    keys = load_keys(tmp_path / "keys.json", [f.name for f in worker.functions])
    assert call("GET", f"/api/locked?code={keys['host']}")[0] == 200


def test_keys_stay_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    """A new function gets a key, the others keep theirs."""
    first = load_keys(tmp_path / "keys.json", ["a"])
    second = load_keys(tmp_path / "keys.json", ["a", "b"])
    assert second == {**first, "function:b": second["function:b"]}
    assert second["function:a"] != second["function:b"]
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600


def test_system_keys_of_an_earlier_version_stay(tmp_path: Path) -> None:
    """They get the names of the real host; links that were handed out go on to work."""
    (tmp_path / "keys.json").write_text(json.dumps({"system:durabletask": "as-before"}))

    keys = load_keys(tmp_path / "keys.json", [])

    assert keys["system:durabletask_extension"] == "as-before"
    assert "system:durabletask" not in keys


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/runtime/webhooks/none", "", 401),
        ("/runtime/webhooks/none", "wrong", 401),
        # A function's own key is not the host's.
        ("/runtime/webhooks/none", "own", 401),
        ("/runtime/webhooks/none", "host", 403),
        ("/runtime/webhooks/durabletask/instances", "system", 403),
        ("/runtime/webhooks/none", "master", 404),
        ("/admin/host/status", "", 401),
        ("/admin/host/status", "system", 403),
        ("/admin/host/status", "master", 404),
        ("/admin/host/ping", "", 200),
        ("/", "", 200),
    ],
)
def test_the_hosts_own_paths(call: Any, path: str, key: str, status: int) -> None:
    """401 with a challenge to whom the host does not know, 403 to whom it does not let in."""
    got, _, headers = call("GET", path, key)

    assert got == status
    assert (headers.get("WWW-Authenticate") == "Bearer") == (status == 401)


def routed(tmp_path: Path, *routes: str, prefix: str = "api") -> Router:
    """Functions f0, f1, ... with these routes."""
    code = "app = func.FunctionApp()\n" + "\n".join(
        f"@app.route({route!r})\ndef f{n}(req: func.HttpRequest) -> str: ..."
        for n, route in enumerate(routes)
    )
    worker = App.load(write_app(tmp_path, code))
    worker.stop()
    return Router(worker.functions, prefix)


@pytest.mark.parametrize(
    ("path", "function", "parameters"),
    [
        ("a/list", "f1", {}),
        ("A/LIST/", "f1", {}),
        ("a/5", "f2", {"id": "5"}),
        ("a/x", "f0", {"name": "x"}),
        ("a/x%2Fy", "f0", {"name": "x%2Fy"}),
        ("a/x%20y", "f0", {"name": "x y"}),
        ("files/x/y/z", "f3", {"path": "x/y/z"}),
        ("files", "f3", {}),
        ("b", "f4", {}),
        ("b/7", "f4", {"page": "7"}),
        ("a", None, {}),
        ("a/x/y", None, {}),
    ],
)
def test_the_most_specific_template_wins(
    tmp_path: Path, path: str, function: str | None, parameters: dict[str, str]
) -> None:
    """Literals before constrained parameters before parameters before the rest of the path."""
    router = routed(
        tmp_path,
        *("a/{name}", "a/list", "a/{id:int}", "files/{*path}", "b/{page?}"),
    )
    match = router.find("GET", path_of(f"/api/{path}"))
    matched = (match[0].name, match[1]) if match else (None, {})
    assert matched == (function, parameters)


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        ("int", "-5", "x"),
        ("bool", "True", "1"),
        ("alpha", "abc", "a1"),
        ("guid", "512d38b6-c7b8-40c8-89fe-f46f9e9622b6", "512d38b6"),
    ],
)
def test_constraints(tmp_path: Path, constraint: str, good: str, bad: str) -> None:
    """Each takes the one value and not the other."""
    router = routed(tmp_path, f"x/{{v:{constraint}}}")
    assert router.find("GET", f"/api/x/{good}") is not None
    assert router.find("GET", f"/api/x/{bad}") is None


@pytest.mark.parametrize(
    ("prefix", "path"), [("", "/x"), ("v1", "/V1/x"), ("my/api/", "/my/api/x")]
)
def test_the_prefix_is_host_jsons(tmp_path: Path, prefix: str, path: str) -> None:
    """None, another, or one of several segments; and only with it a route is found."""
    router = routed(tmp_path, "x", prefix=prefix)
    assert router.find("GET", path) is not None
    assert router.find("GET", "/api/x") is None


@pytest.mark.parametrize(
    "segment",
    ["{v:even}", "{v:length(3)}", "{v:regex(^a.c$)}", "{v=all}", "{v}.{w}", "{1}", "{v", "x}"],
)
def test_what_is_not_served_of_a_template_is_refused(tmp_path: Path, segment: str) -> None:
    """The error names the function and the segment."""
    with pytest.raises(LoadError, match=f"function f0: .*{re.escape(repr(segment))}"):
        routed(tmp_path, f"x/{segment}")
