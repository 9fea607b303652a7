"""The migrations that events may start in an hour, and the events that wait for the next one.

An hour is the sixty minutes up to now: at no time have more than the limit been started within it. What comes beyond it
is put down, one row for each image, and the sweep starts it when there is room.
"""

from datetime import datetime, timedelta

from domain.callers.actors import Actor
from domain.values import Message

HOUR = timedelta(hours=1)


class EventStarts(Message):
    """The moments of the last starts."""

    at: tuple[datetime, ...] = ()

    def with_one_more(self, most: int, now: datetime) -> "EventStarts | None":
        """The starts with one now, without those of more than an hour ago; None when the hour is full."""
        within = tuple(moment for moment in self.at if now - moment < HOUR)
        return EventStarts(at=(*within, now)) if len(within) < most else None


class WaitingEvent(Message):
    """An event that may start nothing yet: about this image, at this time; `requester`: whom it excludes from
    approving. `since`: when it was put down."""

    image_id: str
    at: datetime | None = None
    requester: Actor
    since: datetime

    def joined_by(self, other: "WaitingEvent") -> "WaitingEvent":
        """The event that stands for both: the newer one, in the place of the older, excluding everybody whom either
        does."""
        owners = dict.fromkeys((*self.requester.owners, *other.requester.owners))
        known = [at for at in (self.at, other.at) if at is not None]
        return other.model_copy(
            update={
                "at": max(known, default=None),
                "requester": other.requester.model_copy(update={"owners": tuple(owners)}),
                "since": self.since,
            }
        )
