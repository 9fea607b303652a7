"""The deletion window: on which days, between which hours, in which zone a DELETE may be sent.

`Mon-Thu 09:00-16:00 Europe/Berlin`: days by English names, with commas and ranges; hours of one day; a zone, else UTC.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from domain.deletion.evidence import Check
from domain.values import iso_duration

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"(\S+) (\d\d):(\d\d)-(\d\d):(\d\d)(?: (\S+))?")
_DAY = timedelta(days=1)
# From one opening to the next one it is a week at most; a change of the clock can swallow one.
_FURTHEST = 15


class Opening(NamedTuple):
    """One opening of the window, in UTC."""

    begins: datetime
    ends: datetime


class Window(NamedTuple):
    """A window. `until` is midnight of the next day where it is not after `since`."""

    text: str
    days: frozenset[int]
    since: time
    until: time
    zone: tzinfo

    def opening(self, now: datetime) -> Opening:
        """The opening that is under way, else the next one. Raises LookupError if none ever comes."""
        return next(o for o in self.openings(now) if o.ends > now)

    def openings(self, since: datetime, days: int = _FURTHEST) -> Iterator[Opening]:
        """The openings of so many days, from the day before `since` on."""
        first = since.astimezone(self.zone).date() - _DAY
        for number in range(days + 1):
            day = first + number * _DAY
            end = day if self.until > self.since else day + _DAY
            begins = datetime.combine(day, self.since, self.zone).astimezone(UTC)
            ends = datetime.combine(end, self.until, self.zone).astimezone(UTC)
            if day.weekday() in self.days and begins < ends:
                yield Opening(begins, ends)

    def is_open(self, now: datetime) -> bool:
        """Return True in an opening: from its first moment to before its last."""
        return self.opening(now).begins <= now

    def longest_wait(self, since: datetime, until: datetime) -> timedelta:
        """The longest time, from any moment between these, to the end of the first opening that is whole by then."""
        openings = list(self.openings(since, (until - since).days + _FURTHEST))
        first = next(o for o in openings if o.begins >= since)
        spans = [
            later.ends - earlier.begins
            for earlier, later in pairwise(openings)
            if since <= earlier.begins <= until
        ]
        return max([first.ends - since, *spans])


def parse_window(text: str) -> Window:
    """The window that a setting names. Raises ValueError."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(
            f"'{text}' is no window; write days, hours and a zone, such as Mon-Thu 09:00-16:00 Europe/Berlin"
        )
    days, *hours, zone = match.groups()
    since_hour, since_minute, until_hour, until_minute = map(int, hours)
    return Window(
        text,
        frozenset(_days(days)),
        _time(since_hour, since_minute),
        _end(_time(since_hour, since_minute), until_hour, until_minute),
        _zone(zone or "UTC"),
    )


def too_short(window: Window, first: datetime, last: datetime, validity: timedelta) -> str | None:
    """Return why an approval that becomes valid between these moments may run out before a whole opening; None if it
    always contains one."""
    needed = window.longest_wait(first, last)
    if needed <= validity:
        return None
    return (
        f"an approval is valid for {iso_duration(validity)}, in which DELETION_WINDOW ({window.text}) may not be open "
        f"for once in full: set APPROVAL_VALIDITY to {iso_duration(needed)} at least, or another window"
    )


def window_check(window: Window | None, now: datetime) -> Check:
    """The check that the window is open; a shut one opens by itself."""
    name = "inside the deletion window"
    if window is None:
        return Check(name=name, passed=True, found="no window is set")
    opening = window.opening(now)
    if opening.begins <= now:
        return Check(
            name=name, passed=True, found=f"{window.text}, until {opening.ends.isoformat()}"
        )
    found = f"{window.text}, next at {opening.begins.isoformat()}"
    return Check(name=name, passed=False, found=found, opens_at=opening.begins)


def _days(text: str) -> Iterator[int]:
    for part in text.lower().split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError(f"'{part}' is no day; write Mon, Tue, Wed, Thu, Fri, Sat, Sun")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        yield from (day % 7 for day in range(begin, end + (7 if end < begin else 0) + 1))


def _time(hour: int, minute: int) -> time:
    try:
        return time(hour, minute)
    except ValueError as error:
        raise ValueError(f"{hour:02d}:{minute:02d} is no time of a day") from error


def _end(since: time, hour: int, minute: int) -> time:
    """24:00 is the midnight that ends the day."""
    end = time(0) if (hour, minute) == (24, 0) else _time(hour, minute)
    if end != time(0) and end <= since:
        raise ValueError("the hours must end after they begin; a window is within one day")
    return end


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, LookupError, ValueError) as error:
        raise ValueError(f"'{name}' is no known time zone; such as Europe/Berlin") from error
