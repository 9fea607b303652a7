"""Timer schedules as the Functions host reads them: NCRONTAB with five or six fields, or a TimeSpan.

NCRONTAB is not quite cron (docs/platform-notes.md#timer-schedules): day and weekday must both match, a reversed
range is swapped, any prefix of an English name will do, Sunday is only 0. Each field is expanded here to
its numbers; croniter then does the calendar arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from croniter import CroniterBadDateError, croniter

MINUTE = timedelta(minutes=1)
MONTHS = "january february march april may june july august september october november december"
DAYS = "sunday monday tuesday wednesday thursday friday saturday"
SETTING = re.compile(r"%([^%]*)%")
# `*`, a number or name, or a range of them; and a step.
PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?", re.ASCII)
# Days alone, `[d.]hh:mm[:ss[.f]]`, or with a colon behind the days if there are seconds.
DAYS_FIRST = r"(?:(\d+)(?:\.|:(?=\d+:\d+:)))?"
TIME_SPAN = re.compile(
    rf"(-?)(?:(\d+)|{DAYS_FIRST}(\d+):(\d+)(?::(\d+(?:\.\d{{1,7}})?))?)", re.ASCII
)


class ScheduleError(Exception):
    """The host refuses the schedule; the text is the host's."""


@dataclass(frozen=True)
class Field:
    """One field of an NCRONTAB expression: its bounds, and names for its numbers from `low` on."""

    low: int
    high: int
    names: str = ""

    def numbers(self, text: str) -> str:
        """All numbers that `text` stands for. Raises ValueError."""
        numbers = set[int]().union(*(self._part(part) for part in text.split(",")))
        return ",".join(str(number) for number in sorted(numbers))

    def _part(self, text: str) -> range:
        match = PART.fullmatch(text)
        if match is None:
            raise ValueError(text)
        first, last, step = match.groups()
        if first is None:
            low, high = self.low, self.high
        elif last is None:
            low = self._number(first)
            high = self.high if step else low
        else:
            low, high = sorted((self._number(first), self._number(last)))
        return range(low, high + 1, max(1, int(step or 1)))

    def _number(self, text: str) -> int:
        if text.isdigit():
            number = int(text)
        else:
            fitting = [name.startswith(text.lower()) for name in self.names.split()]
            number = self.low + fitting.index(True)
        if not self.low <= number <= self.high:
            raise ValueError(text)
        return number


FIELDS = (
    Field(0, 59),
    Field(0, 59),
    Field(0, 23),
    Field(1, 31),
    Field(1, 12, MONTHS),
    Field(0, 6, DAYS),
)


@dataclass(frozen=True)
class CronSchedule:
    # A croniter; making one takes longer than asking it.
    calendar: Any
    adjust_for_dst: bool = True

    def next(self, after: datetime) -> datetime:
        """The first occurrence strictly after `after`."""
        occurrence: datetime = self.calendar.get_next(datetime, start_time=after)
        return occurrence

    def under_a_minute(self, now: datetime) -> bool:
        """Return True if more than one occurrence falls in the coming minute."""
        return self.next(self.next(now)) < now + MINUTE


@dataclass(frozen=True)
class ConstantSchedule:
    interval: timedelta
    adjust_for_dst: bool = False

    def next(self, after: datetime) -> datetime:
        return after + self.interval

    def under_a_minute(self, now: datetime) -> bool:  # noqa: ARG002 - as CronSchedule's
        return self.interval < MINUTE


Schedule = CronSchedule | ConstantSchedule


def parse_schedule(text: str, settings: Mapping[str, str]) -> Schedule:
    """The schedule of a timer trigger; `%name%` in it stands for a setting."""
    if not text:
        raise ScheduleError("Value cannot be null. (Parameter 'type')")
    text = _resolved(text, settings)
    parts = [part for part in text.split(" ") if part]
    try:
        return _cron(parts) if len(parts) > 1 else ConstantSchedule(_time_span(text.strip()))
    except CroniterBadDateError as error:
        raise ScheduleError("Year must be between 1 and 9999. (Parameter 'year')") from error
    except (ValueError, OverflowError) as error:
        raise ScheduleError(
            f"The schedule expression '{text}' was not recognized as a valid cron expression "
            f"or timespan string."
        ) from error


def _resolved(text: str, settings: Mapping[str, str]) -> str:
    known = {name.lower(): value for name, value in settings.items()}

    def setting(match: re.Match[str]) -> str:
        value = known.get(match[1].lower())
        if value is None:
            raise ScheduleError(f"'{match[0]}' does not resolve to a value.")
        return value

    return SETTING.sub(setting, text)


def _cron(parts: list[str]) -> CronSchedule:
    if len(parts) == len(FIELDS) - 1:
        parts = ["0", *parts]
    fields = [field.numbers(part) for field, part in zip(FIELDS, parts, strict=True)]
    schedule = CronSchedule(croniter(" ".join(fields), second_at_beginning=True, day_or=False))
    schedule.next(datetime(2000, 1, 1))  # noqa: DTZ001 - any time will show an impossible date
    return schedule


def _time_span(text: str) -> timedelta:
    """As TimeSpan.Parse, which reads hours over 23 as days: `25:00:00` is 25 days."""
    match = TIME_SPAN.fullmatch(text)
    if match is None:
        raise ValueError(text)
    only, days, hours, minutes, seconds = (float(part or 0) for part in match.groups()[1:])
    if hours > 23 and match[3] is None and match[6] is not None:
        days, hours, minutes, seconds = hours, minutes, seconds, 0
    if hours > 23 or minutes > 59 or seconds >= 60:
        raise ValueError(text)
    span = timedelta(only or days, seconds, hours=hours, minutes=minutes)
    return -span if match[1] else span
