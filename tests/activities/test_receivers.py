"""Several receivers: each gets its own form of a notice, and none of them feels how the others are."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from activities.notifications import notify
from domain.notices.notice import ASKING, END, Notice
from services.posting import MOST_HANGING, TOTAL_SECONDS
from services.receivers import receivers_of
from tests.activities.azure import Azure
from tests.activities.test_notifications import (
    SECRET,
    Dripping,
    Receiver,
    finished,
    is_open,
    waiting,
)
from tests.app import app, forget
from tests.builders import NOW

AT = NOW.isoformat()


@pytest.fixture
def configure(app_settings: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say who is told: a signed webhook, and workflows for Teams."""

    def configured(webhook: str, *teams: str) -> None:
        monkeypatch.setenv("NOTIFICATION_URL", webhook)
        monkeypatch.setenv("NOTIFICATION_SECRET", SECRET if webhook else "")
        monkeypatch.setenv("TEAMS_WEBHOOK_URLS", ",".join(teams))
        monkeypatch.setenv("PUBLIC_URL", "https://migrator.example")
        forget()

    return configured


@pytest.fixture
def receivers() -> Iterator[tuple[Receiver, Receiver]]:
    """Return two receivers on this machine."""
    two = Receiver(), Receiver()
    yield two
    for one in two:
        one.server.shutdown()
        one.server.server_close()


