"""The deletion window: to the minute, in its zone, over changes of the clock; and how long one waits for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.deletion.window import Opening, parse_window, too_short, window_check

# A Sunday; Berlin changes to summer time on the 29th.
SUNDAY = datetime(2026, 3, 1, tzinfo=UTC)
WORK = parse_window("Mon-Thu 09:00-16:00 Europe/Berlin")


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (at(1, 12), False),
        (at(2, 7, 59, 59), False),
        (at(2, 8), True),
        (at(2, 14, 59, 59), True),
        (at(2, 15), False),
        (at(5, 10), True),
        (at(6, 10), False),
        # Summer time.
        (at(30, 7), True),
        (at(30, 14), False),
    ],
)
def test_it_is_open_from_its_first_moment_to_before_its_last(now: datetime, is_open: bool) -> None:
    """By the clock of its zone."""
    assert WORK.is_open(now) is is_open
    check = window_check(WORK, now)
    assert check.passed is is_open
    assert (check.opens_at is None) is is_open
    assert WORK.text in check.found


def test_the_next_opening_is_told() -> None:
    """Or the one that is under way."""
    assert WORK.opening(at(2, 15)) == Opening(at(3, 8), at(3, 15))
    assert WORK.opening(at(3, 9)) == Opening(at(3, 8), at(3, 15))
    assert WORK.opening(at(5, 15)) == Opening(at(9, 8), at(9, 15))
    assert WORK.opening(at(26, 15)) == Opening(at(30, 7), at(30, 14))
    shut, open_now = window_check(WORK, at(2, 15)), window_check(WORK, at(3, 9))
    assert shut.opens_at == at(3, 8)
    assert shut.found == f"{WORK.text}, next at {at(3, 8).isoformat()}"
    assert open_now.found == f"{WORK.text}, until {at(3, 15).isoformat()}"
    assert shut.name == open_now.name == "inside the deletion window"


def test_no_window_is_always_open() -> None:
    """Nothing is set."""
    check = window_check(None, SUNDAY)
    assert (check.name, check.passed, check.found) == (
        "inside the deletion window",
        True,
        "no window is set",
    )


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon 00:00-24:00", {2, 9}),
        ("Sat-Mon 00:00-24:00", {1, 2, 7, 8, 9}),
        ("Tue,Thu-Fri 00:00-24:00", {3, 5, 6, 10}),
        ("mon,SUN 00:00-24:00", {1, 2, 8, 9}),
        ("Sun 00:00-24:00", {1, 8}),
        ("Mon-Sun 00:00-24:00", set(range(1, 11))),
        ("Sun-Sat 00:00-24:00", set(range(1, 11))),
    ],
)
def test_days_are_lists_and_ranges(text: str, days: set[int]) -> None:
    """A range may go over the week's end; without a zone it is UTC."""
    window = parse_window(text)
    assert {day for day in range(1, 11) if window.is_open(at(day, 12))} == days


def test_a_day_can_be_open_to_its_end() -> None:
    """24:00 is the next midnight; so is 00:00."""
    for text in ("Mon 22:30-24:00", "Mon 22:30-00:00"):
        window = parse_window(text)
        assert window.opening(at(2)) == Opening(at(2, 22, 30), at(3))
        assert not window.is_open(at(2, 22, 29, 59))
        assert window.is_open(at(2, 23, 59, 59))
        assert not window.is_open(at(3))


