"""A receiver of notifications, as somebody who operates the app would run one."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

# Of notifications only: approvals are signed with another.
SECRET = "whsec_" + base64.b64encode(b"a secret of the receiver").decode()


class Receiver:
    """Listens on a free port; keeps what has come, and refuses it while `refuse_with` is a status."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.refuse_with: int | None = None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.keep({k.lower(): v for k, v in self.headers.items()}, body)
                self.send_response(receiver.refuse_with or 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def keep(self, headers: dict[str, str], body: bytes) -> None:
        """Keep one notification, with whether its signature holds."""
        # It raises for a wrong signature; the sender then sees a broken connection.
        Webhook(SECRET).verify(body, headers)
        notification = {"headers": headers, "body": json.loads(body), "refused": self.refuse_with}
        self.received.append(notification)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