class Silent:
    """A receiver that takes connections, and never says a word."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/hook?sig=s3cret"


class Slow:
    """A receiver that takes its time, and then answers well."""

    def __init__(self, seconds: float) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/hook"
        threading.Thread(target=self._serve, args=(seconds,), daemon=True).start()

    def _serve(self, seconds: float) -> None:
        asked, _ = self.socket.accept()
        with asked:
            threading.Event().wait(seconds)
            asked.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")


def notices(azure: Azure) -> dict[str, Notice]:
    """The notices by receiver, of whatever kind."""
    rows = azure.written().notices.items()
    return {key.partition(".")[0] if key.startswith("teams-") else "webhook": n for key, n in rows}


def test_teams_gets_a_card_and_the_webhook_its_payload(
    azure: Azure, configure: Callable[..., None], receivers: tuple[Receiver, Receiver]
) -> None:
    """The card says the image, until when, who asked, and links to the migration; it is not signed."""
    webhook, teams = receivers
    configure(webhook.url, teams.url)
    waiting(azure)
    teams.status = 202
    assert azure.done(notify, kind=ASKING, at=AT) == {"sent": True}
    assert webhook.payload()["type"] == ASKING
    headers, body = teams.got[0]
    assert headers["content-type"] == "application/json"
    assert not any(name.startswith("webhook-") for name in headers)
    card = json.loads(body)["attachments"][0]["content"]
    texts = ["".join(run["text"] for run in block["inlines"]) for block in card["body"]]
    approval = azure.written().state.approval
    assert approval is not None
    assert texts[0] == "Delete the managed image ubuntu-base?"
    assert f"Decide until: {approval.deadline:%Y-%m-%d %H:%M} UTC" in texts
    link = f"https://migrator.example/api/migrations/{azure.accepted.id}"
    assert [action["url"] for action in card["actions"]] == [link]


@pytest.mark.parametrize("how", ["silent", "dripping", "refuses", "gone"])
def test_a_receiver_in_trouble_delays_and_costs_the_others_nothing(
    azure: Azure, configure: Callable[..., None], receivers: tuple[Receiver, Receiver], how: str
) -> None:
    """Whoever answers has it, and is not asked again; the other is, until it takes it. All of it takes ten seconds at
    most, whatever kind of trouble it is."""
    webhook, teams = receivers
    dripping, silent = Dripping(), Silent()
    urls = {"silent": silent.url, "dripping": dripping.url, "refuses": teams.url, "gone": teams.url}
    configure(webhook.url, urls[how])
    if how == "gone":
        teams.server.server_close()
    teams.status = 503
    finished(azure)
    began = time.monotonic()
    assert azure.done(notify, kind=END, at=AT) == {"sent": True}
    assert time.monotonic() - began < TOTAL_SECONDS + 2
    rows = notices(azure)
    assert rows["webhook"].taken_at == NOW
    [other] = [row for name, row in rows.items() if name != "webhook"]
    assert (other.tries, other.settled) == (1, False)
    assert is_open(azure)
    if how == "refuses":
        teams.status = 202
        azure.done(notify, kind=END, at=AT)
        assert [len(receiver.got) for receiver in receivers] == [1, 2]
        assert teams.got[0][1] == teams.got[1][1]
        assert not is_open(azure)
    dripping.ended.set()


def test_a_receiver_that_is_slow_has_it_all_the_same(
    azure: Azure, configure: Callable[..., None]
) -> None:
    """As long as it answers within its time."""
    configure("", Slow(2).url)
    finished(azure)
    assert azure.done(notify, kind=END, at=AT) == {"sent": True}
    assert not is_open(azure)


def test_one_that_is_given_up_leaves_the_others_to_be_told(
    azure: Azure, configure: Callable[..., None], receivers: tuple[Receiver, Receiver]
) -> None:
    """A refusal for good is a warning that names the receiver, not its address; the rest goes on."""
    webhook, teams = receivers
    configure(webhook.url, teams.url)
    finished(azure)
    webhook.status, teams.status = 503, 404
    azure.done(notify, kind=END, at=AT)
    rows = notices(azure)
    [(name, given_up)] = [(name, row) for name, row in rows.items() if name != "webhook"]
    assert (given_up.given_up, rows["webhook"].settled) == (True, False)
    [warning] = azure.written().state.warnings
    assert f"'{name}.{END}' could not be sent: " in warning
    assert "s3cret" not in warning
    assert is_open(azure)
    webhook.status = 200
    azure.done(notify, kind=END, at=AT)
    assert not is_open(azure)
    assert len(teams.got) == 1


def test_places_of_one_receiver_are_its_own(
    azure: Azure, configure: Callable[..., None], receivers: tuple[Receiver, Receiver]
) -> None:
    """One that hangs on to every post that it ever got takes no place from another."""
    dripping = Dripping()
    configure(receivers[0].url, dripping.url)
    waiting(azure)
    hung = receivers_of(app().settings)[1]
    asked = [threading.Thread(target=hung.tell, args=("id", "{}")) for _ in range(MOST_HANGING)]
    for thread in asked:
        thread.start()
    for thread in asked:
        thread.join()
    began = time.monotonic()
    assert azure.done(notify, kind=ASKING, at=AT) == {"sent": True}
    assert time.monotonic() - began < TOTAL_SECONDS / 2
    dripping.ended.set()


def test_the_address_of_a_workflow_is_told_to_nobody(
    azure: Azure,
    configure: Callable[..., None],
    receivers: tuple[Receiver, Receiver],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is a secret: it is in no log line of any level, no row, no warning, nor in what a receiver looks like."""
    caplog.set_level(logging.DEBUG)
    webhook, teams = receivers
    configure(webhook.url, teams.url)
    finished(azure)
    for status in (500, 404):
        teams.status = status
        azure.done(notify, kind=END, at=AT)
    rows = azure.written().model_dump_json()
    assert "404" in rows
    for text in (caplog.text, rows, repr(receivers_of(app().settings))):
        assert "s3cret" not in text
        assert "127.0.0.1" not in text.replace(webhook.payload()["type"], "")


def test_what_was_not_told_before_the_end_is_told_no_more(
    azure: Azure, configure: Callable[..., None], receivers: tuple[Receiver, Receiver]
) -> None:
    """A question that nobody took becomes a warning; a reminder does not: nobody has to know of it."""
    webhook, _ = receivers
    configure(webhook.url)
    webhook.status = 503
    waiting(azure)
    azure.done(notify, kind=ASKING, at=AT)
    azure.done(notify, kind="approval.reminder.PT2H", at=AT)
    finished(azure)
    webhook.status = 200
    azure.done(notify, kind=END, at=(NOW + timedelta(hours=1)).isoformat())
    rows = azure.written().notices
    assert {kind: row.given_up for kind, row in rows.items()} == {
        ASKING: True,
        "approval.reminder.PT2H": True,
        END: False,
    }
    [warning] = [w for w in azure.written().state.warnings if "could not be sent" in w]
    assert "'approval.requested'" in warning