def test_an_hour_that_the_clock_leaves_out_is_no_opening() -> None:
    """On the day of the change there is no half past two."""
    window = parse_window("Sun 02:00-03:00 Europe/Berlin")
    assert window.opening(at(28)) == Opening(
        datetime(2026, 4, 5, tzinfo=UTC), datetime(2026, 4, 5, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("", "is no window"),
        ("Mon", "is no window"),
        ("Mon 9-16", "is no window"),
        ("Mon 09:00-16:00 Europe/Berlin x", "is no window"),
        ("Mon  09:00-16:00", "is no window"),
        ("Mon 09:00-16:00 ", "is no window"),
        ("Mo 09:00-16:00", "'mo' is no day"),
        ("Mon-Foo 09:00-16:00", "'mon-foo' is no day"),
        ("Mon, 09:00-16:00", "'' is no day"),
        ("Mon 25:00-26:00", "25:00 is no time"),
        ("Mon 09:60-10:00", "09:60 is no time"),
        ("Mon 09:00-24:01", "24:01 is no time"),
        ("Mon 16:00-09:00", "must end after they begin"),
        ("Mon 09:00-09:00", "must end after they begin"),
        ("Mon 09:00-10:00 Nowhere/None", "'Nowhere/None' is no known time zone"),
        ("Mon 09:00-10:00 ../etc", "'../etc' is no known time zone"),
    ],
)
def test_what_is_no_window_is_refused(wrong: str, words: str) -> None:
    """In words that say what to write."""
    with pytest.raises(ValueError, match=words.replace(".", r"\.")):
        parse_window(wrong)


def test_the_longest_wait_is_from_a_moment_after_an_opening_began() -> None:
    """Whoever approves on Thursday at nine waits until Monday at four for a whole one."""
    assert WORK.longest_wait(at(2), at(5, 8)) == timedelta(days=4, hours=7)
    assert WORK.longest_wait(at(2), at(5, 7, 59)) == timedelta(days=1, hours=7)
    daily = parse_window("Mon-Sun 22:00-24:00")
    assert daily.longest_wait(at(2), at(3)) == timedelta(days=1, hours=2)
    always = parse_window("Mon-Sun 00:00-24:00")
    assert always.longest_wait(at(2), at(2)) == timedelta(days=2)


def test_before_the_first_opening_one_waits_for_its_end() -> None:
    """From the first moment that is asked about."""
    assert WORK.longest_wait(at(2), at(2, 7)) == timedelta(hours=15)
    assert WORK.longest_wait(at(2, 9), at(2, 10)) == timedelta(days=1, hours=6)


def test_a_change_of_the_clock_makes_the_wait_another() -> None:
    """An hour less over the night in which the clock goes forward."""
    weekly = parse_window("Sat 12:00-13:00 Europe/Berlin")
    assert weekly.longest_wait(at(28, 11), at(28, 12)) == timedelta(days=7)
    assert weekly.longest_wait(at(21, 11), at(21, 12)) == timedelta(days=7, hours=1)
    daily = parse_window("Mon-Sun 12:00-13:00 Europe/Berlin")
    assert daily.longest_wait(at(28, 11), at(28, 11)) == timedelta(days=1)
    assert daily.longest_wait(at(20), at(28, 10)) == timedelta(days=1, hours=1)


def test_an_approval_that_may_run_out_before_a_whole_opening_is_too_short() -> None:
    """To the second; it says what to set."""
    needed = timedelta(days=4, hours=7)
    assert too_short(WORK, at(2), at(5, 8), needed) is None
    why = too_short(WORK, at(2), at(5, 8), needed - timedelta(seconds=1))
    assert why is not None
    assert "APPROVAL_VALIDITY to P4DT7H at least" in why
    assert WORK.text in why
    assert "P4DT6H59M59S" in why


def test_a_swallowed_opening_puts_off_the_next_one_by_a_week_more() -> None:
    """Looked for far enough, and no further."""
    window = parse_window("Sun 02:00-03:00 Europe/Berlin")
    assert window.opening(at(22, 4)).begins == datetime(2026, 4, 5, tzinfo=UTC)
    always = parse_window("Mon-Sun 00:00-24:00")
    assert [opening.begins for opening in always.openings(at(2))] == [
        at(1) + timedelta(days=number) for number in range(16)
    ]
    assert always.zone is UTC


def test_a_wait_from_the_first_moment_of_an_opening_is_for_the_next() -> None:
    """It began, so it is not whole any more a moment later."""
    assert WORK.longest_wait(at(3, 8), at(3, 8)) == timedelta(days=1, hours=7)
