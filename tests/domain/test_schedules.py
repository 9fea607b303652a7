"""NCRONTAB: what the timer extension reads is read, with its occurrences; what it disables a timer for is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.schedules import Schedule, parse_schedule

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "functions" / "timers.json"
SUNDAY = datetime(2026, 3, 1, 10, 15, 30, tzinfo=UTC)
WRONG = {
    "a minute that is none": ("0 99 * * * *", "minute '99' is not within 0 to 59"),
    "Sunday as 7": ("0 0 0 * * 7", "weekday '7' is not within 0 to 6 or Sunday to Saturday"),
    "a word": ("0 0 0 * Smarch *", "month 'Smarch' is not within 1 to 12 or January to December"),
    "a name where there are none": ("0 Mon * * * *", "minute 'Mon'"),
    "a question mark": ("0 0 0 ? * *", "NCRONTAB has no ?, L, W and #"),
    "the last day": ("0 0 0 L * *", "NCRONTAB has no ?, L, W and #"),
    "the second Friday": ("0 0 0 * * 5#2", "NCRONTAB has no ?, L, W and #"),
    "an empty part": ("0 1,,5 * * * *", "minute ''"),
    "half a range": ("0 5- * * * *", "minute '5-'"),
    "a negative step": ("0 */-5 * * * *", "minute '*/-5'"),
    "a number too long for the host": ("0 */99999999999 * * * *", "minute '*/99999999999'"),
    "digits of another script": ("0 \u0663 * * * *", "minute '\u0663'"),
    "a tab between fields": ("0 0 0\t* * * *", "hour '0\t*'"),
    "four fields": ("0 0 0 *", "not 4"),
    "seven fields": ("0 0 0 * * * 2026", "not 7"),
    "a macro": ("@daily", "not 1"),
    "a duration": ("PT5M", "not 1"),
    "blanks": ("   ", "not 0"),
    "an interval": ("00:05:00", "'00:05:00' is an interval (TimeSpan), which only hosts on a dedi"),
    "an interval of days": ("1.00:00:00", "(TimeSpan)"),
    "a lonely number": ("5", "(TimeSpan)"),
    "another setting": ("%MY_SCHEDULE%", "other settings (%NAME%) are not looked up"),
    "another setting inside": ("0 %MINUTES% * * * *", "other settings (%NAME%) are not looked up"),
    "a day that no month has": ("0 0 0 31 2,4,6 *", "never comes"),
    "days that no month has": ("0 0 0 30,31 2 *", "no such month has a day 30"),
}
NEXT = {
    "the next five minutes": ("0 */5 * * * *", "2026-03-01T10:20:00"),
    "five fields have no seconds": ("20 * * * *", "2026-03-01T10:20:00"),
    "never the start itself": ("30 15 10 * * *", "2026-03-02T10:15:30"),
    "the last second of a day": ("59 59 23 * * *", "2026-03-01T23:59:59"),
    "the hour is over": ("0 10 10,11 * * *", "2026-03-01T11:10:00"),
    "day and weekday": ("0 0 0 13 * Fri", "2026-03-13T00:00:00"),
    "a reversed range is swapped": ("0 0 22-2 * * *", "2026-03-01T11:00:00"),
    "the other year": ("0 0 0 1 ja *", "2027-01-01T00:00:00"),
    "a leap day on a Monday": ("0 0 0 29 feb mon", "2044-02-29T00:00:00"),
    "only the possible one of two": ("0 0 0 31 feb,mar *", "2026-03-31T00:00:00"),
}


def rows() -> list[dict[str, Any]]:
    """The recorded schedules that are one text; what `%NAME%` stands for is the host's business."""
    if not RECORDED.exists():
        return []
    recorded: list[dict[str, Any]] = json.loads(RECORDED.read_text())["schedules"]
    return [row for row in recorded if "%" not in row["schedule"]]


@pytest.mark.skipif(
    not RECORDED.exists(), reason="the recordings (../shared/functions) are not there"
)
@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['schedule']} {row['start']}")
def test_schedules_are_read_as_the_timer_extension_reads_them(row: dict[str, Any]) -> None:
    """The same occurrences where it has a cron schedule; refused where it has an error, or an interval."""
    if row.get("kind") != "CronSchedule":
        with pytest.raises(ValueError):  # noqa: PT011 - the words are ours, below
            parse_schedule(row["schedule"])
        return
    schedule = parse_schedule(row["schedule"])
    moments = occurrences(schedule, datetime.fromisoformat(row["start"]), len(row["next"]))
    assert [at.isoformat() for at in moments] == row["next"]


