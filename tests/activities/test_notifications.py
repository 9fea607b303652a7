"""Notifications: signed, to the configured address only, nothing secret in them, failures as values."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks import Webhook

from activities.approvals import open_approval
from activities.notifications import notify
from activities.progress import finish_migration
from domain.notices.notice import END, Notice
from domain.values import Json
from services.notifications import give_up
from services.posting import TOTAL_SECONDS
from tests.activities.azure import Azure
from tests.app import forget, records
from tests.builders import NOW

AT = NOW.isoformat()
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="


class Receiver:
    """A webhook receiver on this machine that answers `status` and keeps what it got."""

    def __init__(self) -> None:
        self.status, self.got = 200, list[tuple[dict[str, str], bytes]]()
        self.announces = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("Location", receiver.url + "/elsewhere")
                self.send_header("Content-Length", str(receiver.announces))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?key=s3cret"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def payload(self, number: int = -1) -> Json:
        """Return the body of a notification; its signature is checked as a receiver does it."""
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
    forget()
    yield receiving
    receiving.server.shutdown()
    receiving.server.server_close()


def waiting(azure: Azure) -> None:
    """The migration asks for its approval."""
    azure.replicated()
    azure.done(open_approval)


def finished(azure: Azure) -> None:
    """It has its outcome."""
    azure.done(finish_migration, outcome="kept", reason="rejected", image="kept", versionReady=True)


def notice(azure: Azure, kind: str) -> Notice:
    return azure.written().notices[kind]


def is_open(azure: Azure) -> bool:
    """Return True if the sweep still looks at the migration."""
    return azure.accepted.id in [row[0] for row in records().open_migrations()]


def test_the_approver_gets_all_it_takes_to_decide(azure: Azure, receiver: Receiver) -> None:
    """The line that tests the version, the fingerprint, the deadline, where to answer; signed."""
    waiting(azure)
    assert azure.done(notify, kind="approval.requested", at=AT) == {"sent": True}
    said, state = receiver.payload(), azure.written().state
    assert state.approval is not None
    assert said["type"] == "approval.requested"
    assert said["data"]["tryCommand"] == state.try_command
    assert said["data"]["tryCommand"].startswith("az vm create")
    assert said["data"]["fingerprint"] == state.approval.fingerprint
    assert said["data"]["deadline"] == state.approval.deadline.isoformat()
    assert said["data"]["approvalPath"] == f"/api/migrations/{azure.accepted.id}/approval"


def test_the_end_is_told_with_its_outcome(azure: Azure, receiver: Receiver) -> None:
    """And its reason and result."""
    finished(azure)
    azure.done(notify, kind=END, at=AT)
    data, end = receiver.payload()["data"], azure.written().finished
    assert end is not None
    assert (data["outcome"], data["reason"], data["result"]) == ("kept", "rejected", end.result)
    assert data["result"]["image"] == "kept"


def test_a_repeat_is_the_same_notice(azure: Azure, receiver: Receiver) -> None:
    """Its id, so that the receiver can tell it from a second one, its body to the letter, whatever has happened
    meanwhile, and whichever run repeats it; the two kinds differ."""
    waiting(azure)
    receiver.status = 503
    assert azure.done(notify, kind="approval.requested", at=AT) == {"sent": False}
    receiver.status = 200
    azure.restart()
    azure.time.advance(hours=1)
    azure.recreate_image()
    give_up(records(), azure.accepted.id, "migration.stalled", "a warning more")
    azure.done(notify, kind="approval.requested", at=azure.at)
    azure.run = 2
    finished(azure)
    azure.done(notify, kind=END, at=azure.at)
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    bodies = [body for _, body in receiver.got]
    assert ids[0] == ids[1] != ids[2]
    assert bodies[0] == bodies[1] != bodies[2]
    assert receiver.payload(1)["timestamp"] == AT


class Dripping:
    """A receiver that answers 200 and then a byte of its headers every half second, for ever."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/hook"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                asked, _ = self.socket.accept()
                threading.Thread(target=self._drip, args=(asked,), daemon=True).start()

    def _drip(self, asked: socket.socket) -> None:
        with suppress(OSError), asked:
            asked.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.ended.wait(0.5):
                asked.sendall(b"a")


