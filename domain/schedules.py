"""Timer schedules in NCRONTAB, read as the Functions host reads them, so that a wrong one is found before the host.

The host does not refuse an app for a schedule that it cannot read: it disables that function and runs on. NCRONTAB is
not quite cron: day and weekday must both match, a reversed range is swapped, any prefix of an English name will do,
Sunday is only 0, and a step of 0 is one of 1.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions

1. The text is split at blanks into five or six fields; five have no seconds.
2. Each field is expanded into the numbers that it stands for; every wrong field is told at once.
3. Some month must have one of the days.
"""

import re
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from domain.values import Message

# `*`, a number or a name, or a range of them; and a step. Longer numbers do not fit the host's integers.
_PART = r"(?i)(?:\*|(\d{1,9}|[a-z]+)(?:-(\d{1,9}|[a-z]+))?)(?:/(\d{1,9}))?"
_TIME_SPAN = r"-?[\d.]*\d(?::[\d.]+)*"
_SHORT_MONTHS = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
# Many take NCRONTAB for it.
_QUARTZ = r"(?i)\?|.*#.*|\d*[LW]+"
_DAY = timedelta(days=1)


class Field(NamedTuple):
    """One field of an expression: its bounds, and names for its numbers from `low` on."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def numbers(self, text: str) -> tuple[int, ...]:
        """All numbers that `text` stands for, in order. Raises ValueError with the reason."""
        return tuple(sorted({number for part in text.split(",") for number in self._part(part)}))

    def _part(self, text: str) -> range:
        match = re.fullmatch(_PART, text)
        if match is None or not text.isascii():
            raise ValueError(self._no(text))
        first, last, step = match.groups()
        low = self._number(first) if first else self.low
        high = self._number(last) if last else self.high if step or not first else low
        return range(min(low, high), max(low, high) + 1, int(step or 0) or 1)

    def _number(self, text: str) -> int:
        if not text.isdigit():
            fitting = (n for n, name in enumerate(self.names) if name.startswith(text.lower()))
            if (place := next(fitting, None)) is None:
                raise ValueError(self._no(text))
            return self.low + place
        if not self.low <= int(text) <= self.high:
            raise ValueError(self._no(text))
        return int(text)

    def _no(self, text: str) -> str:
        named = f" or {self.names[0].title()} to {self.names[-1].title()}" if self.names else ""
        signs = "; NCRONTAB has no ?, L, W and #" if re.fullmatch(_QUARTZ, text) else ""
        return f"{self.name} '{text}' is not within {self.low} to {self.high}{named}{signs}"


_MONTHS = "january february march april may june july august september october november december"
_WEEKDAYS = "sunday monday tuesday wednesday thursday friday saturday"
_FIELDS = (
    Field(name="second", low=0, high=59),
    Field(name="minute", low=0, high=59),
    Field(name="hour", low=0, high=23),
    Field(name="day", low=1, high=31),
    Field(name="month", low=1, high=12, names=tuple(_MONTHS.split())),
    Field(name="weekday", low=0, high=6, names=tuple(_WEEKDAYS.split())),
)
_IN_ORDER = "second minute hour day month weekday"


class Schedule(Message):
    """The times at which a timer fires: the numbers of each field, in order."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def next(self, after: datetime) -> datetime:
        """The first whole second strictly after `after` that fits; in the zone of `after`, which the host's must be."""
        earliest = after.replace(microsecond=0) + timedelta(seconds=1)
        day = earliest.date()
        moment = self._moment(earliest.time()) if self._fits(day) else None
        while moment is None:
            day += _DAY
            moment = self._moment(time()) if self._fits(day) else None
        return datetime.combine(day, moment, tzinfo=after.tzinfo)

    def _fits(self, day: date) -> bool:
        return (
            day.month in self.months
            and day.day in self.days
            and day.isoweekday() % 7 in self.weekdays
        )

    def _moment(self, earliest: time) -> time | None:
        """The first moment of a day that is not before `earliest`."""
        moments = (
            time(hour, minute, second)
            for hour in self.hours
            if hour >= earliest.hour
            for minute in self.minutes
            if (hour, minute) >= (earliest.hour, earliest.minute)
            for second in self.seconds
        )
        return next((moment for moment in moments if moment >= earliest), None)


def parse_schedule(text: str) -> Schedule:
    """The schedule that an NCRONTAB expression stands for. Raises ValueError with all that is wrong with it."""
    parts = [part for part in text.split(" ") if part]
    if reason := _no_expression(text, parts):
        raise ValueError(reason)
    fields = ["0", *parts] if len(parts) < len(_FIELDS) else parts
    numbers = [_expanded(field, part) for field, part in zip(_FIELDS, fields, strict=True)]
    if wrong := [reason for reason in numbers if isinstance(reason, str)]:
        raise ValueError("; ".join(wrong))
    names = list(Schedule.model_fields)
    schedule = Schedule.model_validate(dict(zip(names, numbers, strict=True)))
    if not any(
        day <= _SHORT_MONTHS.get(month, day) for month in schedule.months for day in schedule.days
    ):
        raise ValueError(f"never comes: no such month has a day {schedule.days[0]}")
    return schedule


def _no_expression(text: str, parts: list[str]) -> str | None:
    """Return why a text is not even an expression with wrong fields, or None if it is one."""
    if "%" in text:
        return "must be the schedule itself; other settings (%NAME%) are not looked up in it"
    if len(parts) == 1 and re.fullmatch(_TIME_SPAN, parts[0]):
        return (
            f"'{parts[0]}' is an interval (TimeSpan), which only hosts on a dedicated plan take; write it as NCRONTAB, "
            "such as 0 */5 * * * *"
        )
    if len(parts) not in {len(_FIELDS) - 1, len(_FIELDS)}:
        return f"must have six fields with blanks between them ({_IN_ORDER}) or five (no second), not {len(parts)}"
    return None


def _expanded(field: Field, text: str) -> tuple[int, ...] | str:
    try:
        return field.numbers(text)
    except ValueError as error:
        return str(error)
