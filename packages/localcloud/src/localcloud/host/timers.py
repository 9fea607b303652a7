"""Timer triggers: when they run, what their functions get, and what is remembered between runs.

As recorded (docs/platform-notes.md#timers-that-overrun): a timer never overlaps itself; ticks
missed while it ran or while the clock jumped are one run at once, then the grid goes on. With a monitor
(schedules of a minute and more) the last run is kept, and a tick missed while the host was down is one
run, marked past due, at the start.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from localcloud.clock import Clock
from localcloud.files import write_whole
from localcloud.host.schedules import ConstantSchedule, Schedule, ScheduleError, parse_schedule
from localcloud.host.worker import Datum, Function, LoadError, Worker

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Status:
    """ScheduleStatus of the timer extension. `last` is None before the first run."""

    last: datetime | None
    next: datetime
    updated: datetime

    def as_json(self) -> dict[str, str]:
        return {"Last": _iso(self.last), "Next": _iso(self.next), "LastUpdated": _iso(self.updated)}

    @classmethod
    def of_json(cls, body: Mapping[str, str]) -> Status:
        last = None if body["Last"].startswith("0001") else datetime.fromisoformat(body["Last"])
        next_, updated = (datetime.fromisoformat(body[name]) for name in ("Next", "LastUpdated"))
        return cls(last, next_, updated)


@dataclass
class Timer:
    """One timer trigger. `status` is what is known between runs; None without a monitor."""

    function: Function
    schedule: Schedule
    next: datetime
    status: Status | None
    running: bool = False
    last_run: datetime | None = None

    def due(self, stride: timedelta) -> datetime:
        """The next tick that is at least `stride` after the last run."""
        return max(self.next, self.last_run + stride) if self.last_run else self.next

    def payload(self, *, past_due: bool) -> Datum:
        status = self.status and {**self.status.as_json(), "LastUpdated": _iso(self.status.last)}
        schedule = {"AdjustForDST": self.schedule.adjust_for_dst}
        body = {"Schedule": schedule, "ScheduleStatus": status, "IsPastDue": past_due}
        return Datum(json.dumps(body, separators=(",", ":")), "json")

    def started(self, now: datetime) -> None:
        """Moves on to the tick after a run that started at `now`."""
        self.next, self.last_run = self.schedule.next(now), now
        self.status = self.status and Status(now, self.next, now)


class Timers:
    """Runs the timer triggers of an app on the clock; LoadError for a schedule that is none."""

    def __init__(
        self, worker: Worker, clock: Clock, path: Path, settings: Mapping[str, str]
    ) -> None:
        self._worker, self._clock, self._path = worker, clock, path
        kept, now = self._kept(), clock.now()
        self._timers = [
            _timer(f, _schedule(f, settings), kept.get(f.name), now)
            for f in worker.functions
            if f.kind == "timerTrigger"
        ]
        self._running: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None
        clock.subscribe(self._wake.set)

    def start(self) -> None:
        """Starts the timers; those past due, or to be run on start-up, run at once."""
        self._keep()
        for timer in self._timers:
            past_due = timer.status is not None and timer.status.next < self._clock.now()
            if past_due or timer.function.trigger.get("runOnStartup"):
                self._fire(timer, past_due=past_due)
        self._loop_task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._loop_task:
            self._loop_task.cancel()
        for task in self._running:
            task.cancel()

    def reset(self) -> None:
        """Forgets the runs so far."""
        now = self._clock.now()
        self._timers = [_timer(t.function, t.schedule, None, now) for t in self._timers]
        self._keep()
        self._wake.set()

    def next_due(self, stride: timedelta = timedelta(0)) -> datetime | None:
        """The next tick; with a `stride`, ticks that follow a run sooner are passed over."""
        return min((t.due(stride) for t in self._timers if not t.running), default=None)

    @property
    def busy(self) -> bool:
        return bool(self._running or self._due())

    async def idle(self) -> None:
        """Returns when no timer runs and none is due."""
        while self.busy:
            self._fire_due()
            await asyncio.wait(self._running)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            self._fire_due()
            due = self.next_due()
            seconds = self._clock.real_seconds_until(due) if due else None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), seconds)

    def _due(self) -> list[Timer]:
        now = self._clock.now()
        return [t for t in self._timers if not t.running and t.next <= now]

    def _fire_due(self) -> None:
        for timer in self._due():
            self._fire(timer)

    def _fire(self, timer: Timer, *, past_due: bool = False) -> None:
        timer.running = True
        task = asyncio.create_task(self._invoke(timer, timer.payload(past_due=past_due)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _invoke(self, timer: Timer, payload: Datum) -> None:
        started = self._clock.now()
        # A failure counts as a run.
        await self._worker.succeeds(timer.function, payload)
        timer.started(started)
        timer.running = False
        self._keep()
        self._wake.set()

    def _keep(self) -> None:
        kept = {t.function.name: t.status.as_json() for t in self._timers if t.status}
        try:
            write_whole(self._path, json.dumps(kept))
        except OSError as error:
            # A full disk must not stop the timers.
            logger.warning("the timers' last runs cannot be kept: %s", error)

    def _kept(self) -> dict[str, Status]:
        try:
            bodies: dict[str, dict[str, str]] = json.loads(self._path.read_text())
            return {name: Status.of_json(body) for name, body in bodies.items()}
        except (OSError, ValueError, KeyError):
            return {}


def _timer(function: Function, schedule: Schedule, kept: Status | None, now: datetime) -> Timer:
    """As the schedule monitor goes on: with what was kept, unless the schedule is another one by now."""
    timer = Timer(function, schedule, schedule.next(now), None)
    if function.trigger.get("useMonitor") is not False and not schedule.under_a_minute(now):
        same = kept is not None and schedule.next(kept.last or kept.updated) == kept.next
        timer.status = kept if same else Status(None, timer.next, now)
    return timer


def _schedule(function: Function, settings: Mapping[str, str]) -> Schedule:
    text = str(function.trigger.get("schedule", ""))
    try:
        schedule = parse_schedule(text, settings)
    except ScheduleError as error:
        raise LoadError([f"function {function.name}: {error}"]) from error
    if isinstance(schedule, ConstantSchedule) and schedule.interval <= timedelta(0):
        raise LoadError([f"function {function.name}: '{text}' is not a valid CRON expression."])
    return schedule


def _iso(when: datetime | None) -> str:
    if when is None:
        return "0001-01-01T00:00:00"
    text = f"{when:%Y-%m-%dT%H:%M:%S.%f}".rstrip("0").rstrip(".")
    return text + "+00:00"
