"""The time by Azure's clock, as the `Date` of its answers tells it."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def skew_of(date: str | None, now: datetime) -> timedelta | None:
    """The time by which the clock of whoever answered is ahead of `now`; None for a header that tells no time."""
    try:
        server_time = parsedate_to_datetime(date or "")
    except (ValueError, OverflowError):
        return None
    return (server_time if server_time.tzinfo else server_time.replace(tzinfo=UTC)) - now
