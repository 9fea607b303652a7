"""The wishes of the callers of one migration, and the outcomes that they allow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Wish(StrEnum):
    """The outcome of a migration if nothing goes wrong."""

    APPROVE = "approve"
    REJECT = "reject"
    EXPIRE = "expire"
    CANCEL = "cancel"
    # Cancelled while it replicates, which takes it very long.
    WITHDRAW = "withdraw"
    # No deletion is asked for.
    KEEP = "keep"
    # Started by Event Grid, which asks for no deletion.
    EVENT = "event"
    # A region fails.
    FAIL = "fail"


ALLOWED: dict[Wish, frozenset[str]] = {
    Wish.APPROVE: frozenset({"completed"}),
    Wish.REJECT: frozenset({"kept"}),
    Wish.EXPIRE: frozenset({"kept"}),
    # Whoever cancels may come too late.
    Wish.CANCEL: frozenset({"cancelled", "completed"}),
    Wish.WITHDRAW: frozenset({"cancelled"}),
    Wish.KEEP: frozenset({"completed"}),
    Wish.EVENT: frozenset({"completed"}),
    Wish.FAIL: frozenset({"failed"}),
}


@dataclass(frozen=True)
class Intent:
    """One image's migration.

    auto: the version's number is chosen by the app, in a definition shared with others unless it is `alone`.
    timeout: how long an approval is waited for; empty: as long as the app does by itself.

    start, cancel: in which round of the run the caller starts it, or cancels it at the earliest.
    """

    name: str
    wish: Wish
    start: int = 0
    cancel: int = 0
    auto: bool = False
    alone: bool = False
    timeout: str = ""

    @property
    def deletes(self) -> bool:
        """Return True if the deletion is asked for."""
        return self.wish not in (Wish.KEEP, Wish.EVENT)

    @property
    def definition(self) -> str:
        """The image definition."""
        return "shared" if self.auto and not self.alone else self.name
