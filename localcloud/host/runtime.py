"""The Functions runtime: worker, durable engine, timers and HTTP server of one app folder."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from localcloud.clock import Clock
from localcloud.durable.hub import TaskHub
from localcloud.host.keys import Keys, load_keys
from localcloud.host.server import FunctionsServer
from localcloud.host.timers import Timers
from localcloud.host.worker import LoadError, Worker

# How long a moving clock waits for requests in flight, in real seconds: some may wait for time itself.
REQUEST_PATIENCE = 30.0
RESET_PATIENCE = 5.0
GRACE = 0.5


class FunctionsRuntime:
    """Serves `app_dir` on a bound socket; everything it keeps lies in `state`."""

    def __init__(self, app_dir: Path, state: Path, clock: Clock, listener: socket.socket) -> None:
        host = _host_json(app_dir)
        extensions: Mapping[str, Any] = host.get("extensions") or {}
        self._listener = listener
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.worker = Worker.load(app_dir)
        self.worker.use_clock(clock.now)
        self.keys: Keys = load_keys(state / "keys.json", [f.name for f in self.worker.functions])
        self.hub = TaskHub(
            self.worker,
            database=state / "durable.sqlite",
            clock=clock,
            durable_settings=extensions.get("durableTask") or {},
            origin=self.url,
            system_key=self.keys.system["durabletask"],
            environ=os.environ,
        )
        self.worker.client_binding = self.hub.client_binding
        self.timers = Timers(self.worker, clock, state / "timers.json", os.environ)
        prefix = (extensions.get("http") or {}).get("routePrefix", "api")
        self._server = FunctionsServer(self.worker, self.keys, str(prefix))
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        await self.hub.start()
        application = self._server.application(self.hub.routes())
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=GRACE)
        await self._runner.setup()
        await web.SockSite(self._runner, self._listener, backlog=1024).start()
        self.timers.start()

    async def stop(self) -> None:
        await self.timers.stop()
        if self._runner:
            await self._runner.cleanup()
        await self.hub.stop()
        self.worker.stop()

    async def idle(self) -> None:
        """Returns when no function runs and nothing is due."""
        patience = time.monotonic() + REQUEST_PATIENCE
        while True:
            await self._server.idle(max(0.0, patience - time.monotonic()))
            await self.timers.idle()
            await self.hub.idle()
            waiting = self._server.busy and time.monotonic() < patience
            if not waiting and not self.timers.busy:
                return

    def next_due(self) -> datetime | None:
        return self.hub.next_due()

    def next_tick(self, stride: timedelta) -> datetime | None:
        return self.timers.next_due(stride)

    async def reset(self) -> None:
        """Forgets instances and runs of timers; functions that run are waited for a little."""
        await self._server.idle(RESET_PATIENCE)
        await self.hub.reset()
        await self.worker.settle(RESET_PATIENCE)
        self.timers.reset()


def load_local_settings(app_dir: Path) -> None:
    """`Values` of local.settings.json become environment variables; those that are set win."""
    path = app_dir / "local.settings.json"
    if not path.is_file():
        return
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig")).get("Values") or {}
    except ValueError as error:
        raise LoadError([f"local.settings.json: {error}"]) from error
    for name, value in values.items():
        os.environ.setdefault(name, str(value))


def _host_json(app_dir: Path) -> dict[str, Any]:
    path = app_dir / "host.json"
    if not path.is_file():
        return {}
    try:  # what follows the first document is not read, by the real host neither
        host, _ = json.JSONDecoder().raw_decode(path.read_text(encoding="utf-8-sig").lstrip())
    except ValueError as error:
        raise LoadError([f"host.json: {error}"]) from error
    if not isinstance(host, dict):
        raise LoadError(["host.json: is not a JSON object"])
    return host
