"""Answers the emulator, which asks before it carries out a deletion; what may not be is prevented, and told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.scenarios.bodies import Json

Judge = Callable[[Json], str | None]


class Observer:
    """Listens on a free port; each deletion is judged there by `judge`, which says why it may not be, or None.

    judge: replaceable; seen: what was let go, by image id.
    """

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        observer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                deletion = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204 if observer.agrees(deletion) else 409)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/deletions"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def agrees(self, deletion: Json) -> bool:
        """Judge one; a judge that fails agrees to nothing."""
        return self.judge(deletion) is None

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
