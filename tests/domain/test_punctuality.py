"""The sweep is overdue when two of its runs are missing, and not a moment earlier."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.punctuality import punctuality
from domain.schedules import parse_schedule

FIVE, TEN_SECONDS, NIGHTLY = "0 */5 * * * *", "*/10 * * * * *", "0 0 3 * * *"
OFFICE = "0 0 8-17 * * Mon-Fri"
# The schedule, the last run (None: never), the app's start, now, and whether that is overdue.
CASES: dict[str, tuple[str, str | None, str, str, bool]] = {
    "just run": (FIVE, "02T12:00:04", "02T08:00:00", "02T12:00:10", False),
    "one is missing": (FIVE, "02T12:00:04", "02T08:00:00", "02T12:09:00", False),
    "two are missing, within the grace": (FIVE, "02T12:00:04", "02T08:00:00", "02T12:15:00", False),
    "two are missing": (FIVE, "02T12:00:04", "02T08:00:00", "02T12:15:01", True),
    "a restart does not make it better": (FIVE, "02T12:00:04", "02T13:00:00", "02T13:00:01", True),
    "never, at the start": (FIVE, None, "02T12:00:00", "02T12:00:01", False),
    "never, until the grace is over": (FIVE, None, "02T12:00:00", "02T12:15:00", False),
    "never": (FIVE, None, "02T12:00:00", "02T12:15:01", True),
    "every ten seconds, the grace counts": (
        TEN_SECONDS, "02T12:00:01", "02T08:00:00", "02T12:05:20", False,
    ),
    "every ten seconds": (TEN_SECONDS, "02T12:00:01", "02T08:00:00", "02T12:05:21", True),
    "nightly, one night missing": (NIGHTLY, "02T03:00:09", "02T00:00:00", "04T02:59:00", False),
    "nightly, two nights missing": (NIGHTLY, "02T03:00:09", "02T00:00:00", "04T03:05:01", True),
    "over a weekend": (OFFICE, "06T17:00:02", "02T00:00:00", "09T07:59:00", False),
    "after a weekend": (OFFICE, "06T17:00:02", "02T00:00:00", "09T09:05:01", True),
    "a clock that is behind": (FIVE, "02T12:10:00", "02T08:00:00", "02T12:00:00", False),
}  # fmt: skip


def on(text: str) -> datetime:
    """A moment of March 2026, which begins with a Sunday; in UTC."""
    return datetime.fromisoformat(f"2026-03-{text}+00:00")


@pytest.mark.parametrize(("text", "last", "start", "now", "overdue"), CASES.values(), ids=CASES)
def test_overdue_is_two_runs_and_the_grace(
    text: str, last: str | None, start: str, now: str, overdue: bool
) -> None:
    """Counted from the last run, or from the app's start when there was none."""
    last_run = on(last) if last else None
    state = punctuality(parse_schedule(text), last_run, on(start), on(now))
    assert (state.overdue, state.last_run) == (overdue, last_run)


def test_the_next_run_is_counted_from_now() -> None:
    """Not from the last one: what is missed does not come again."""
    noon = on("02T12:00:00")
    state = punctuality(parse_schedule(FIVE), noon - timedelta(days=3), noon, noon)
    assert state.next == noon + timedelta(minutes=5)
