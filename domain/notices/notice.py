"""The notices of a migration: their kinds, and the row of each for each receiver.

A kind is its type, and behind a dot what tells it from another of its type: the round that is asked in, the time that
is left. Types are what receivers read; kinds name rows.
"""

from datetime import datetime

from domain.values import Message

ASKING = "approval.requested"
ASKING_AGAIN = "approval.requestedAgain"
REMINDER = "approval.reminder"
STALLED = "migration.stalled"
END = "migration.finished"
RESTORED = "image.restored"
LATE_USERS = "image.usersAppeared"

TYPES = (ASKING, ASKING_AGAIN, REMINDER, STALLED, END, RESTORED, LATE_USERS)
# These ask somebody to decide.
ASKINGS = frozenset({ASKING, ASKING_AGAIN, REMINDER})

WEBHOOK = "webhook"
"""The receiver whose answer proves that somebody was told: what it gets is signed, and it answers for having it."""


class Notice(Message):
    """One thing that one receiver is told: what is posted is made once; `taken` by the receiver, at `taken_at`, or
    `given_up`. `seal` proves the time (`services/seals.py`). Older rows have no `kind`: their name is it."""

    kind: str = ""
    body: str = ""
    made_at: datetime | None = None
    tries: int = 0
    taken: bool = False
    taken_at: datetime | None = None
    seal: str | None = None
    given_up: bool = False

    @property
    def settled(self) -> bool:
        """True if nobody will post it any more."""
        return self.taken or self.given_up

    def tried(self, taken_at: datetime | None) -> "Notice":
        """The notice after one more try; one that was taken stays so."""
        taken = self.taken or taken_at is not None
        tried = {"tries": self.tries + 1, "taken": taken, "taken_at": self.taken_at or taken_at}
        return self.model_copy(update=tried)

    def dropped(self) -> "Notice":
        """The notice that nobody posts any more."""
        return self.model_copy(update={"given_up": True})


def asking_kind(asked: int) -> str:
    """The kind that asks for the approval the `asked`-th time."""
    return ASKING if asked == 1 else f"{ASKING_AGAIN}.{asked}"


def type_of(kind: str) -> str:
    """The type of a kind. Raises ValueError for one of no type."""
    for known in TYPES:
        if kind == known or kind.startswith(f"{known}."):
            return known
    raise ValueError(f"'{kind}' is no kind of notice")


def key_of(receiver: str, kind: str) -> str:
    """The name of a notice's row. The webhook's is its kind alone, as it was when there was no other receiver."""
    return kind if receiver == WEBHOOK else f"{receiver}.{kind}"
