"""Reminders: which is due, to the moment; each once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.notices.reminders import due_reminder, is_new
from tests.builders import NOW

DAY, TWO_HOURS, SECOND = timedelta(days=1), timedelta(hours=2), timedelta(seconds=1)
DEADLINE = NOW + timedelta(days=3)
BEFORE = (DAY, TWO_HOURS)


@pytest.mark.parametrize(
    ("left", "kind"),
    [
        (timedelta(days=3), None),
        (DAY + SECOND, None),
        (DAY, "approval.reminder.P1D"),
        (TWO_HOURS + SECOND, "approval.reminder.P1D"),
        (TWO_HOURS, "approval.reminder.PT2H"),
        (SECOND, "approval.reminder.PT2H"),
        (timedelta(0), None),
        (-SECOND, None),
    ],
)
def test_the_last_whose_time_has_come_is_due(left: timedelta, kind: str | None) -> None:
    """From its moment on; not from the deadline on, when nobody can decide any more."""
    assert due_reminder(NOW, DEADLINE, BEFORE, DEADLINE - left) == kind


def test_whoever_is_asked_late_is_not_reminded_at_once() -> None:
    """A reminder whose time lay before the question, or with it, reminds of nothing."""
    late = DEADLINE - TWO_HOURS
    assert due_reminder(late, DEADLINE, BEFORE, DEADLINE - SECOND) is None
    assert (
        due_reminder(late - SECOND, DEADLINE, BEFORE, DEADLINE - SECOND) == "approval.reminder.PT2H"
    )


def test_nobody_is_reminded_without_reminders() -> None:
    """The setting may be emptied to a time that never comes."""
    assert due_reminder(NOW, DEADLINE, (), DEADLINE - SECOND) is None


@given(
    st.lists(st.timedeltas(SECOND, timedelta(days=4)), max_size=5),
    st.lists(st.timedeltas(timedelta(0), timedelta(days=4)), max_size=30),
)
def test_however_often_it_is_looked_each_is_due_once_at_most(
    before: list[timedelta], looks: list[timedelta]
) -> None:
    """Whatever the times of the looks: made once, it is not new any more, and none is due outside the wait."""
    made: list[str] = []
    for look in sorted(looks):
        kind = due_reminder(NOW, DEADLINE, before, NOW + look)
        if kind and is_new(kind, made):
            assert NOW < NOW + look < DEADLINE
            made.append(f"teams-1.{kind}")
    assert len(made) == len(set(made)) <= len(before)


def test_a_kind_is_new_until_any_receiver_has_a_row_of_it() -> None:
    """Under its own name, or behind a receiver's."""
    assert is_new("approval.requested", [])
    assert is_new("approval.requested", ["approval.requested.2", "xapproval.requested"])
    assert not is_new("approval.requested", ["approval.requested"])
    assert not is_new("approval.requested", ["teams-1a2b3c4d.approval.requested"])
