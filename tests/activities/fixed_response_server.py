"""A server that answers every request with one and the same thing, over the emulator's certificate."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from localcloud.arm.server import certificates


@dataclass(frozen=True)
class FixedResponse:
    """An answer that is given to every request."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def fixed_responses(state: Path, lie: FixedResponse) -> Iterator[tuple[str, list[str]]]:
    """The server's address, and the requests that reached it; `state` holds the certificate."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.append(f"{self.command} {self.path}")
            self.send_response(lie.status)
            for name, value in {"Content-Type": lie.kind, **lie.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(lie.body)))
            self.end_headers()
            self.wfile.write(lie.body)

        do_GET = do_PUT = do_DELETE = _answer  # noqa: N815 - the base class calls them so

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = certificates.server_context(state).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
