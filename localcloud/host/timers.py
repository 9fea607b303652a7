"""Timer triggers: when they run, what their functions get, and what is remembered between runs.

As the recordings of the timer extension say (../shared/functions): a timer never overlaps itself; ticks
missed while it ran or while the clock jumped are one run at once, then the grid goes on. With a monitor
(schedules of a minute and more) the last run is kept, and a tick missed while the host was down is one
run, marked past due, at the start.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from localcloud.clock import Clock
from localcloud.files import write_whole
from localcloud.host.schedules import ConstantSchedule, Schedule, ScheduleError, parse_schedule
from localcloud.host.worker import Datum, Function, LoadError, Worker, WorkerFailure

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Status:
    """ScheduleStatus of the timer extension; None is .NET's first instant."""

    last: datetime | None
    next: datetime
    last_updated: datetime | None

    def as_json(self) -> dict[str, str]:
        return {
            "Last": _iso(self.last),
            "Next": _iso(self.next),
            "LastUpdated": _iso(self.last_updated),
        }

    @classmethod
    def of_json(cls, body: Mapping[str, str]) -> Status:
        return cls(
            _time(body["Last"]), datetime.fromisoformat(body["Next"]), _time(body["LastUpdated"])
        )


@dataclass
class Timer:
    """One timer trigger. `status` is what its function sees; None without a monitor."""

    function: Function
    schedule: Schedule
    monitored: bool
    next: datetime
    status: Status | None = None
    running: bool = False
    last_run: datetime | None = None

    def due(self, stride: timedelta) -> datetime:
        """The next tick that is at least `stride` after the last run."""
        return max(self.next, self.last_run + stride) if self.last_run else self.next

    def payload(self, *, past_due: bool) -> str:
        status = self.status.as_json() if self.status else None
        schedule = {"AdjustForDST": self.schedule.adjust_for_dst}
        return json.dumps(
            {"Schedule": schedule, "ScheduleStatus": status, "IsPastDue": past_due},
            separators=(",", ":"),
        )

    def started(self, now: datetime) -> None:
        """Moves on to the tick after a run that started at `now`."""
        self.next, self.last_run = self.schedule.next(now), now
        if self.monitored:
            self.status = Status(now, self.next, now)


class Timers:
    """Runs the timer triggers of an app on the clock."""

    def __init__(
        self, worker: Worker, clock: Clock, path: Path, settings: Mapping[str, str]
    ) -> None:
        self._worker, self._clock, self._path = worker, clock, path
        self._triggers = list(_triggers(worker, settings))
        self._timers: list[Timer] = []
        self._running: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None
        clock.subscribe(self._wake.set)

    def start(self) -> None:
        """Starts the timers; those past due, or to be run on start-up, run at once."""
        kept = self._kept()
        now = self._clock.now()
        for function, schedule in self._triggers:
            wanted = function.trigger.get("useMonitor") is not False
            monitored = wanted and not schedule.under_a_minute(now)
            timer = Timer(function, schedule, monitored, schedule.next(now))
            self._timers.append(timer)
            past_due = monitored and self._resume(timer, kept.get(function.name), now)
            if past_due or function.trigger.get("runOnStartup"):
                self._fire(timer, past_due=past_due)
        self._loop_task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._loop_task:
            self._loop_task.cancel()
        for task in self._running:
            task.cancel()

    def reset(self) -> None:
        """Forgets the runs so far."""
        self._path.unlink(missing_ok=True)
        now = self._clock.now()
        for timer in self._timers:
            timer.next = timer.schedule.next(now)
            timer.status = Status(None, timer.next, None) if timer.monitored else None
        self._wake.set()

    def next_due(self, stride: timedelta = timedelta(0)) -> datetime | None:
        """The next tick; with a `stride`, ticks that follow a run sooner are passed over."""
        return min((t.due(stride) for t in self._timers if not t.running), default=None)

    @property
    def busy(self) -> bool:
        return bool(self._running) or any(self._due())

    async def idle(self) -> None:
        """Returns when no timer runs and none is due."""
        while True:
            self._fire_due()
            if not self._running:
                return
            await asyncio.wait(self._running)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            self._fire_due()
            due = self.next_due()
            seconds = self._clock.real_seconds_until(due) if due else None
            try:
                await asyncio.wait_for(self._wake.wait(), seconds)
            except TimeoutError:
                continue

    def _due(self) -> Iterator[Timer]:
        now = self._clock.now()
        return (t for t in self._timers if not t.running and t.next <= now)

    def _fire_due(self) -> None:
        for timer in list(self._due()):
            self._fire(timer, past_due=False)

    def _fire(self, timer: Timer, *, past_due: bool) -> None:
        timer.running = True
        task = asyncio.create_task(self._invoke(timer, timer.payload(past_due=past_due)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _invoke(self, timer: Timer, payload: str) -> None:
        started = self._clock.now()
        try:
            await self._worker.invoke(timer.function, Datum(payload, "json"))
        except WorkerFailure as failure:
            logger.error("Executed '%s' (Failed)\n%s", timer.function.name, failure.text)
        timer.started(started)
        timer.running = False
        if timer.monitored:
            self._keep()
        self._wake.set()

    def _resume(self, timer: Timer, kept: Status | None, now: datetime) -> bool:
        """Compares with the last run, as the schedule monitor does; whether a tick was missed."""
        timer.status = Status(None, timer.next, None)
        if kept is None:
            self._keep(timer, Status(None, timer.next, now))
            return False
        known = kept.last or kept.last_updated or now
        expected = timer.schedule.next(known)
        if expected != kept.next:  # the schedule has been changed meanwhile
            expected = timer.schedule.next(now) if now > expected else expected
            kept = Status(None, expected, now)
            self._keep(timer, kept)
        timer.status = kept
        return now > kept.next

    def _keep(self, timer: Timer | None = None, status: Status | None = None) -> None:
        kept = {t.function.name: t.status for t in self._timers if t.monitored}
        if timer is not None:
            kept[timer.function.name] = status
        text = json.dumps({name: status.as_json() for name, status in kept.items() if status})
        try:
            write_whole(self._path, text)
        except OSError as error:  # a full disk must not stop the timers
            logger.warning("the timers' last runs cannot be kept: %s", error)

    def _kept(self) -> dict[str, Status]:
        try:
            bodies: dict[str, Any] = json.loads(self._path.read_text())
            return {name: Status.of_json(body) for name, body in bodies.items()}
        except (OSError, ValueError, KeyError):
            return {}


def _triggers(worker: Worker, settings: Mapping[str, str]) -> Iterator[tuple[Function, Schedule]]:
    for function in worker.functions:
        if function.kind != "timerTrigger":
            continue
        text = str(function.trigger.get("schedule", ""))
        try:
            schedule = parse_schedule(text, settings)
            if isinstance(schedule, ConstantSchedule) and schedule.interval <= timedelta(0):
                raise ScheduleError(f"'{text}' is not a valid CRON expression.")
        except ScheduleError as error:
            raise LoadError([f"function {function.name}: {error}"]) from error
        yield function, schedule


def _iso(when: datetime | None) -> str:
    if when is None:
        return "0001-01-01T00:00:00"
    text = f"{when:%Y-%m-%dT%H:%M:%S.%f}".rstrip("0").rstrip(".")
    return text + "+00:00"


def _time(text: str) -> datetime | None:
    return None if text.startswith("0001") else datetime.fromisoformat(text)
