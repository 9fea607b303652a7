"""The sample app on a task hub in the test's own process."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from localcloud.clock import Clock
from localcloud.host.app import App
from localcloud.testing.task_hub import Host, served_hub

APP = Path(__file__).parent / "durable_app"


class SampleHost(Host):
    """The hub, and what tests ask of the sample app."""

    @property
    def code(self) -> dict[str, str]:
        """The switch in the app's module."""
        switch: dict[str, str] = sys.modules["function_app"].__dict__["CODE"]
        return switch

    @property
    def gate(self) -> threading.Event:
        """Holds up gated functions of the app while it is not set."""
        gate: threading.Event = sys.modules["function_app"].__dict__["GATE"]
        return gate

    @property
    def at_gate(self) -> list[str]:
        """Return the callers that have come to the gate."""
        came: list[str] = sys.modules["function_app"].__dict__["AT_GATE"]
        return came


@asynccontextmanager
async def host(state: Path, settings: Mapping[str, Any] | None = None) -> AsyncIterator[SampleHost]:
    """A fresh process' worth of the hub on what `state` holds."""
    worker, clock = App.load(APP), Clock(state / "clock.json", speed=0)
    async with served_hub(state / "durable.sqlite", worker, clock, settings or {}) as (hub, url):
        served = SampleHost(hub, worker, clock, url)
        try:
            yield served
        finally:
            await served.session.close()


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits for what has no event of its own: a file, a line in the log."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0)
