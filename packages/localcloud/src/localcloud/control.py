"""The control API: time, reset, what the app notified, and the ARM emulator's own routes.

Loopback only, and never part of the app. A request whose Host or Origin is not this machine is refused,
so that no web page can reach it, by a name of its own (DNS rebinding) or by this machine's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import web

from localcloud.advance import Mover
from localcloud.clock import Clock, ClockError

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
BODY_LIMIT = 16 * 1024 * 1024
NUMBER = r"(\d+(?:\.\d+)?(?:e\+?\d+)?)"
DURATION = re.compile(
    rf"P(?:{NUMBER}W)?(?:{NUMBER}D)?(?:T(?:{NUMBER}H)?(?:{NUMBER}M)?(?:{NUMBER}S)?)?", re.IGNORECASE
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlError(ValueError):
    """A request that cannot be carried out; `field` is the part of the body that is wrong."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class UnreachableError(Exception):
    """Another process of this local cloud does not answer."""


class Notifications:
    """The notifications that the app sent to POST /notifications, one JSON object a line in `path`."""

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._path, self._now = path, now

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/notifications", self._add), web.get("/notifications", self._list)]

    def reset(self) -> None:
        self._path.unlink(missing_ok=True)

    async def _add(self, request: web.Request) -> web.Response:
        entry = {
            "time": self._now().isoformat().replace("+00:00", "Z"),
            "headers": dict(request.headers),
            "body": await request.text(),
        }
        with self._path.open("a") as lines:
            lines.write(json.dumps(entry) + "\n")
        return web.Response(status=204)

    async def _list(self, _: web.Request) -> web.Response:
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        return web.json_response({"notifications": [json.loads(line) for line in lines]})


def control_application(routes: Sequence[web.RouteDef]) -> web.Application:
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[_guard])
    app.add_routes(routes)
    return app


def clock_routes(clock: Clock, mover: Mover) -> list[web.RouteDef]:
    """GET /clock; POST /clock {"advance": duration, "speed": number}, one of them or both."""

    async def read(_: web.Request) -> web.Response:
        return web.json_response(clock.state())

    async def change(request: web.Request) -> web.Response:
        body = await json_object(request, known=("advance", "speed"))
        span = duration(body["advance"]) if "advance" in body else None
        speed = number("speed", body["speed"]) if "speed" in body else None
        if span is None and speed is None:
            raise ControlError("", 'give "advance" (a duration as "P1D"), "speed", or both')
        if speed is not None and not 0 <= speed <= 1e7:
            raise ControlError("speed", "is a number from 0 (stopped) to 10000000")
        if span is not None:
            await mover.advance(span)
        if speed is not None:
            await mover.set_speed(speed)
        return web.json_response(clock.state())

    return [web.get("/clock", read), web.post("/clock", change)]


def reset_route(reset: Callable[[], Awaitable[None]]) -> web.RouteDef:
    async def handle(_: web.Request) -> web.Response:
        await reset()
        return web.Response(status=204)

    return web.post("/reset", handle)


async def json_object(request: web.Request, *, known: Sequence[str]) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        raise ControlError("", "the body is not JSON") from None
    if not isinstance(body, dict):
        raise ControlError("", "the body is not a JSON object")
    if unknown := sorted(set(body) - set(known)):
        raise ControlError(unknown[0], f"is unknown; known are {', '.join(known)}")
    return body


def duration(value: object) -> timedelta:
    """An ISO 8601 duration of weeks, days, hours, minutes and seconds, as `P1D` or `PT0.5S`."""
    match = DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None or not any(match.groups()):
        raise ControlError("advance", "is an ISO 8601 duration without years and months, as P1D")
    weeks, days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    try:
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise ControlError("advance", "is too long") from None


def number(field: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ControlError(field, "is a number")
    return float(value)


def problem(status: int, field: str, text: str) -> web.Response:
    body: dict[str, Any] = {"title": HTTPStatus(status).phrase, "status": status, "detail": text}
    if field:
        body["detail"] = f"{field} {text}"
        body["errors"] = [{"field": field, "message": text}]
    return web.json_response(body, status=status, content_type="application/problem+json")


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    for name, default in (("Host", ""), ("Origin", LOOPBACK[0])):
        address = request.headers.get(name, default).lower().rpartition("//")[2]
        if re.sub(r":\d+$", "", address) not in LOOPBACK:
            return problem(403, name, "is not this machine")
    try:
        return await handler(request)
    except ControlError as error:
        return problem(400, error.field, str(error))
    except ClockError as error:
        return problem(400, "advance", str(error))
    except UnreachableError as error:
        return problem(502, "", str(error))