@pytest.mark.parametrize("kind", ["approval.requested", END])
def test_10_a_receiver_that_answers_for_ever_holds_up_nothing(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A total deadline; the rest is left to the sweep, and the decision is waited for at once."""
    dripping = Dripping()
    monkeypatch.setenv("NOTIFICATION_URL", dripping.url)
    monkeypatch.setenv("NOTIFICATION_SECRET", SECRET)
    forget()
    waiting(azure)
    began = time.monotonic()
    assert azure.done(notify, kind=kind, at=AT) == {"sent": False}
    assert time.monotonic() - began < TOTAL_SECONDS + 2
    assert not notice(azure, kind).settled
    dripping.ended.set()
    dripping.socket.close()


def test_10_the_body_of_the_answer_is_not_read(azure: Azure, receiver: Receiver) -> None:
    """Its status is all that counts: a receiver that announces more than it sends has taken the notice."""
    receiver.announces = 1_000_000
    waiting(azure)
    assert azure.done(notify, kind="approval.requested", at=AT) == {"sent": True}


def test_a_notice_that_was_taken_is_not_posted_again(azure: Azure, receiver: Receiver) -> None:
    """Whichever run asks for it."""
    waiting(azure)
    for _ in range(2):
        assert azure.done(notify, kind="approval.requested", at=AT) == {"sent": True}
    assert len(receiver.got) == 1
    made = notice(azure, "approval.requested")
    assert (made.made_at, made.tries, made.taken, made.given_up) == (NOW, 1, True, False)


def test_a_notice_that_was_given_up_is_not_posted_again(azure: Azure, receiver: Receiver) -> None:
    """A warning has said so."""
    finished(azure)
    give_up(records(), azure.accepted.id, END, "503")
    assert azure.done(notify, kind=END, at=AT) == {"sent": False}
    assert receiver.got == []
    assert "503" in azure.written().state.warnings[-1]


@pytest.mark.parametrize("how", ["taken", "given up", "nobody to tell"])
def test_it_is_open_until_its_end_was_told_or_given_up(
    azure: Azure, receiver: Receiver, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notice about something else, or one that was refused for now, does not close it."""
    waiting(azure)
    azure.done(notify, kind="approval.requested", at=AT)
    finished(azure)
    receiver.status = 503
    assert azure.done(notify, kind=END, at=AT) == {"sent": False}
    assert is_open(azure)
    if how == "taken":
        receiver.status = 200
        azure.done(notify, kind=END, at=AT)
    elif how == "given up":
        azure.done(notify, kind=END, at=(NOW + timedelta(days=1)).isoformat())
    else:
        monkeypatch.delenv("NOTIFICATION_URL")
        forget()
        azure.done(notify, kind=END, at=AT)
    assert not is_open(azure)
    assert notice(azure, END).settled is (how != "nobody to tell")


def test_nothing_secret_is_told(azure: Azure, receiver: Receiver) -> None:
    """No address with a key, no token, no secret."""
    waiting(azure)
    azure.done(notify, kind="approval.requested", at=AT)
    text = receiver.got[0][1].decode()
    assert not any(
        word in text for word in ("whsec_", "code=", "Bearer", "s3cret", "runtime/webhooks")
    )


@pytest.mark.parametrize(
    ("status", "transient"), [(500, True), (429, True), (404, False), (307, False), (199, False)]
)
def test_a_receiver_that_refuses_is_no_error(
    azure: Azure, receiver: Receiver, status: int, transient: bool
) -> None:
    """It is asked again later, or given up when that would not help. No redirect is followed: the address is
    configuration; its key is in no message."""
    finished(azure)
    receiver.status = status
    assert azure.done(notify, kind=END, at=AT) == {"sent": False}
    made, warnings = notice(azure, END), " ".join(azure.written().state.warnings)
    assert (made.given_up, is_open(azure)) == (not transient, transient)
    assert (f"the receiver answered {status}" in warnings) is not transient
    assert "s3cret" not in warnings
    assert len(receiver.got) == 1


def test_a_receiver_that_is_not_there_is_no_error(
    azure: Azure, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """It is asked again later; nothing of its address is logged, whatever is logged."""
    caplog.set_level(logging.DEBUG)
    finished(azure)
    receiver.server.server_close()
    receiver.server.shutdown()
    assert azure.done(notify, kind=END, at=AT) == {"sent": False}
    assert not notice(azure, END).settled
    assert "'migration.finished' was not taken: NotificationFailed: ConnectionError" in caplog.text
    assert "s3cret" not in caplog.text


def test_without_an_address_nobody_is_notified(azure: Azure) -> None:
    """That is no error."""
    assert azure.done(notify, kind=END, at=AT) == {"sent": False}
    assert azure.written().accepted == azure.accepted