def occurrences(schedule: Schedule, after: datetime, count: int) -> list[datetime]:
    """The first ones."""
    moments = [schedule.next(after)]
    while len(moments) < count:
        moments.append(schedule.next(moments[-1]))
    return moments


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(text: str, words: str) -> None:
    """The field, its text and what could stand there."""
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the words are the next line's
        parse_schedule(text)
    assert words in str(refused.value)


BOUNDS = {
    "second": ("{} * * * * *", 0, 59),
    "minute": ("0 {} * * * *", 0, 59),
    "hour": ("0 0 {} * * *", 0, 23),
    "day": ("0 0 0 {} * *", 1, 31),
    "month": ("0 0 0 1 {} *", 1, 12),
    "weekday": ("0 0 0 * * {}", 0, 6),
}


@pytest.mark.parametrize(("text", "low", "high"), BOUNDS.values(), ids=BOUNDS)
def test_a_field_has_its_bounds(text: str, low: int, high: int) -> None:
    """The lowest and the highest number fit, those beside them do not; a word of Quartz is not blamed for it."""
    fields = [parse_schedule(text.format(number)).model_dump(mode="json") for number in (low, high)]
    assert [low] in fields[0].values()
    assert [high] in fields[1].values()
    for number in {max(low - 1, 0), high + 1} - {low}:
        with pytest.raises(
            ValueError, match=rf"'{number}' is not within {low} to {high}"
        ) as refused:
            parse_schedule(text.format(number))
        assert "NCRONTAB has no" not in str(refused.value)


LENGTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


@pytest.mark.parametrize(("month", "days"), list(enumerate(LENGTHS, 1)))
def test_a_month_has_its_days(month: int, days: int) -> None:
    """February those of a leap year; a day that never comes is refused."""
    at = parse_schedule(f"0 0 0 {days} {month} *").next(SUNDAY)
    assert (at.month, at.day) == (month, days)
    for beyond in range(days + 1, 32):
        with pytest.raises(ValueError, match="never comes"):
            parse_schedule(f"0 0 0 {beyond} {month} *")


def test_every_wrong_field_is_said_at_once() -> None:
    """One deployment, not one for each."""
    with pytest.raises(ValueError, match=r"minute '99'.*hour '24'.*day '0'"):
        parse_schedule("0 99 24 0 * *")


@pytest.mark.parametrize(("text", "at"), NEXT.values(), ids=NEXT)
def test_the_next_occurrence(text: str, at: str) -> None:
    """Strictly after, on whole seconds, in the zone it was asked in."""
    assert parse_schedule(text).next(SUNDAY) == datetime.fromisoformat(at).replace(tzinfo=UTC)


NUMBERS = [(0, 59), (0, 59), (0, 23), (1, 28), (1, 12), (0, 6)]
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them so


@given(
    after=MOMENTS,
    fields=st.tuples(
        *(st.sets(st.integers(low, high), min_size=1, max_size=4) for low, high in NUMBERS)
    ),
)
def test_occurrences_fit_and_go_forward(after: datetime, fields: tuple[set[int], ...]) -> None:
    """Whatever the schedule: each one is later than the one before, and has a number of each field."""
    schedule = parse_schedule(" ".join(",".join(map(str, numbers)) for numbers in fields))
    moments = occurrences(schedule, after, 3)
    assert all(earlier < later for earlier, later in pairwise([after, *moments]))
    for at in moments:
        has = (at.second, at.minute, at.hour, at.day, at.month, at.isoweekday() % 7)
        assert all(number in numbers for number, numbers in zip(has, fields, strict=True))


# Each example counts 3,600 seconds; on a busy machine that takes longer than hypothesis allows for.
@settings(deadline=None)
@given(after=MOMENTS, minutes=st.sets(st.integers(0, 59), min_size=1))
def test_no_occurrence_is_left_out(after: datetime, minutes: set[int]) -> None:
    """Within an hour every wanted minute comes, as counting each second of it finds them."""
    schedule = parse_schedule(f"0 {','.join(map(str, minutes))} * * * *")
    start = after.replace(microsecond=0)
    seconds = (start + timedelta(seconds=n) for n in range(1, 3601))
    wanted = [at for at in seconds if at.second == 0 and at.minute in minutes]
    assert occurrences(schedule, after, len(wanted)) == wanted
