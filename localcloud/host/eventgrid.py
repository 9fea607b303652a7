"""The webhook of the Event Grid extension: handshakes and the delivery of events to functions.

Order of checks, as recorded (../shared/functions): key, function name, OPTIONS, the header
aeg-event-type, body. All events of a request start at once and the answer waits for all of them; one
failure fails the request, so that Event Grid sends all of it again.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import logging
import re
from email.message import Message
from typing import Any

from aiohttp import web

from localcloud.host import newtonsoft
from localcloud.host.keys import Keys
from localcloud.host.worker import Datum, Function, Worker, WorkerFailure

# The encodings of .NET without its code pages.
ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "ascii", "iso8859-1")
ALLOWED_ORIGIN = {"Webhook-Allowed-Origin": "eventgrid.azure.net"}
# What System.Text.Json writes as \\uXXXX.
TO_ESCAPE = re.compile("[\"&'+<>`\x7f-\uffff]")
logger = logging.getLogger(__name__)


class EventGridWebhook:
    """POST /runtime/webhooks/EventGrid?functionName=F&code=K."""

    def __init__(self, worker: Worker, keys: Keys) -> None:
        self._worker, self._keys = worker, keys
        self._functions = {f.name: f for f in worker.functions if f.kind == "eventGridTrigger"}

    async def answer(self, request: web.Request, body: bytes) -> web.Response:
        offered = request.headers.get("x-functions-key") or request.query.get("code")
        if not self._keys.opens_extension("eventgrid", offered):
            return web.Response(status=401)
        name = ",".join(v for k, v in request.query.items() if k.lower() == "functionname")
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
            events = newtonsoft.parse(decoded(body, request.headers.get("content-type", "")))
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
            if len(good) < len(batch):
                raise TypeError("an event is not an object")
            payloads = [newtonsoft.dump(batch)]
        else:
            payloads = [newtonsoft.dump(event) for event in good]
        outcomes = await asyncio.gather(*(self._invoke(function, text) for text in payloads))
        if len(good) < len(batch):
            return web.Response(status=500)
        if not all(outcomes):
            text = f"Exception while executing function: Functions.{function.name}"
            return web.Response(status=500, text=text)
        return web.Response(status=202)

    async def _invoke(self, function: Function, text: str) -> bool:
        try:
            await self._worker.invoke(function, Datum(text, "json"))
        except WorkerFailure as failure:
            logger.error("Executed '%s' (Failed)\n%s", function.name, failure.text)
            return False
        return True


def validation(events: Any) -> web.Response:
    """Answers the handshake of a new subscription with the code that it brought."""
    first = events[0] if isinstance(events, list) else events
    data = first["data"]
    if isinstance(data, str) and isinstance(events, dict):
        data = newtonsoft.parse(data)
    code = newtonsoft.as_text(data["validationCode"])
    return web.Response(text=f'{{"validationResponse":{_system_text_json(code)}}}')


def decoded(body: bytes, content_type: str) -> str:
    """The body in the charset it says, UTF-8 by default, without its byte order mark."""
    header = Message()
    header["Content-Type"] = content_type
    charset = header.get_param("charset")
    encoding = codecs.lookup(charset if isinstance(charset, str) else "utf-8").name
    if encoding not in ENCODINGS:
        raise LookupError(f"the charset {charset} is not known")
    return body.decode(encoding, "replace").removeprefix("\ufeff")


def _system_text_json(text: str) -> str:
    inner = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"')
    units = TO_ESCAPE.sub(_escaped, inner.encode("utf-16-le", "surrogatepass").decode("utf-16-le"))
    return f'"{units}"'


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found.group()):04X}"
