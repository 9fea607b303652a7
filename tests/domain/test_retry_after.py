"""Retry-After: seconds, or a moment; never less than none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.retry_after import retry_after

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HEADERS: dict[str, tuple[str | None, float | None]] = {
    "seconds": ("17", 17.0),
    "none to wait": ("0", 0.0),
    "a fraction": ("1.5", 1.5),
    "blanks around it": (" 5 ", 5.0),
    "nine digits": ("999999999", 999_999_999.0),
    "more digits than anybody means": ("9999999999", None),
    "a moment": ("Mon, 02 Mar 2026 09:31:00 GMT", 60.0),
    "a moment in another zone": ("Mon, 02 Mar 2026 11:31:00 +0200", 60.0),
    "a moment of unknown origin, which is UTC": ("Mon, 02 Mar 2026 09:31:00 -0000", 60.0),
    "a moment that is past": ("Mon, 02 Mar 2026 09:29:00 GMT", 0.0),
    "an hour that no clock shows": ("Mon, 02 Mar 2026 3000000000:31:00 GMT", None),
    "a zone that is nowhere": ("Mon, 02 Mar 2026 09:31:00 -3000000000000", None),
    "a negative number": ("-5", None),
    "a word": ("soon", None),
    "nothing": ("", None),
    "no header": (None, None),
}


@pytest.mark.parametrize(("header", "seconds"), HEADERS.values(), ids=HEADERS)
def test_a_header_says_how_long(header: str | None, seconds: float | None) -> None:
    """From now on; or it says nothing."""
    assert retry_after(header, NOW) == seconds


DATES = st.from_regex(
    r"(Mon, )?[0-9]{1,3} Mar [0-9]{1,5} ([0-9]{1,11}:){1,2}[0-9]{2} (GMT|[+-][0-9]{4,14})",
    fullmatch=True,
)


@given(st.text(max_size=40) | DATES)
def test_no_header_breaks_the_reader(header: str) -> None:
    """Whatever a proxy on the way puts into it."""
    seconds = retry_after(header, NOW)
    assert seconds is None or seconds >= 0
