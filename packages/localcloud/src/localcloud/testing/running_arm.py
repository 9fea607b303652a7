"""An ARM emulator on a thread of its own, with a clock that the test moves.

Clients that block (the real SDK, the az CLI) can be driven from the test's thread while it serves.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from localcloud.arm.server.arm_cloud import ArmCloud
from localcloud.arm.state.profile import DEFAULT, Profile

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class MovableTime:
    """Time that stands still until it is moved."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        """The present moment of the cloud."""
        return self._now

    def advance(self, **delta: float) -> None:
        """Move the clock on by `timedelta(**delta)`."""
        self._now += timedelta(**delta)


@contextmanager
def running_cloud(
    state: Path, time: MovableTime, *, profile: Profile = DEFAULT
) -> Iterator[ArmCloud]:
    """The started emulator; it is stopped and its thread ended when the block is left."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="arm", daemon=True)
    thread.start()
    cloud = ArmCloud(state, now=time.now, profile=profile)
    try:
        asyncio.run_coroutine_threadsafe(cloud.start(), loop).result(30)
        yield cloud
    finally:
        asyncio.run_coroutine_threadsafe(cloud.stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
