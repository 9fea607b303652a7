"""The Functions runtime: worker, durable engine, timers and HTTP server of one app folder."""

from __future__ import annotations

import json
import os
import socket
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from localcloud.clock import Clock
from localcloud.durable.hub import TaskHub
from localcloud.host.front_door import FrontDoor
from localcloud.host.keys import load_keys, system_key
from localcloud.host.server import FunctionsServer
from localcloud.host.timers import Timers
from localcloud.host.worker import LoadError
from localcloud.host.worker_process import WorkerProcess

# How long a moving clock waits for requests in flight, in real seconds: some may wait for time itself.
REQUEST_PATIENCE = 30.0
RESET_PATIENCE = 5.0
GRACE = 0.5


class FunctionsRuntime:
    """Serves `app_dir` on a bound socket; everything it keeps lies in `state`."""

    def __init__(
        self,
        app_dir: Path,
        worker: WorkerProcess,
        state: Path,
        clock: Clock,
        listener: socket.socket,
        door: FrontDoor | None = None,
    ) -> None:
        extensions = _json_object(app_dir / "host.json").get("extensions") or {}
        self._listener = listener
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.worker = worker
        self.keys = load_keys(state / "keys.json", [f.name for f in self.worker.functions])
        self.hub = TaskHub(
            self.worker,
            database=state / "durable.sqlite",
            clock=clock,
            durable_settings=extensions.get("durableTask") or {},
            origin=self.url,
            system_key=self.keys[system_key("durabletask")],
            environ=os.environ,
        )
        self.worker.client_binding = self.hub.client_binding
        self.timers = Timers(self.worker, clock, state / "timers.json", os.environ)
        prefix = (extensions.get("http") or {}).get("routePrefix", "api")
        server = FunctionsServer(self.worker, self.keys, str(prefix), self.hub.answer, door)
        self._runner = web.ServerRunner(server.front(), shutdown_timeout=GRACE)

    async def start(self) -> None:
        await self.hub.start()
        await self._runner.setup()
        await web.SockSite(self._runner, self._listener, backlog=1024).start()
        self.timers.start()

    async def stop(self) -> None:
        await self.timers.stop()
        await self._runner.cleanup()
        await self.hub.stop()
        self.worker.stop()

    async def idle(self) -> None:
        """Returns when no function runs and nothing is due."""
        patience = time.monotonic() + REQUEST_PATIENCE
        while True:
            await self.worker.settle(max(0.0, patience - time.monotonic()))
            await self.timers.idle()
            await self.hub.idle()
            waiting = self.worker.busy and time.monotonic() < patience
            if not waiting and not self.timers.busy:
                return

    def next_due(self) -> datetime | None:
        return self.hub.next_due()

    def next_tick(self, stride: timedelta) -> datetime | None:
        return self.timers.next_due(stride)

    async def reset(self) -> None:
        """Forgets instances and runs of timers; functions that run are waited for a little."""
        await self.worker.settle(RESET_PATIENCE)
        await self.hub.reset()
        await self.worker.settle(RESET_PATIENCE)
        self.timers.reset()


def load_local_settings(app_dir: Path) -> None:
    """`Values` of local.settings.json become environment variables; those that are set win."""
    values = _json_object(app_dir / "local.settings.json").get("Values") or {}
    for name, value in values.items():
        os.environ.setdefault(name, str(value))


def _json_object(path: Path) -> dict[str, Any]:
    """Return what an optional file of the app's folder says; raises LoadError if it is no JSON object."""
    if not path.is_file():
        return {}
    try:
        body = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise LoadError([f"{path.name}: {error}"]) from error
    if not isinstance(body, dict):
        raise LoadError([f"{path.name}: is not a JSON object"])
    return body
