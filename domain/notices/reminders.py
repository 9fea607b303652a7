"""The reminders of an approval: a time before its deadline, each once."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from domain.notices.notice import REMINDER
from domain.values import iso_duration


def due_reminder(
    asked_at: datetime, deadline: datetime, before: Sequence[timedelta], now: datetime
) -> str | None:
    """The kind of the reminder that is due now, of those wanted so long `before` the deadline: of several the last.
    None before all of them, and from the deadline on. One whose time lay before the question reminds of nothing."""
    passed = [left for left in before if asked_at < deadline - left <= now]
    if not passed or now >= deadline:
        return None
    return f"{REMINDER}.{iso_duration(min(passed))}"


def is_new(kind: str, made: Collection[str]) -> bool:
    """Return True if no notice of this kind was made for any receiver, by the names of their rows."""
    return not any(name == kind or name.endswith(f".{kind}") for name in made)
