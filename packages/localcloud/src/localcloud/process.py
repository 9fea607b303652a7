"""One local cloud process: clock, Functions runtime, control API, and the ARM emulator if wanted.

Order of starting: state folder, clock, control socket (its address is a setting of the app), ARM,
the app's environment, the app, connection.json. Stopping is the reverse.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from aiohttp import web

from localcloud.advance import Follower, Mover
from localcloud.clock import HEARTBEAT, Clock
from localcloud.control import Notifications, clock_routes, control_application, reset_route
from localcloud.host.fork_server import ForkServer
from localcloud.host.front_door import FrontDoor
from localcloud.host.keys import EXTENSIONS, system_key
from localcloud.host.runtime import FunctionsRuntime, load_local_settings
from localcloud.host.worker_process import WorkerProcess
from localcloud.state_folder import StateFolder, listening

GRACE = 0.5
# In the state folder: the process to kill to see the app's worker die.
WORKER_PID = "worker.pid"


class Cloud(Protocol):
    """The ARM emulator beside the app: in this process or in another one."""

    follower: Follower | None

    async def start(self, clock: Clock) -> None: ...
    async def stop(self) -> None: ...
    async def reset(self) -> None: ...
    def control_routes(self) -> list[web.RouteDef]: ...
    def environment(self, folder: StateFolder, control_url: str) -> Mapping[str, str]:
        """Return what the app needs in its environment, all of it set anew."""
        ...

    def connection(self) -> Mapping[str, Any]:
        """Return what connection.json says beyond a plain Functions app."""
        ...

    def front_door(self) -> FrontDoor:
        """Return who signs people in; asked for after `environment`."""
        ...


@dataclass(frozen=True)
class Options:
    app_dir: Path
    state: Path
    port: int
    speed: float | None = None


class LocalCloud:
    """A running local cloud; `cloud` is None for any other Functions folder."""

    def __init__(
        self, options: Options, fork_server: ForkServer, cloud: Cloud | None = None
    ) -> None:
        self._options, self._fork_server, self._cloud = options, fork_server, cloud
        self._worker: WorkerProcess | None = None
        self._stack = contextlib.AsyncExitStack()
        self.connection: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        """Everything is up and connection.json written on entry; undone if it fails."""
        async with contextlib.AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def until_stopped(self) -> None:
        """Returns at SIGINT or SIGTERM; raises HostEndedError when the app's process has died too often."""
        if self._worker is None:
            raise RuntimeError("not started")
        ends = [asyncio.ensure_future(end) for end in (until_stopped(), self._worker.given_up())]
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in done:
            end.result()

    async def _start(self, stack: contextlib.AsyncExitStack) -> None:
        folder = StateFolder(self._options.state)
        stack.callback(folder.release)
        port = self._options.port
        app_socket = stack.enter_context(listening(port) if port else folder.listen("app"))
        control_socket = stack.enter_context(folder.listen("control"))
        control_url = f"http://127.0.0.1:{control_socket.getsockname()[1]}"
        clock = Clock(folder.path / "clock.json", speed=self._options.speed)
        stack.callback(clock.save)
        if self._cloud:
            await self._cloud.start(clock)
            stack.push_async_callback(self._cloud.stop)
            os.environ.update(self._cloud.environment(folder, control_url))
        else:
            load_local_settings(self._options.app_dir)
        worker = await self._start_worker(stack, folder, clock)
        door = self._cloud.front_door() if self._cloud else None
        runtime = FunctionsRuntime(
            self._options.app_dir, worker, folder.path, clock, app_socket, door
        )
        mover = Mover(clock, runtime, self._cloud.follower if self._cloud else None)
        await mover.announce()
        await serve_control(
            stack, control_socket, self._control_routes(runtime, clock, mover, folder)
        )
        await runtime.start()
        stack.push_async_callback(runtime.stop)
        stack.callback(asyncio.create_task(_heartbeat(clock)).cancel)
        self.connection = self._connection(runtime, control_url)
        folder.write_connection(self.connection)

    async def _start_worker(
        self, stack: contextlib.AsyncExitStack, folder: StateFolder, clock: Clock
    ) -> WorkerProcess:
        self._worker = await WorkerProcess.start(
            self._fork_server, self._options.app_dir, clock, folder.path / WORKER_PID
        )
        stack.callback(self._worker.stop)
        return self._worker

    def _control_routes(
        self, runtime: FunctionsRuntime, clock: Clock, mover: Mover, folder: StateFolder
    ) -> list[web.RouteDef]:
        notifications = Notifications(folder.path / "notifications.jsonl", clock.now)

        async def reset() -> None:
            if self._cloud:
                # Releases the requests that a fault rule holds.
                await self._cloud.reset()
            await runtime.reset()
            if self._cloud:
                # Takes away what the last functions did to it.
                await self._cloud.reset()
            notifications.reset()

        arm = self._cloud.control_routes() if self._cloud else []
        return [*clock_routes(clock, mover), reset_route(reset), *notifications.routes(), *arm]

    def _connection(self, runtime: FunctionsRuntime, control_url: str) -> dict[str, Any]:
        return {
            "app": {"url": runtime.url, "key": runtime.keys["master"]},
            "systemKeys": {name: runtime.keys[system_key(name)] for name in EXTENSIONS},
            **(self._cloud.connection() if self._cloud else {}),
            "control": {"url": control_url},
        }


async def serve_control(
    stack: contextlib.AsyncExitStack, listener: socket.socket, routes: list[web.RouteDef]
) -> None:
    """Serves the control API until `stack` is left."""
    runner = web.AppRunner(control_application(routes), access_log=None, shutdown_timeout=GRACE)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, listener).start()


async def _heartbeat(clock: Clock) -> None:
    """Keeps a fast clock's time, which a restart cannot work out."""
    while True:
        await asyncio.sleep(HEARTBEAT)
        if clock.speed not in (0.0, 1.0):
            clock.save()


async def until_stopped() -> None:
    """Returns at SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
