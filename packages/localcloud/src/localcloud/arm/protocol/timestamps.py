"""Moments as ARM writes them: seven digits of a second and an offset, trailing zeros left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

_YEAR_1 = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def arm_time(moment: datetime) -> str:
    """`2025-01-07T05:56:46.4648477+00:00`; the seventh digit is made up from the sixth."""
    utc = moment.astimezone(UTC)
    whole = utc.isoformat(timespec="microseconds")[:26]
    return f"{whole}{utc.microsecond * 7 % 10}".rstrip("0").rstrip(".") + "+00:00"


def http_date(moment: datetime) -> str:
    """The form of the Date header and of a Retry-After that is a date."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def ticks(moment: datetime) -> int:
    """100-nanosecond steps since year 1, as signed operation URLs carry them."""
    return (moment - _YEAR_1) // _MICROSECOND * 10


def parse_time(text: str) -> datetime:
    """An ISO 8601 moment, UTC when it names no zone. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
