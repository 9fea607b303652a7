"""The delivery of the question: whether anybody who could object knows that a deletion is asked for, and since when.

The quiet time is theirs, so it begins no sooner. It is known once a receiver that answers for what it takes has taken
the signed notice, or somebody who may approve has read the statement, signed in; a Teams workflow's 202 proves nothing.
With no such receiver nobody was promised to be told: then the decisions themselves are all that is asked for.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.values import Message


class Delivery(Message):
    """`needed`: somebody has to know before the quiet time begins. `known_at`: the first moment at which somebody
    provably did; `by`: until when it is waited for."""

    needed: bool = False
    known_at: datetime | None = None
    by: datetime | None = None

    @property
    def missing(self) -> bool:
        """True while somebody has to know, and nobody does."""
        return self.needed and self.known_at is None

    def given_up(self, now: datetime) -> bool:
        """Return True if nobody knew by the time that was set: then the image is kept."""
        return self.missing and (self.by is None or now >= self.by)

    def quiet_from(self, *moments: datetime | None) -> datetime | None:
        """The moment from which the quiet time counts: the last of those that are known, and of the delivery. None
        while somebody has to know and nobody does, or no moment is known."""
        if self.missing:
            return None
        known = (*moments, self.known_at if self.needed else None)
        return max(filter(None, known), default=None)


def delivery_of(
    *,
    signed_receiver: bool,
    quiet_time: timedelta,
    asked_at: datetime,
    taken_at: datetime | None,
    openings: Iterable[datetime],
    timeout: timedelta,
) -> Delivery:
    """The delivery of a question that was asked at this time. `taken_at`: when the signed notice of it was, if that can
    be proven; `openings`: when those who may approve read the statement, likewise."""
    moments = [moment for moment in (taken_at, *openings) if moment is not None]
    return Delivery(
        needed=signed_receiver and quiet_time > timedelta(0),
        known_at=min(moments, default=None),
        by=asked_at + timeout,
    )
