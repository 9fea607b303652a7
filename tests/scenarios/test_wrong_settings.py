"""An app with wrong settings starts, so that it can say what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scenarios.client import Client
from tests.scenarios.process import LocalCloudProcess
from tests.scenarios.receiver import Receiver

WRONG = {"SWEEP_SCHEDULE": "0 99 * * * *", "PURGE_SCHEDULE": "@daily", "REPLICATION_TIMEOUT": "6h"}


@pytest.fixture(scope="module")
def mistaken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The app with three wrong settings, two of which its timers need."""
    receiver = Receiver()
    process = LocalCloudProcess(tmp_path_factory.mktemp("mistaken"), WRONG)
    try:
        yield Client(process, receiver)
    finally:
        process.stop()
        receiver.close()


def test_the_log_says_at_start_what_is_wrong(mistaken: Client) -> None:
    """Before anybody asks, all of it in one line."""
    said = [line for line in mistaken.process.printed().splitlines() if "invalid settings" in line]
    assert len(said) == 1
    assert all(name in said[0] for name in WRONG)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/health"), ("GET", "/api/migrations"), ("POST", "/api/migrations/x/cancel")],
)
def test_every_route_says_what_is_wrong(mistaken: Client, method: str, path: str) -> None:
    """500 with every setting by its name; nothing goes on with a schedule that nobody asked for."""
    answer = mistaken.call(method, path)
    assert answer.status == 500
    assert {error["field"] for error in answer.body["errors"]} == set(WRONG)
