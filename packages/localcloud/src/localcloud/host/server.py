"""HTTP in front of the functions: routes, keys and requests as the Functions host has them."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from aiohttp import web
from multidict import MultiDict, MultiMapping

from localcloud.dotnet.addresses import path_of, query_of
from localcloud.durable.links import rpc_key
from localcloud.host.connection import Front
from localcloud.host.eventgrid import EventGridWebhook
from localcloud.host.keys import Keys, opens, refusal, system_key
from localcloud.host.local_clients import from_this_machine, path_behind
from localcloud.host.responses import connection_header, respond
from localcloud.host.routes import Router
from localcloud.host.webhooks import PREFIX, Handler, Webhooks
from localcloud.host.worker import Datum, Function, FunctionFailedError, Worker

RPC = "/durabletask/"
HOME = "<!DOCTYPE html><title>Function app</title><p>The function app is running.</p>\n"
PING = {"Cache-Control": "no-store,no-cache", "Pragma": "no-cache"}
logger = logging.getLogger(__name__)


class FunctionsServer:
    """Answers every request; `durable` answers those of the Durable HTTP API."""

    def __init__(self, worker: Worker, keys: Keys, prefix: str, durable: Handler) -> None:
        self._worker, self._keys, self._durable = worker, keys, durable
        self._router = Router(worker.functions, prefix)
        event_grid = EventGridWebhook(worker).answer
        self._webhooks = Webhooks(keys, {"durabletask": durable, "eventgrid": event_grid})

    def front(self) -> Front:
        """Return the server to be given to an aiohttp runner."""
        return Front(self._handle)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            answer = await self._answer(request, path_of(request.rel_url.raw_path))
        except Exception:
            logger.exception("%s %s cannot be answered", request.method, request.path)
            answer = web.Response(status=500)
        if not answer.prepared:
            answer.headers.update(connection_header(request, answer))
        return answer

    async def _answer(self, request: web.Request, path: str) -> web.StreamResponse:
        small = path.lower()
        if small.startswith(PREFIX):
            return await self._webhooks.answer(request, path)
        if small.startswith(RPC):
            return await self._local_client(request, path[len(RPC) :])
        if path == "/":
            return web.Response(body=HOME.encode(), headers={"Content-Type": "text/html"})
        if small == "/admin/host/ping":
            return web.Response(headers=PING)
        if small.startswith("/admin/"):
            return refusal(request, self._keys) or web.Response(status=404)
        match = self._router.find(request.method, path)
        return web.Response(status=404) if match is None else await self._call(request, *match)

    async def _local_client(self, request: web.Request, path: str) -> web.StreamResponse:
        """The SDK's client, from this machine."""
        if not from_this_machine(request):
            return web.Response(status=403)
        behind = path_behind(rpc_key(self._keys[system_key("durabletask")]), path)
        return web.Response(status=401) if behind is None else await self._durable(request, behind)

    async def _call(
        self, request: web.Request, function: Function, parameters: Mapping[str, str]
    ) -> web.StreamResponse:
        if not self._opens(request, function):
            return web.Response(status=401)
        data = await request_datum(request, parameters)
        try:
            return await respond(request, await self._worker.invoke(function, data))
        except (FunctionFailedError, ValueError) as error:
            # A ValueError says that the function's result cannot be sent.
            logger.error("Executed '%s' (Failed)\n%s", function.name, error)
            return web.Response(status=500)

    def _opens(self, request: web.Request, function: Function) -> bool:
        level = str(function.trigger.get("authLevel") or "function").lower()
        names = ("host", f"function:{function.name}") if level == "function" else ()
        return level == "anonymous" or opens(request, self._keys, *names)


async def request_datum(request: web.Request, parameters: Mapping[str, str]) -> Datum:
    """Return what the host sends to the worker: no empty headers and parameters, no body of a request without a
    length."""
    body = await request.read() if request.content_length else b""
    return Datum(
        {
            "method": Datum(request.method, "string"),
            "url": Datum(str(request.url), "string"),
            "headers": _texts(request.headers),
            "query": _texts(query_of(request.rel_url.raw_query_string)),
            "params": _texts(MultiDict(parameters)),
            "body": Datum(body, "bytes"),
        },
        "http",
    )


def _texts(values: MultiMapping[str]) -> dict[str, Datum]:
    """Repeated values are joined by commas."""
    joined = {name: ",".join(values.getall(name)) for name in values}
    return {name: Datum(text, "string") for name, text in joined.items() if text}
