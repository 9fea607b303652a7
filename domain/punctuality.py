"""The sweep's punctuality by its schedule; without the sweep, what was lost on the way is never picked up again."""

from datetime import datetime, timedelta

from domain.schedules import Schedule
from domain.values import Message

GRACE = timedelta(minutes=5)
"""For a run that is still at it, and for a host that is just starting."""


class Punctuality(Message):
    """The answer of health about the sweep. `next` is when the schedule has it next, in UTC."""

    last_run: datetime | None
    overdue: bool
    next: datetime


def punctuality(
    schedule: Schedule, last_run: datetime | None, app_start: datetime, now: datetime
) -> Punctuality:
    """Overdue once two runs should have followed the last one (or the app's start, if there was none) and the grace is
    over: a single run may fail, or fall into a restart."""
    since = app_start if last_run is None else last_run
    missed_two = schedule.next(schedule.next(since))
    return Punctuality(last_run=last_run, overdue=now > missed_two + GRACE, next=schedule.next(now))
