"""The movable clock of the local cloud, kept in the state folder.

The clock is a straight line: `now = origin + speed * (real time since origin)`. Speed 0 stops it,
1 is real time, 3600 an hour a second; moving it or changing its speed starts a new line.

What a restart finds: a stopped clock where it stood; at speed 1 the same offset to real time, as if
it had run on; at any other speed the last heartbeat and at most `HEARTBEAT` real seconds more, so
that time never runs backwards, and does not leap by the whole pause.
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HEARTBEAT = 1.0
# Written in place in one call, which a killed process cannot leave half done; replacing the file
# instead would take milliseconds at every step of a moving clock.
RECORD = 200
logger = logging.getLogger(__name__)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)


class ClockError(ValueError):
    """A time or speed that the clock cannot take; the text says what it can."""


@dataclass(frozen=True)
class Line:
    """Time as a function of the real time since `real` (seconds of the monotonic clock)."""

    origin: datetime
    real: float
    speed: float

    def at(self, real: float) -> datetime:
        seconds = (real - self.real) * self.speed
        try:
            return min(self.origin + timedelta(seconds=seconds), LATEST)
        except OverflowError:
            return LATEST


class Clock:
    """Aware UTC time that can be stopped, sped up and moved; safe to read from any thread."""

    def __init__(self, path: Path | None = None, *, speed: float | None = None) -> None:
        """`path` keeps the clock between runs; a `speed` given here overrides the kept one."""
        self._callbacks: list[Callable[[], None]] = []
        self._frozen = False
        kept = _read(path)
        self._speed = _checked_speed(kept[1] if speed is None else speed)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600) if path else None
        self._line = Line(kept[0], time.monotonic(), self._speed)
        self.save()

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def line(self) -> Line:
        """Return how time runs at present, for another process of this machine."""
        return self._line

    def now(self) -> datetime:
        return self._line.at(time.monotonic())

    def subscribe(self, callback: Callable[[], None]) -> None:
        """`callback` is called (where `change` was) after a move or a change of speed."""
        self._callbacks.append(callback)

    def real_seconds_until(self, when: datetime) -> float | None:
        """Real seconds until `when`, 0 if it has passed; None: never at the present speed."""
        line = self._line
        distance = (when - line.at(time.monotonic())).total_seconds()
        if distance <= 0:
            return 0.0
        return distance / line.speed if line.speed else None

    def change(self, *, now: datetime | None = None, speed: float | None = None) -> None:
        """Moves the clock to `now` (back is allowed: a reset does that) and/or sets its speed."""
        if speed is not None:
            self._speed = _checked_speed(speed)
        if now is not None and now > LATEST:
            raise ClockError(f"the clock ends at {LATEST.isoformat()}")
        origin = self.now() if now is None else now.astimezone(UTC)
        self._line = Line(origin, time.monotonic(), 0.0 if self._frozen else self._speed)
        self.save()
        for callback in self._callbacks:
            callback()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Time stands still within, but for `change`; the speed that is kept on disk stays."""
        self._frozen = True
        self.change()
        try:
            yield
        finally:
            self._frozen = False
            self.change()

    def state(self) -> dict[str, Any]:
        return {"now": self.now().isoformat().replace("+00:00", "Z"), "speed": self._speed}

    def save(self) -> None:
        """To be called every `HEARTBEAT` seconds; every change saves by itself."""
        if self._file is None:
            return
        kept = {"now": self.now().isoformat(), "speed": self._speed, "wall": time.time()}
        try:
            os.pwrite(self._file, json.dumps(kept).ljust(RECORD).encode(), 0)
        except OSError as error:
            # A full disk must not stop time.
            logger.warning("the time cannot be kept: %s", error)


def _checked_speed(speed: float) -> float:
    if not math.isfinite(speed) or not 0 <= speed <= 1e7:
        raise ClockError("speed is a number from 0 (stopped) to 10000000; 1 is real time")
    return float(speed)


def _read(path: Path | None) -> tuple[datetime, float]:
    """Time and speed to go on with; real time if nothing (or nothing readable) was kept."""
    try:
        kept = json.loads(path.read_text()) if path else {}
        now, speed, wall = datetime.fromisoformat(kept["now"]), float(kept["speed"]), kept["wall"]
        away = max(0.0, time.time() - float(wall))
    except (OSError, ValueError, KeyError):
        return datetime.now(UTC), 1.0
    away = away if speed == 1 else min(away, HEARTBEAT)
    return Line(now, 0.0, speed).at(away), speed
