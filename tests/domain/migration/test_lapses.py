"""The time after which nothing of a dead run can be under way is longer than anything that could still send it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from pydantic import TypeAdapter

from arm.client import CONNECT_SECONDS, READ_SECONDS
from domain.migration.lapses import (
    ARRIVED_WITHIN,
    FUNCTION_TIMEOUT,
    LAPSES_AFTER,
    SEND_WITHIN,
)
from domain.settings import Settings

HOST_JSON = Path(__file__).parents[3] / "host.json"
SPAN = TypeAdapter(timedelta)


def test_the_hosts_limit_is_the_one_that_is_counted_with() -> None:
    """host.json ends a function, and its worker, after this time."""
    given = json.loads(HOST_JSON.read_text())["functionTimeout"]
    assert SPAN.validate_python(given) == FUNCTION_TIMEOUT == timedelta(minutes=10)


def test_a_sender_has_given_up_long_before() -> None:
    """It sends soon or not at all, and waits for the answer for less than the host lets it."""
    patience = timedelta(seconds=CONNECT_SECONDS + READ_SECONDS)
    assert timedelta(minutes=2) == SEND_WITHIN
    assert SEND_WITHIN + patience < FUNCTION_TIMEOUT < LAPSES_AFTER
    assert LAPSES_AFTER - FUNCTION_TIMEOUT == ARRIVED_WITHIN == timedelta(minutes=5)


def test_it_is_over_before_the_confirmation_gives_up() -> None:
    """With the settings as they come a later run is not done waiting before it may ask again."""
    assert Settings().deletion_confirm_timeout > LAPSES_AFTER
