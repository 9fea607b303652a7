"""Connections: requests in raw bytes, of which the recorded ones (test_front.py) leave something out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from aiohttp import web

from localcloud.host.app import App
from localcloud.host.keys import load_keys
from localcloud.host.server import FunctionsServer
from packages.localcloud.tests.host.apps import write_app

APP = """
import json
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route("echo/{id?}", methods=["GET", "POST"])
def echo(req: func.HttpRequest) -> func.HttpResponse:
    seen = {"body": req.get_body().decode("latin-1"), "route": dict(req.route_params),
            "params": dict(req.params), "headers": sorted(req.headers)}
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")
"""
ECHO = b"/api/echo"
Exchange = Callable[[Sequence[bytes]], bytes]


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    worker = App.load(write_app(tmp_path_factory.mktemp("connection"), APP))
    yield worker
    worker.stop()


@pytest.fixture
def exchange(worker: App, tmp_path: Path) -> Exchange:
    """Sends the parts one after another, waiting where a client would; all that comes back until the end."""
    server = FunctionsServer(worker, load_keys(tmp_path / "keys.json", []), "api", _nothing)

    async def sent(parts: Sequence[bytes]) -> bytes:
        runner = web.ServerRunner(server.front())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        reader, writer = await asyncio.open_connection(*runner.addresses[0])
        answer = b""
        for part in parts:
            writer.write(part)
            await writer.drain()
            if b"100-continue" in part:
                answer += await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        answer += await asyncio.wait_for(reader.read(), 20)
        writer.close()
        await runner.cleanup()
        return answer

    return lambda parts: asyncio.run(sent(parts))


async def _nothing(_request: web.Request, _path: str) -> web.Response:
    return web.Response(status=404)


def request(
    *headers: bytes,
    method: bytes = b"GET",
    target: bytes = ECHO,
    body: bytes = b"",
    host: bytes = b"Host: h",
) -> bytes:
    """One that ends its connection."""
    lines = [method + b" " + target + b" HTTP/1.1", host, b"Connection: close", *headers]
    return b"\r\n".join([line for line in lines if line] + [b"", body])


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def seen(answer: bytes) -> dict[str, object]:
    """Return the request as the function got it, out of the one chunk of its answer."""
    request: dict[str, object] = json.loads(answer.partition(b"\r\n\r\n")[2].split(b"\r\n")[1])
    return request


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(request(target=ECHO + b"?" + b"q" * 9000), 414, id="a long line"),
        pytest.param(request(b"x-a: " + b"b" * 20_000), 200, id="a large header"),
        pytest.param(request(b"x-a: " + b"b" * 40_000), 431, id="too large a header"),
        pytest.param(request(*(b"x-%d: 1" % n for n in range(150))), 431, id="too many headers"),
        pytest.param(request(host=b""), 400, id="no host"),
        pytest.param(request(b"Host: h"), 400, id="two hosts"),
        pytest.param(request(host=b"Host: a b"), 400, id="a host that is none"),
        pytest.param(request(b"x-functions-key: \xff"), 400, id="bytes in the key"),
        pytest.param(request(b"x-functions-key: \xc3\xa9"), 400, id="letters in the key"),
        pytest.param(request(b"x-a: \xff"), 400, id="a header that is no UTF-8"),
        pytest.param(request(b" folded"), 400, id="a folded header"),
        pytest.param(request(b"x a: 1"), 400, id="a blank in a name"),
        pytest.param(request(target=b"api/echo"), 400, id="a target that is none"),
        pytest.param(request(target=b"*"), 405, id="all of the server"),
        pytest.param(
            request(target=b"http://other/api/echo"), 400, id="another host in the target"
        ),
        pytest.param(request(method=b"BREW"), 404, id="an unknown method"),
        pytest.param(request(method=b"B(REW"), 400, id="a method that is none"),
        pytest.param(request(b"Content-Length: x"), 400, id="a length that is none"),
        pytest.param(request(b"Transfer-Encoding: gzip"), 400, id="an unknown coding"),
        pytest.param(
            request(b"Transfer-Encoding: chunked", body=b"x\r\n"), 400, id="a chunk that is none"
        ),
        pytest.param(
            request(b"Content-Length: 104857601", method=b"POST"), 500, id="too large a body"
        ),
        pytest.param(b"GET /api/echo HTTP/3.0\r\n\r\n", 505, id="an unknown version"),
        pytest.param(
            b"GET /api/echo x HTTP/1.1\r\nHost: h\r\n\r\n", 505, id="a blank in the target"
        ),
        pytest.param(b"POST /api/echo HTTP/1.0\r\n\r\n", 400, id="a post without a length in 1.0"),
        pytest.param(b"nonsense\r\n\r\n", 400, id="no request at all"),
        pytest.param(b"\r\n" + request(), 200, id="an empty line before"),
    ],
)
def test_what_is_refused_is_refused_with_the_recorded_status(
    exchange: Exchange, sent: bytes, expected: int
) -> None:
    """By the server itself, without a body."""
    answer = exchange([sent])

    assert status(answer) == expected
    assert expected in (200, 404) or answer.endswith(b"\r\n\r\n")
    assert b"Connection: close" in answer


def test_the_body_of_a_chunked_request_does_not_reach_the_function(exchange: Exchange) -> None:
    """It is read to its end, and the header says how it came."""
    body = b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n"
    sent = request(b"Transfer-Encoding: chunked", method=b"POST", body=body)

    got = seen(exchange([sent]))

    assert got["body"] == ""
    assert "transfer-encoding" in str(got["headers"]).lower()


def test_a_request_may_come_byte_by_byte(exchange: Exchange) -> None:
    """It is answered when it is whole."""
    sent = request(b"Content-Length: 3", method=b"POST", body=b"abc")

    assert seen(exchange([sent[n : n + 1] for n in range(len(sent))]))["body"] == "abc"


def test_two_requests_in_one_go_are_answered_in_order(exchange: Exchange) -> None:
    """The connection stays open in between."""
    first = b"POST /api/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n1"
    second = request(b"Content-Length: 1", method=b"POST", body=b"2")

    answer = exchange([first + second])

    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.index(b'"body": "1"') < answer.index(b'"body": "2"')


def test_a_client_that_asks_is_told_to_go_on(exchange: Exchange) -> None:
    """Before its body is there."""
    head = request(b"Content-Length: 2", b"Expect: 100-continue", method=b"POST")

    answer = exchange([head, b"ab"])

    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")


def test_what_is_empty_or_no_text_reaches_the_function_as_in_azure(exchange: Exchange) -> None:
    """Parameters without a value do not; what is no UTF-8 stays encoded, and a slash in a segment."""
    target = ECHO + b"/a%2Fb%FF%C3%A9?x&y=&z=%E9+1&%C3%A9=2"

    got = seen(exchange([request(b"x-empty:", b"x-full: 1", target=target)]))

    assert got["route"] == {"id": "a%2Fb%FFé"}
    assert got["params"] == {"z": "%E9 1", "é": "2"}
    assert "x-full" in str(got["headers"]).lower()
    assert "x-empty" not in str(got["headers"]).lower()


def test_a_packed_body_is_not_unpacked(exchange: Exchange) -> None:
    """Whatever Content-Encoding says, the function gets the bytes."""
    sent = request(
        b"Content-Length: 3", b"Content-Encoding: gzip", method=b"POST", body=b"\x1f\x8bx"
    )

    assert seen(exchange([sent]))["body"] == "\x1f\x8bx"


def test_an_answer_in_http_1_0_ends_with_its_connection(exchange: Exchange) -> None:
    """A function's has neither a length nor chunks; one of the host's own has a length, and the connection stays."""
    own = b"GET /api/none HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    answer = exchange([own + b"GET /api/echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"])

    first, head, body = answer.split(b"\r\n\r\n")
    assert (status(first), status(head)) == (404, 200)
    assert b"Connection: keep-alive" in first
    assert b"Connection: close" in head
    assert b"Content-Length" not in head
    assert b"Transfer-Encoding" not in head
    assert json.loads(body)["body"] == ""
