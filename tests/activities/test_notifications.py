"""Notifications: signed, to the configured address only, nothing secret in them, failures as values."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook

from activities import configuration
from activities.configuration import records
from activities.notifications import notify
from activities.progress import finish_migration, record_progress
from domain.values import Json
from tests.activities.azure import Azure
from tests.builders import NOW

AT = NOW.isoformat()
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="


class Receiver:
    """A webhook receiver on this machine that answers `status` and keeps what it got."""

    def __init__(self) -> None:
        self.status, self.got = 200, list[tuple[dict[str, str], bytes]]()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("Location", receiver.url + "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?key=s3cret"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def payload(self, number: int = -1) -> Json:
        """What a notification said; its signature is checked as a receiver does it."""
        headers, body = self.got[number]
        Webhook(SECRET).verify(body, headers)
        said: Json = json.loads(body)
        return said


@pytest.fixture
def receiver(app_settings: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """The configured receiver."""
    receiving = Receiver()
    monkeypatch.setenv("NOTIFICATION_URL", receiving.url)
    monkeypatch.setenv("NOTIFICATION_SECRET", SECRET)
    configuration.settings.cache_clear()
    yield receiving
    receiving.server.shutdown()
    receiving.server.server_close()


def waiting(azure: Azure) -> None:
    """The migration asks for its approval."""
    for number, stage in enumerate(("definition", "version", "replication", "approval"), 1):
        approval = {"state": "waiting", "deadline": AT, "fingerprint": "f", "round": 1}
        more: dict[str, Any] = {"approval": approval} if stage == "approval" else {}
        more |= {"tryCommand": "az vm create --image v"}
        azure.done(record_progress, number=number, at=AT, stage=stage, text="x", **more)


def test_the_approver_gets_all_it_takes_to_decide(azure: Azure, receiver: Receiver) -> None:
    """The line that tests the version, the fingerprint, the deadline, where to answer; signed."""
    waiting(azure)
    assert azure.done(notify, kind="approval.requested", at=AT) == {"sent": True}
    said = receiver.payload()
    assert said["type"] == "approval.requested"
    assert said["data"]["tryCommand"] == "az vm create --image v"
    assert (said["data"]["fingerprint"], said["data"]["deadline"]) == ("f", AT)
    assert said["data"]["approvalPath"] == f"/api/migrations/{azure.accepted.id}/approval"


def test_the_end_is_told_with_its_outcome(azure: Azure, receiver: Receiver) -> None:
    """And its reason and result."""
    azure.done(
        finish_migration, number=1, at=AT, outcome="kept", reason="rejected", result={"x": 1}
    )
    azure.done(notify, kind="migration.finished", at=AT)
    data = receiver.payload()["data"]
    assert (data["outcome"], data["reason"], data["result"]) == ("kept", "rejected", {"x": 1})


def test_a_repeat_has_the_same_id(azure: Azure, receiver: Receiver) -> None:
    """So that the receiver can tell it from a second notification; the two kinds differ."""
    for kind in ("approval.requested", "approval.requested", "migration.finished"):
        azure.done(notify, kind=kind, at=AT)
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert ids[0] == ids[1] != ids[2]


def test_nothing_secret_is_told(azure: Azure, receiver: Receiver) -> None:
    """No address with a key, no token, no secret."""
    waiting(azure)
    azure.done(notify, kind="approval.requested", at=AT)
    text = receiver.got[0][1].decode()
    assert not any(
        word in text for word in ("whsec_", "code=", "Bearer", "s3cret", "runtime/webhooks")
    )


@pytest.mark.parametrize(
    ("status", "transient"), [(500, True), (429, True), (404, False), (307, False)]
)
def test_a_receiver_that_refuses_is_a_value(
    azure: Azure, receiver: Receiver, status: int, transient: bool
) -> None:
    """No redirect is followed: the address is configuration; its key is in no message."""
    receiver.status = status
    answer = azure.ask(notify, kind="migration.finished", at=AT)
    assert answer.error is not None
    assert (answer.error.status, answer.error.transient) == (status, transient)
    assert "s3cret" not in answer.error.message
    assert len(receiver.got) == 1


def test_a_receiver_that_is_not_there_is_a_value(azure: Azure, receiver: Receiver) -> None:
    """Without its address."""
    receiver.server.server_close()
    receiver.server.shutdown()
    answer = azure.ask(notify, kind="migration.finished", at=AT)
    assert answer.error is not None
    assert answer.error.transient
    assert "127.0.0.1" not in answer.error.message


def test_without_an_address_nobody_is_notified(azure: Azure) -> None:
    """That is no error."""
    assert azure.done(notify, kind="migration.finished", at=AT) == {"sent": False}
    assert records().read_accepted(azure.accepted.id) == azure.accepted
