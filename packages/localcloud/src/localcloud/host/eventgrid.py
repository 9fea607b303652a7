"""The webhook of the Event Grid extension: handshakes and the delivery of events to functions.

Order of checks (docs/platform-notes.md#the-event-grid-webhook): key, function name, OPTIONS, the header
aeg-event-type, body. All events of a request start at once and the answer waits for all of them; one
failure fails the request, so that Event Grid sends all of it again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import Any

from aiohttp import web

from localcloud.dotnet.addresses import query_of
from localcloud.host import newtonsoft
from localcloud.host.worker import Datum, Function, Worker

# The encodings that .NET knows by itself; UTF-8 is the default.
CHARSETS = ("", "utf-8", "utf-16", "utf-16le", "utf-16be", "utf-32", "us-ascii", "iso-8859-1")
ALLOWED_ORIGIN = {"Webhook-Allowed-Origin": "eventgrid.azure.net"}
# What System.Text.Json writes as \\uXXXX.
TO_ESCAPE = re.compile("[\"&'+<>`\x7f-\uffff]")
logger = logging.getLogger(__name__)


class EventGridWebhook:
    """The webhook: POST /runtime/webhooks/EventGrid?functionName=F&code=K."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._functions = {f.name: f for f in worker.functions if f.kind == "eventGridTrigger"}

    async def answer(self, request: web.Request, _path: str) -> web.Response:
        """The key was looked at before."""
        name = ",".join(query_of(request.rel_url.raw_query_string).getall("functionName", ()))
        function = self._functions.get(name)
        if function is None:
            return web.Response(status=404, text=f"cannot find function: '{name}'")
        if request.method == "OPTIONS":
            return web.Response(headers=ALLOWED_ORIGIN)
        kind = request.headers.get("aeg-event-type", "").strip().lower()
        if kind == "unsubscribe":
            return web.Response(status=202)
        if kind not in ("subscriptionvalidation", "notification"):
            return web.Response(status=400)
        try:
            events = newtonsoft.parse(decoded(await request.read(), request.charset or ""))
            if kind == "subscriptionvalidation":
                return validation(events)
            return await self._deliver(function, events)
        except (ValueError, LookupError, TypeError) as error:
            logger.warning("Event Grid request for %s refused: %s", name, error)
            return web.Response(status=500)

    async def _deliver(self, function: Function, events: Any) -> web.Response:
        if not isinstance(events, dict | list):
            raise TypeError("the body is neither an object nor an array")
        batch = events if isinstance(events, list) else [events]
        good = [event for event in batch if isinstance(event, dict)]
        if str(function.trigger.get("cardinality", "")).lower() == "many":
            # One that is no object keeps the host from making the parameter: nothing is called.
            called = len(good) == len(batch) and await self._all_succeed(function, [batch])
            return web.Response(status=202) if called else failed(function)
        succeeded = await self._all_succeed(function, good)
        if len(good) < len(batch):
            raise TypeError("an event is not an object")
        return web.Response(status=202) if succeeded else failed(function)

    async def _all_succeed(self, function: Function, items: list[Any]) -> bool:
        """Return True if each call of the function, with one item, has succeeded; all of them end."""
        data = [Datum(newtonsoft.dump(item), "json") for item in items]
        return all(await asyncio.gather(*(self._worker.succeeds(function, item) for item in data)))


def failed(function: Function) -> web.Response:
    """The host's own message; the function's is not in it."""
    text = f"Exception while executing function: Functions.{function.name}"
    return web.Response(status=500, text=text)


def validation(events: Any) -> web.Response:
    """Answers the handshake of a new subscription with the code that it brought."""
    first = events[0] if isinstance(events, list) else events
    data = first["data"]
    if isinstance(data, str) and isinstance(events, dict):
        data = newtonsoft.parse(data)
    code = data["validationCode"]
    text = json.dumps("" if code is None else str(code), ensure_ascii=False)[1:-1]
    text = TO_ESCAPE.sub(lambda match: f"\\u{ord(match[0]):04X}", text.replace('\\"', '"'))
    return web.Response(text=f'{{"validationResponse":"{text}"}}')


def decoded(body: bytes, charset: str) -> str:
    """The body in the charset it says, without its byte order mark."""
    if charset.lower() not in CHARSETS:
        raise LookupError(f"the charset {charset} is not known")
    return body.decode(charset or "utf-8", "replace").removeprefix("\ufeff")
