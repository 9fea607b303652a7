"""The limits of a reading of many lists: they have no end that is known before, and a `nextLink` may lead round in a
circle."""

import time
from collections.abc import Callable

from domain.errors import MigratorError


class ListTooLongError(MigratorError):
    """A reading has asked as long, or as often, as it may."""


class Patience:
    """A limit of seconds and of requests, shared by all that one reading asks. `now`: seconds that only grow."""

    def __init__(
        self, seconds: float, requests: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._now, self._ends = now, now() + seconds
        self._seconds, self._requests, self._asked = seconds, requests, 0

    @property
    def seconds_left(self) -> float:
        """Seconds until it ends, never less than none."""
        return max(0.0, self._ends - self._now())

    def spend(self) -> None:
        """Count a request that is about to be sent. Raises ListTooLongError."""
        self._asked += 1
        if self._asked > self._requests:
            raise ListTooLongError(f"more than {self._requests} requests")
        if not self.seconds_left:
            raise ListTooLongError(f"more than {self._seconds:g} seconds")
