"""The ARM emulator in a process of its own: what `python -m localcloud arm` serves."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from aiohttp import web

from localcloud.azure import arm_connection, directory_of, start_arm
from localcloud.clock import Clock
from localcloud.control import (
    ControlError,
    duration,
    json_object,
    number,
    reset_route,
)
from localcloud.entra import issuer
from localcloud.process import serve_control
from localcloud.state_folder import StateFolder


@contextlib.asynccontextmanager
async def serving_arm(state: Path, port: int, *, real_date: bool = False) -> AsyncIterator[str]:
    """The emulator's address while it runs; its connection.json has `arm`, `identity`, `entra`, `control`."""
    async with contextlib.AsyncExitStack() as stack:
        folder = StateFolder(state)
        stack.callback(folder.release)
        clock = Clock(folder.path / "clock.json")
        stack.callback(clock.save)
        arm = await start_arm(folder.path, clock, port)
        stack.push_async_callback(arm.stop)
        arm.set_profile(real_date=real_date)
        listener = folder.listen("control")
        control_url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        async def reset() -> None:
            arm.reset()

        directory = directory_of(folder.path, control_url)
        routes = [*clock_routes(clock), reset_route(reset), *arm.control_routes()]
        await serve_control(stack, listener, [*routes, *issuer.routes(directory)])
        told = {**arm_connection(arm), "entra": directory.connection()}
        folder.write_connection({**told, "control": {"url": control_url}})
        yield arm.url


def clock_routes(clock: Clock) -> list[web.RouteDef]:
    """Nothing here waits for time, so that the clock simply changes. `now` sets it exactly, which is
    how a Functions runtime in another process keeps this clock on its own."""

    async def read(_: web.Request) -> web.Response:
        return web.json_response(clock.state())

    async def change(request: web.Request) -> web.Response:
        body = await json_object(request, known=("now", "advance", "speed"))
        now = _moment(body["now"]) if "now" in body else clock.now()
        if "advance" in body:
            now += duration(body["advance"])
        clock.change(now=now, speed=number("speed", body["speed"]) if "speed" in body else None)
        return web.json_response(clock.state())

    return [web.get("/clock", read), web.post("/clock", change)]


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise ControlError("now", "is an ISO 8601 time") from None
    if moment.tzinfo is None:
        raise ControlError("now", "has a time zone, as Z")
    return moment
