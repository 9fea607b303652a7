"""HTTP in front of the functions: routes, keys, requests and responses as the Functions host has them."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiohttp import web

from localcloud.host.eventgrid import EventGridWebhook
from localcloud.host.keys import Keys
from localcloud.host.routes import Match, Router
from localcloud.host.worker import Datum, Worker, WorkerFailure

BODY_LIMIT = 104_857_600  # FUNCTIONS_REQUEST_BODY_SIZE_LIMIT's default
HOP_HEADERS = ("content-length", "transfer-encoding", "connection")
EVENT_GRID_PATH = "/runtime/webhooks/eventgrid"
logger = logging.getLogger(__name__)


class FunctionsServer:
    """Answers every request that is not one of the Durable HTTP API."""

    def __init__(self, worker: Worker, keys: Keys, prefix: str) -> None:
        self._worker, self._keys = worker, keys
        self._router = Router(worker.functions, prefix)
        self._event_grid = EventGridWebhook(worker, keys)
        self._running: set[asyncio.Task[Any]] = set()

    def application(self, durable: list[web.RouteDef]) -> web.Application:
        """`durable` are the routes of the Durable HTTP API, which come first."""
        app = web.Application(client_max_size=BODY_LIMIT)
        app.add_routes(durable)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        return app

    async def idle(self, patience: float) -> None:
        """Returns when no request is being answered, or after `patience` real seconds."""
        if self._running:
            await asyncio.wait(self._running, timeout=patience)

    @property
    def busy(self) -> bool:
        return bool(self._running)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        """In a task of its own: a function runs to its end when the caller has gone."""
        body = await request.read()
        task = asyncio.create_task(self._answer(request, body))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        path = request.path.lower()
        if path == EVENT_GRID_PATH or path.startswith(EVENT_GRID_PATH + "/"):
            return await self._event_grid.answer(request, body)
        match = self._router.find(request.method, request.rel_url.raw_path)
        if match is None:
            return web.Response(status=404)
        level = str(match.function.trigger.get("authLevel") or "function")
        if not self._keys.opens_function(level, match.function.name, offered_key(request)):
            return web.Response(status=401)
        try:
            datum = await self._worker.invoke(match.function, request_datum(request, match, body))
            return response_of(datum)
        except WorkerFailure as failure:
            logger.error("Executed '%s' (Failed)\n%s", match.function.name, failure.text)
        except ValueError as error:  # a status or header that HTTP does not have
            logger.error("'%s' returned what cannot be sent: %s", match.function.name, error)
        return web.Response(status=500)


def offered_key(request: web.Request) -> str | None:
    return request.headers.get("x-functions-key") or request.query.get("code")


def request_datum(request: web.Request, match: Match, body: bytes) -> Datum:
    """What the host sends to the worker: repeated values are joined by commas."""
    return Datum(
        {
            "method": _text(request.method),
            "url": _text(str(request.url)),
            "headers": {
                name: _text(",".join(request.headers.getall(name))) for name in request.headers
            },
            "query": {name: _text(",".join(request.query.getall(name))) for name in request.query},
            "params": {name: _text(value) for name, value in match.parameters.items()},
            "body": Datum(body, "bytes"),
        },
        "http",
    )


def response_of(datum: Datum | None) -> web.Response:
    """The answer for what an HTTP function returned: an HttpResponse, or a text."""
    if datum is None:
        return web.Response(status=204)
    if datum.type != "http":
        return web.Response(text=str(datum.value))
    value: dict[str, Any] = datum.value
    response = web.Response(status=int(value["status_code"].value), body=value["body"].value)
    for name, header in value["headers"].items():
        if name.lower() not in HOP_HEADERS:
            response.headers[name] = header.value
    for cookie in value["cookies"] or ():
        for morsel in cookie.values():
            response.headers.add("Set-Cookie", morsel.OutputString())
    return response


def _text(value: str) -> Datum:
    return Datum(value, "string")
