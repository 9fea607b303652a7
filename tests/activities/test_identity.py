"""Tokens: when the identity endpoint is out of order, the activity answers a value at once, without sleeping."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from activities.images import check_image
from activities.planning import plan_migration
from services import identities
from tests import builders as b
from tests.activities.azure import Azure
from tests.app import forget, records


class Endpoint:
    """An identity endpoint that answers every request for a token with `status`."""

    def __init__(self, status: int, body: bytes = b'{"error": "x"}') -> None:
        endpoint = self
        self.asked = 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                endpoint.asked += 1
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/msi/token"
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def fresh_identity() -> Iterator[None]:
    """No token is kept from an earlier test, none for a later one."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    forget()
    identities.forget()


STATUSES = [400, 401, 403, 404, 429, 500, 503]


@pytest.mark.usefixtures("fresh_identity")
@pytest.mark.parametrize("status", STATUSES)
def test_no_token_is_a_transient_value(
    azure: Azure, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Identities are being assigned, endpoints come back; the orchestrator waits, not the activity."""
    endpoint = Endpoint(status)
    monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint.url)
    azure.forget_requests()
    for activity in (plan_migration, check_image):
        answer = azure.ask(activity)
        assert answer.error is not None
        assert answer.error.transient, answer.error
        records().write_plan(azure.accepted.id, b.a_plan())
    assert endpoint.asked
    assert azure.sent() == []
    endpoint.server.shutdown()
    endpoint.server.server_close()


@pytest.mark.usefixtures("fresh_identity")
def test_an_endpoint_that_is_not_there_is_a_transient_value(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
    records().write_plan(azure.accepted.id, b.a_plan())
    answer = azure.ask(check_image)
    assert answer.error is not None
    assert answer.error.transient
