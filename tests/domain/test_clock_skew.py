"""Azure's clock: how far ahead it is, by the Date of an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.clock_skew import skew_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Sun, 01 Mar 2026 12:00:00 GMT", 0),
        ("Sun, 01 Mar 2026 12:02:01 GMT", 121),
        ("Sun, 01 Mar 2026 11:58:00 GMT", -120),
        ("Sun, 01 Mar 2026 13:00:00 +0100", 0),
        ("Sun, 01 Mar 2026 12:00:05 -0000", 5),
    ],
)
def test_a_date_tells_how_far_it_is_ahead(date: str, seconds: int) -> None:
    """Negative when it is behind; without a zone it is UTC."""
    assert skew_of(date, NOON) == timedelta(seconds=seconds)


@pytest.mark.parametrize("date", [None, "", "yesterday", "Sun, 99 Mar 2026 12:00:00 GMT"])
def test_anything_else_tells_no_time(date: str | None) -> None:
    """And nobody guesses."""
    assert skew_of(date, NOON) is None
