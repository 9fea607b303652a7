"""The movable clock, and moving it through what falls due."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from localcloud.advance import TIMER_STOPS, Mover
from localcloud.clock import HEARTBEAT, Clock, ClockError

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def stopped(now: datetime = NOON, path: Path | None = None) -> Clock:
    clock = Clock(path, speed=0)
    clock.change(now=now)
    return clock


class Agenda:
    """A workload whose entries are done when their time has come; a done entry may add others."""

    def __init__(self, clock: Clock, due: list[datetime], every: timedelta | None = None) -> None:
        self.clock, self.due, self.every = clock, sorted(due), every
        self.done: list[datetime] = []
        self.ticks: list[datetime] = []
        self.follow: dict[datetime, datetime] = {}
        self.tick = clock.now() + every if every else None

    async def idle(self) -> None:
        await asyncio.sleep(0)
        while self.due and self.due[0] <= self.clock.now():
            when = self.due.pop(0)
            self.done.append(self.clock.now())
            if when in self.follow:
                self.due = sorted([*self.due, self.follow[when]])
        if self.every and self.tick and self.tick <= self.clock.now():
            self.ticks.append(self.clock.now())
            self.tick = self.clock.now() + self.every

    def next_due(self) -> datetime | None:
        return self.due[0] if self.due else None

    def next_tick(self, stride: timedelta) -> datetime | None:
        if self.tick is None or not self.ticks:
            return self.tick
        return max(self.tick, self.ticks[-1] + stride)


def advance(clock: Clock, agenda: Agenda, span: timedelta, **more: Any) -> None:
    asyncio.run(Mover(clock, agenda, **more).advance(span))


def test_speed_scales_time() -> None:
    """Real time, an hour a second, and none at all."""
    clock = Clock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    assert clock.real_seconds_until(clock.now() + HOUR) == pytest.approx(3600, abs=1)
    clock.change(speed=3600)
    assert clock.real_seconds_until(clock.now() + HOUR) == pytest.approx(1, abs=0.1)
    clock.change(speed=0)
    assert clock.real_seconds_until(clock.now() + HOUR) is None
    assert clock.real_seconds_until(clock.now()) == 0
    assert clock.now() == clock.now()


def test_subscribers_hear_of_every_change() -> None:
    """Of moves and of speeds."""
    clock, heard = stopped(), []
    clock.subscribe(lambda: heard.append((clock.now(), clock.speed)))
    clock.change(now=NOON + HOUR)
    clock.change(speed=1)
    assert heard[0] == (NOON + HOUR, 0)
    assert heard[1][1] == 1


@pytest.mark.parametrize("speed", [-1, float("nan"), float("inf"), 1e9])
def test_speeds_that_make_no_sense_are_refused(speed: float) -> None:
    """And the clock goes on as it was."""
    clock = stopped()
    with pytest.raises(ClockError):
        clock.change(speed=speed)
    assert clock.now() == NOON


def test_a_stopped_clock_stays_where_it_stood(tmp_path: Path) -> None:
    """After a restart."""
    stopped(NOON, tmp_path / "clock.json")
    again = Clock(tmp_path / "clock.json")
    assert (again.now(), again.speed) == (NOON, 0)


def test_a_running_clock_keeps_its_distance_to_real_time(tmp_path: Path) -> None:
    """An hour of downtime is an hour on the clock."""
    path = tmp_path / "clock.json"
    kept = {"now": NOON.isoformat(), "speed": 1.0, "wall": time.time() - 3600}
    path.write_text(json.dumps(kept))
    assert Clock(path).now() - (NOON + HOUR) < timedelta(seconds=5)


def test_a_fast_clock_does_not_run_while_it_is_down(tmp_path: Path) -> None:
    """It goes on within a heartbeat of where it was, never before."""
    path = tmp_path / "clock.json"
    kept = {"now": NOON.isoformat(), "speed": 60.0, "wall": time.time() - 3600}
    path.write_text(json.dumps(kept))
    ahead = Clock(path).now() - NOON
    assert timedelta(0) <= ahead <= timedelta(seconds=60 * (HEARTBEAT + 2))


def test_a_damaged_file_is_real_time(tmp_path: Path) -> None:
    """Rather than no start at all."""
    (tmp_path / "clock.json").write_text("{")
    assert Clock(tmp_path / "clock.json").speed == 1


def test_everything_due_runs_at_its_own_time() -> None:
    """Also what is only made on the way; what lies beyond the target stays."""
    clock = stopped()
    times = [NOON + HOUR * n for n in (1, 2, 30)]
    agenda = Agenda(clock, times)
    agenda.follow[times[1]] = NOON + HOUR * 3
    advance(clock, agenda, HOUR * 24)
    assert agenda.done == [NOON + HOUR, NOON + HOUR * 2, NOON + HOUR * 3]
    assert clock.now() == NOON + HOUR * 24
    assert agenda.due == [NOON + HOUR * 30]


def test_what_is_due_at_the_target_runs() -> None:
    """The answer comes after it."""
    clock = stopped()
    agenda = Agenda(clock, [NOON + HOUR])
    advance(clock, agenda, HOUR)
    assert agenda.done == [NOON + HOUR]


def test_timers_run_on_their_grid_up_to_a_limit() -> None:
    """Hourly for a day exactly; every ten seconds for a day as often as a move may stop for it."""
    clock = stopped()
    hourly = Agenda(clock, [], HOUR)
    advance(clock, hourly, HOUR * 24)
    assert hourly.ticks == [NOON + HOUR * n for n in range(1, 25)]
    often = Agenda(clock, [], timedelta(seconds=10))
    advance(clock, often, HOUR * 24)
    assert TIMER_STOPS <= len(often.ticks) <= TIMER_STOPS + 2


def test_a_running_clock_runs_on_after_the_move() -> None:
    """With its speed, and time standing still on the way."""
    clock = Clock()
    start = clock.now()
    agenda = Agenda(clock, [start + HOUR])
    advance(clock, agenda, HOUR * 2)
    assert agenda.done == [start + HOUR]
    assert clock.speed == 1
    assert clock.now() - (start + HOUR * 2) < timedelta(seconds=5)


def test_the_follower_is_told_before_each_step() -> None:
    """So that another process's clock is never behind the work done here."""
    clock = stopped()
    agenda = Agenda(clock, [NOON + HOUR])
    announced: list[tuple[str, float, int]] = []

    async def follow(state: dict[str, Any]) -> None:
        announced.append((state["now"], state["speed"], len(agenda.done)))

    advance(clock, agenda, HOUR * 2, follower=follow)
    assert [(now[11:13], speed, done) for now, speed, done in announced] == [
        ("12", 0, 0),
        ("13", 0, 0),
        ("14", 0, 1),
        ("14", 0, 1),
    ]


def test_the_end_of_time_is_refused() -> None:
    """And the clock stays."""
    clock = stopped()
    with pytest.raises(ClockError):
        advance(clock, Agenda(clock, []), timedelta(days=3_000_000))
    assert clock.now() == NOON
