"""A network between a client and Azurite that does to each request what a test has lined up."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class Fault:
    """The fate of one request: whether it arrives, and its answer (None: the connection breaks)."""

    arrives: bool
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


LOST_ANSWER = Fault(arrives=True)
LOST_REQUEST = Fault(arrives=False)


@dataclass
class Network:
    """The port to talk to, the faults of the next requests (then none), the methods seen so far."""

    port: int
    faults: list[Fault] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)


@contextmanager
def network(target: int) -> Iterator[Network]:
    """An unreliable way to the service on the port `target` of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        between = Network(server.server_address[1])
        server.RequestHandlerClass = _handler(between, target)
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield between
        finally:
            server.shutdown()
            thread.join()


def _handler(between: Network, target: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _pass_on(self) -> None:
            between.seen.append(self.command)
            fault = between.faults.pop(0) if between.faults else None
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if fault is None or fault.arrives:
                status, headers, answer = _forward(self, body, target)
            if fault is not None:
                if fault.status is None:
                    self.close_connection = True
                    return
                status, headers, answer = fault.status, fault.headers, fault.body
            _answer(self, status, headers, answer)

        do_GET = do_POST = do_PUT = do_DELETE = _pass_on  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """The test's own output is enough."""

    return Handler


_Answer = tuple[int, tuple[tuple[str, str], ...], bytes]


def _forward(request: BaseHTTPRequestHandler, body: bytes, target: int) -> _Answer:
    line = http.client.HTTPConnection("127.0.0.1", target)
    try:
        line.request(request.command, request.path, body, dict(request.headers.items()))
        answer = line.getresponse()
        return answer.status, tuple(answer.getheaders()), answer.read()
    finally:
        line.close()


def _answer(
    request: BaseHTTPRequestHandler,
    status: int,
    headers: tuple[tuple[str, str], ...],
    body: bytes,
) -> None:
    request.send_response_only(status)
    for name, value in headers:
        if name.lower() not in ("transfer-encoding", "content-length", "connection"):
            request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
