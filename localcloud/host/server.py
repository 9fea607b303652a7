"""HTTP in front of the functions: routes, keys, requests and responses as the Functions host has them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from multidict import MultiDict, MultiMapping

from localcloud.host.eventgrid import EventGridWebhook
from localcloud.host.keys import Keys, opens
from localcloud.host.routes import Router
from localcloud.host.worker import Datum, Function, Worker, WorkerFailure

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

    def application(self, durable: list[web.RouteDef]) -> web.Application:
        """`durable` are the routes of the Durable HTTP API, which come first."""
        app = web.Application(client_max_size=BODY_LIMIT)
        app.add_routes(durable)
        app.router.add_route("*", "/{tail:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        if f"{request.path}/".lower().startswith(f"{EVENT_GRID_PATH}/"):
            return await self._event_grid.answer(request)
        match = self._router.find(request.method, request.rel_url.raw_path)
        if match is None:
            return web.Response(status=404)
        function, parameters = match
        if not self._opens(request, function):
            return web.Response(status=401)
        data = await request_datum(request, parameters)
        try:
            return response_of(await self._worker.invoke(function, data))
        except (WorkerFailure, ValueError) as error:  # or what it returned cannot be sent
            logger.error("Executed '%s' (Failed)\n%s", function.name, error)
            return web.Response(status=500)

    def _opens(self, request: web.Request, function: Function) -> bool:
        level = str(function.trigger.get("authLevel") or "function").lower()
        names = ("host", f"function:{function.name}") if level == "function" else ()
        return level == "anonymous" or opens(request, self._keys, *names)


async def request_datum(request: web.Request, parameters: Mapping[str, str]) -> Datum:
    """What the host sends to the worker."""
    return Datum(
        {
            "method": Datum(request.method, "string"),
            "url": Datum(str(request.url), "string"),
            "headers": _texts(request.headers),
            "query": _texts(request.query),
            "params": _texts(MultiDict(parameters)),
            "body": Datum(await request.read(), "bytes"),
        },
        "http",
    )


def _texts(values: MultiMapping[str]) -> dict[str, Datum]:
    """Repeated values are joined by commas."""
    return {name: Datum(",".join(values.getall(name)), "string") for name in values}


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
