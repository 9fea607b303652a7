"""Moves the clock of a local cloud through everything that falls due on the way.

Time is frozen, and goes from one due time to the next; each time the clock waits until all work has
come to rest. One timer trigger stops the clock at most `TIMER_STOPS` times in one move: the ticks of
faster schedules are one run for several, as after any jump of a real host's clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from localcloud.clock import Clock, ClockError

TIMER_STOPS = 150
Follower = Callable[[dict[str, Any]], Awaitable[None]]


class Workload(Protocol):
    """The work that the clock waits for."""

    async def idle(self) -> None:
        """Returns when nothing runs and nothing is due."""

    def next_due(self) -> datetime | None:
        """Return when durable work falls due next, or None."""

    def next_tick(self, stride: timedelta) -> datetime | None:
        """Return when a timer trigger falls due next, `stride` or more after its last run."""


class Mover:
    """The one way to change the clock; a `follower` (another process's clock) is told before."""

    def __init__(self, clock: Clock, workload: Workload, follower: Follower | None = None) -> None:
        self._clock, self._workload, self._follower = clock, workload, follower
        self._one_at_a_time = asyncio.Lock()

    async def announce(self) -> None:
        """Tells the follower the present time and speed."""
        await self._tell(self._clock.now(), self._clock.speed)

    async def set_speed(self, speed: float) -> None:
        async with self._one_at_a_time:
            self._clock.change(speed=speed)
            await self.announce()

    async def advance(self, span: timedelta) -> None:
        """Returns when all that falls due within `span` has run."""
        async with self._one_at_a_time:
            with self._clock.frozen():
                start = self._clock.now()
                try:
                    target = start + span
                except OverflowError:
                    raise ClockError("that is beyond the end of time") from None
                await self._tell(start, 0.0)
                await self._walk(target, span / TIMER_STOPS)
            await self.announce()

    async def _walk(self, target: datetime, stride: timedelta) -> None:
        await self._workload.idle()
        while (due := self._next(stride)) and self._clock.now() < due < target:
            await self._move(due)
        await self._move(target)

    def _next(self, stride: timedelta) -> datetime | None:
        both = (self._workload.next_due(), self._workload.next_tick(stride))
        return min((when for when in both if when is not None), default=None)

    async def _move(self, when: datetime) -> None:
        await self._tell(when, 0.0)
        self._clock.change(now=when)
        await self._workload.idle()

    async def _tell(self, now: datetime, speed: float) -> None:
        if self._follower is not None:
            await self._follower({"now": now.isoformat(), "speed": speed})
