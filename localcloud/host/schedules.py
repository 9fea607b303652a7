"""Timer schedules as the Functions host reads them: NCRONTAB with five or six fields, or a TimeSpan.

NCRONTAB is not quite cron (../shared/functions: "Timer"): day and weekday must both match, a reversed
range is swapped, any prefix of an English name will do, Sunday is only 0. Each field is expanded here to
its numbers; croniter then does the calendar arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from croniter import CroniterBadDateError, croniter

MINUTE = timedelta(minutes=1)
MONTHS = "January February March April May June July August September October November December"
DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday"
SETTING = re.compile(r"%([^%]*)%")
TIME_SPAN = re.compile(
    r"\s*(?P<minus>-?)(?:(?P<only>\d+)|(?:(?P<d>\d+)\.)?(?P<n>\d+(?::\d+){1,3})(?:\.(?P<f>\d{1,7}))?)\s*"
)


class ScheduleError(ValueError):
    """The host refuses the schedule; the text is the host's."""


class FieldError(ValueError):
    """One field is not NCRONTAB; the text is the parser's own, which the host drops."""


@dataclass(frozen=True)
class Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def numbers(self, text: str) -> list[int]:
        found: set[int] = set()
        for part in text.split(","):
            found |= self._part(part)
        return sorted(found)

    def _part(self, text: str) -> set[int]:
        base, slash, step_text = text.partition("/")
        if slash and re.fullmatch(r"\d+", step_text, re.ASCII) is None:
            raise self._invalid(text)
        step = max(1, int(step_text or 1))
        if base == "*":
            return set(range(self.low, self.high + 1, step))
        dash = base.find("-", 1)
        if dash > 0:
            ends = sorted((self._number(base[:dash]), self._number(base[dash + 1 :], base)))
            return set(range(ends[0], ends[1] + 1, step))
        first = self._number(base)
        return set(range(first, self.high + 1, step)) if slash else {first}

    def _number(self, text: str, shown: str | None = None) -> int:
        if not text and shown is None:
            raise FieldError("A crontab field value cannot be empty.")
        if re.fullmatch(r"\d+", text, re.ASCII) is None:
            fitting = (n for n in self.names if text and n.lower().startswith(text.lower()))
            if (name := next(fitting, None)) is None:
                raise self._invalid(text if shown is None else shown)
            return self.names.index(name) + self.low
        number = int(text)
        if not self.low <= number <= self.high:
            word, bound = ("lower", "minimum") if number < self.low else ("higher", "maximum")
            raise FieldError(
                f"{number} is {word} than the {bound} allowable value for the [{self.name}] field. "
                f"Value must be between {self.low} and {self.high} (all inclusive)."
            )
        return number

    def _invalid(self, text: str) -> FieldError:
        return FieldError(f"'{text}' is not a valid [{self.name}] crontab field expression.")


FIELDS = (
    Field("Second", 0, 59),
    Field("Minute", 0, 59),
    Field("Hour", 0, 23),
    Field("Day", 1, 31),
    Field("Month", 1, 12, tuple(MONTHS.split())),
    Field("DayOfWeek", 0, 6, tuple(DAYS.split())),
)


@dataclass(frozen=True)
class CronSchedule:
    expression: str  # six fields of numbers, seconds first
    adjust_for_dst: bool = True

    def next(self, after: datetime) -> datetime:
        """The first occurrence strictly after `after`."""
        occurrence: datetime = _calendar(self.expression).get_next(datetime, start_time=after)
        return occurrence

    def under_a_minute(self, now: datetime) -> bool:
        """Whether more than one occurrence falls in the coming minute."""
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
    try:
        expression = _cron(text)
    except FieldError as error:
        interval = _time_span(text)
        if interval is None:
            raise ScheduleError(
                f"The schedule expression '{text}' was not recognized as a valid cron expression "
                f"or timespan string."
            ) from error
        return ConstantSchedule(interval)
    schedule = CronSchedule(expression)
    try:
        schedule.next(datetime(2000, 1, 1))  # noqa: DTZ001 - any time will do
    except CroniterBadDateError as error:
        raise ScheduleError("Year must be between 1 and 9999. (Parameter 'year')") from error
    return schedule


@lru_cache
def _calendar(expression: str) -> Any:
    """Expanding an expression takes longer than asking it."""
    return croniter(expression, second_at_beginning=True, day_or=False)


def _resolved(text: str, settings: Mapping[str, str]) -> str:
    known = {name.lower(): value for name, value in settings.items()}

    def setting(found: re.Match[str]) -> str:
        value = known.get(found[1].lower())
        if value is None:
            raise ScheduleError(f"'{found[0]}' does not resolve to a value.")
        return value

    return SETTING.sub(setting, text)


def _cron(text: str) -> str:
    parts = [part for part in text.split(" ") if part]
    if len(parts) == len(FIELDS) - 1:
        parts.insert(0, "0")
    if len(parts) != len(FIELDS):
        raise FieldError(
            f"'{text}' is an invalid crontab expression. It must contain 6 components of a schedule "
            f"in the sequence of seconds, minutes, hours, days, months, and days of week."
        )
    numbers = [field.numbers(part) for field, part in zip(FIELDS, parts, strict=True)]
    return " ".join(
        "*" if len(found) == field.high - field.low + 1 else ",".join(map(str, found))
        for field, found in zip(FIELDS, numbers, strict=True)
    )


def _time_span(text: str) -> timedelta | None:
    """As TimeSpan.Parse: `d`, `[d.]hh:mm[:ss[.f]]`, `d:hh:mm:ss`; hours over 23 of three are days."""
    found = TIME_SPAN.fullmatch(text)
    if found is None:
        return None
    sign = -1 if found["minus"] else 1
    if found["only"]:
        return sign * timedelta(days=int(found["only"]))
    numbers = [int(part) for part in found["n"].split(":")]
    days = int(found["d"] or 0)
    if len(numbers) == 4 and found["d"] is None:
        days, *numbers = numbers
    elif len(numbers) == 3 and numbers[0] > 23 and not found["d"] and not found["f"]:
        days, numbers = numbers[0], [*numbers[1:], 0]
    hours, minutes, seconds = [*numbers, 0][:3]
    if len(numbers) > 3 or hours > 23 or minutes > 59 or seconds > 59:
        return None
    fraction = int((found["f"] or "").ljust(7, "0")) // 10
    return sign * timedelta(days, seconds, fraction, 0, minutes, hours)
