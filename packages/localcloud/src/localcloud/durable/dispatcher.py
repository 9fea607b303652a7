"""Decides what runs when: work items (one at a time per instance) and activities, side by side.

The store is the only queue. `_pump` looks for what is due, starts a task for what is not running yet,
and sets one alarm for the next due time; it is called again whenever something ends, is posted, or
the clock is moved. A work item that cannot be committed (locked database, full disk) is tried again
with growing pauses; an activity that has run keeps its result until it is stored.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from localcloud.clock import Clock
from localcloud.durable.store import Store
from localcloud.durable.turn import ActivityCall, Message

log = logging.getLogger(__name__)
T = TypeVar("T")
Tasks = dict[Any, asyncio.Task[None]]

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
# Who starts an instance and asks at once must see it Pending, as with the real extension.
PICKUP_SECONDS = 0.05


class Dispatcher:
    """Belongs to the event loop that `start` is called on.

    `limits`: how many work items and how many activities run at a time.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        limits: tuple[int, int],
        work: Callable[[str], Awaitable[bool]],
        run_activity: Callable[[ActivityCall], Awaitable[Message]],
    ) -> None:
        self._store, self._clock = store, clock
        self._most_items, self._most_calls = limits
        self._work, self._run_activity = work, run_activity
        # By instance.
        self._items: Tasks = {}
        # By key of the call.
        self._calls: Tasks = {}
        # Instances whose version this host refuses.
        self._held: set[str] = set()
        self._changed = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = False
        clock.subscribe(self.wake)

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._woken = False
        self.wake()

    async def stop(self) -> None:
        """Abandons what is running; the store still has it."""
        self._loop = None
        if self._alarm is not None:
            self._alarm.cancel()
        tasks = [*self._items.values(), *self._calls.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._held.clear()

    def wake(self) -> None:
        """Look again: something may be due."""
        if self._loop is not None and not self._woken:
            self._woken = True
            self._loop.call_soon(self._pump)

    def started_anew(self, instance_id: str) -> None:
        """Forget that the instance was refused: it was purged or started anew, and its messages are picked up soon."""
        self._held.discard(instance_id)
        if self._loop is not None:
            self._loop.call_later(PICKUP_SECONDS, self.wake)

    def works_on(self, instance_id: str) -> bool:
        """Return True if a turn of the instance is under way, which the store does not show yet."""
        return instance_id in self._items

    async def idle(self) -> None:
        """Returns when nothing is running and nothing is due."""
        self.wake()
        while self._woken or self._items or self._calls or self._waiting():
            self._changed.clear()
            await self._changed.wait()

    def _waiting(self) -> bool:
        ready = self._store.ready(self._clock.now(), len(self._held) + 1)
        return any(key not in self._held for key in ready) or bool(self._store.calls(1))

    # ---- starting ------------------------------------------------------------------------------
    def _pump(self) -> None:
        self._woken = False
        if self._loop is None:
            return
        try:
            self._start_ready()
            self._set_alarm()
        except sqlite3.Error as error:
            log.warning("the task hub cannot be read, will try again: %s", error)
            self._loop.call_later(FIRST_PAUSE, self.wake)
        self._changed.set()

    def _start_ready(self) -> None:
        # What runs is still in the store, as is what waits.
        most = self._most_items + len(self._held)
        for instance_id in self._store.ready(self._clock.now(), most):
            if len(self._items) == self._most_items:
                # A timer that is due now may have waited longer than what runs.
                break
            if instance_id not in self._items and instance_id not in self._held:
                self._spawn(self._items, instance_id, self._work_on(instance_id))
        for key, call in self._store.calls(self._most_calls):
            if key not in self._calls:
                self._spawn(self._calls, key, self._call(key, call))

    def _spawn(self, running: Tasks, key: object, steps: Coroutine[Any, Any, None]) -> None:
        def done(_task: asyncio.Task[None]) -> None:
            running.pop(key, None)
            self.wake()

        running[key] = asyncio.create_task(steps)
        running[key].add_done_callback(done)

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        due = self._store.next_due(self._clock.now())
        pause = None if due is None else self._clock.real_seconds_until(due)
        if pause is not None and self._loop is not None:
            self._alarm = self._loop.call_later(max(pause, 0.001), self.wake)

    # ---- running -------------------------------------------------------------------------------
    async def _work_on(self, instance_id: str) -> None:
        what = f"instance {instance_id}"
        if not await self._until_it_works(what, lambda: self._work(instance_id)):
            self._held.add(instance_id)

    async def _call(self, key: int, call: ActivityCall) -> None:
        what = f"{call.name} for {call.instance_id}"
        answer = await self._until_it_works(what, lambda: self._run_activity(call))

        async def store() -> None:
            self._store.finish_call(key, answer)

        await self._until_it_works(f"result of {what}", store)

    async def _until_it_works(self, what: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """Repeat the work until it can be stored: nothing that was accepted may be lost."""
        pause = FIRST_PAUSE
        while True:
            try:
                return await attempt()
            except Exception as error:
                if not isinstance(error, sqlite3.Error):
                    log.exception("%s: failed inside the host", what)
                log.warning("%s: will be tried again in %s s (%s)", what, pause, error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
