"""The second look for users of an image, a while after its DELETE: who appeared, and how the deletion is taken back.

The scan at the gate sees what Azure has until a minute before the DELETE, and Resource Graph lags behind that. A user
that appears then needs an image that is gone.
"""

import re
from datetime import datetime, timedelta

from domain.ids import fold
from domain.references.scan import Scan
from domain.references.users import ImageUser
from domain.values import Message

LOOK_AFTER = timedelta(minutes=15)
TRY_FOR = timedelta(hours=1)
"""For a scan that cannot be complete now: so long another one is waited for."""
MOST_TOLD = 5

later_scan_id = "{}-users".format
"""The row of a later scan among what is open, by the migration's id."""


def later_scan_of(row: str) -> str | None:
    """The migration that a row is the later scan of; None for any other."""
    match = re.fullmatch(r"(.+)-users", row)
    return match[1] if match else None


class LaterScan(Message):
    """A scan that is due `at` a time. `known`: the users that were there before the DELETE."""

    at: datetime
    known: tuple[str, ...] = ()


class LateUsers(Message):
    """The users that appeared, and in words what to do. `unknown`: reasons for which there may be more."""

    users: tuple[ImageUser, ...]
    unknown: tuple[str, ...]
    command: str

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for each of them."""
        return tuple(f"{user.kind} {user.id} ({user.effect})" for user in self.users)

    @property
    def text(self) -> str:
        """A line for the timeline."""
        doubt = f"; not everything could be read ({'; '.join(self.unknown[:MOST_TOLD])})"
        doubt = doubt if self.unknown else ""
        if not self.users:
            return f"nobody appeared who needs the image{doubt}"
        more = f", and {len(self.users) - MOST_TOLD} more" if len(self.users) > MOST_TOLD else ""
        who = ", ".join(self.lines[:MOST_TOLD])
        return f"users of the image appeared after its deletion: {who}{more}{doubt}. Take it back: {self.command}"


def late_users(scan: Scan, known: tuple[str, ...], migration: str) -> LateUsers:
    """The users that a scan shows and that were not known before."""
    before = {fold(user) for user in known}
    return LateUsers(
        users=tuple(user for user in scan.users if fold(user.id) not in before),
        unknown=tuple(str(gap) for gap in scan.gaps),
        command=restore_command(migration),
    )


def worth_waiting(scan: Scan, due: datetime, now: datetime) -> bool:
    """Return True if a scan is not complete, and a later one may be."""
    return now < due + TRY_FOR and any(gap.transient for gap in scan.gaps)


def restore_command(migration: str) -> str:
    """The line for a shell that makes the image again."""
    return (
        f'curl -s -X POST "$APP_URL/api/migrations/{migration}/restore" '
        '-H "Authorization: Bearer $ADMIN_TOKEN"'
    )
