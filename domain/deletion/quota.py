"""The limits of a day: so many DELETEs, and such a share of all images. Each is reserved before it is sent; what was
reserved counts for a day, whatever became of it."""

from datetime import datetime, timedelta

from domain.deletion.evidence import Check
from domain.values import Message

DAY = timedelta(days=1)

FEW = 25
"""So many a day are never too large a share: who has few images may delete all of them."""


class Quota(Message):
    """The limits as the settings have them: at most `count` a day, and at most `percent` of the images."""

    count: int
    percent: int

    def most(self, images: int | None) -> int:
        """The number that is allowed in a day; `images`: how many there are, None while nobody has counted."""
        if images is None:
            return self.count
        return min(self.count, max(FEW, images * self.percent // 100))


class Reservations(Message):
    """The DELETEs that were reserved, by migration."""

    times: dict[str, datetime] = {}

    def others(self, migration: str, now: datetime) -> dict[str, datetime]:
        """Those of other migrations within the last day."""
        young = {name: at for name, at in self.times.items() if at > now - DAY}
        return {name: at for name, at in young.items() if name != migration}

    def with_one(self, migration: str, most: int, now: datetime) -> "Reservations | None":
        """Reserve one more; None if the limit is reached. One that is asked again counts once, from its last time."""
        others = self.others(migration, now)
        if len(others) >= most:
            return None
        return Reservations(times={**others, migration: now})


def quota_check(
    quota: Quota, reserved: Reservations, migration: str, images: int | None, now: datetime
) -> Check:
    """The check that this DELETE is within the limits; below them it is again by itself."""
    others = sorted(reserved.others(migration, now).values())
    known = None if images is None else images + len(others)
    most = quota.most(known)
    number = len(others) + 1
    found = f"number {number} of {most} in 24 hours"
    if number <= most:
        return Check(name="below the limits", passed=True, found=found)
    opens = others[len(others) - most] + DAY
    return Check(name="below the limits", passed=False, found=found, opens_at=opens)
