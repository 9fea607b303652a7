"""The Durable HTTP API: under /runtime/webhooks/durabletask with a key, under /durabletask without.

Paths are compared without case; a path or verb that is not served is 404, never 405. Which state
gives which status code is the extension's (HttpApiHandler), as recorded in ../shared/durable.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import sqlite3
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import unquote, unquote_plus

from aiohttp import web

from localcloud.durable.answers import (
    INVALID_JSON,
    WRONG,
    checked_json,
    empty,
    error,
    flag,
    json_answer,
    number,
    query,
)
from localcloud.durable.client import Conflict, Gone, HubClient, NotFound
from localcloud.durable.history import FINISHED
from localcloud.durable.links import CONNECTION, RPC, WEBHOOKS, Links
from localcloud.durable.queries import Queries
from localcloud.durable.status_view import DuplicateKey, token

log = logging.getLogger(__name__)

Handler = Callable[[web.Request, list[str]], Awaitable[web.Response]]
JSON_ONLY = "Only application/json request content is supported"


class HttpApi:
    def __init__(self, client: HubClient, queries: Queries, links: Links) -> None:
        self._client, self._queries, self._links = client, queries, links

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", f"{WEBHOOKS}{{tail:.*}}", self._with_key),
            web.route("*", f"{RPC}{{tail:.*}}", self._loopback),
        ]

    async def _with_key(self, request: web.Request) -> web.StreamResponse:
        given = query(request).get("code") or request.headers.get("x-functions-key") or ""
        if not hmac.compare_digest(given.encode(errors="replace"), self._links.key.encode()):
            return empty(401)
        return await self._serve(request, WEBHOOKS)

    async def _loopback(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, RPC)

    async def _serve(self, request: web.Request, base: str) -> web.Response:
        # A path is decoded twice (the second time as a form); a slash from that ends a segment.
        path = unquote_plus(unquote(request.rel_url.raw_path))[len(base) :].strip("/")
        parts = path.split("/") if path else []
        handler = self._handler(request.method, parts)
        if handler is None:
            return empty(404)
        try:
            return await handler(request, parts)
        except NotFound:
            return empty(404)
        except Gone:
            return empty(410)
        except DuplicateKey as duplicate:
            text = f"An item with the same key has already been added. Key: {duplicate}"
            message = "One or more of the arguments submitted is incorrect"
            return error(400, message, text, "System.ArgumentException")
        except sqlite3.Error as trouble:
            log.warning("%s %s: the task hub cannot be written: %s", request.method, path, trouble)
            return error(503, f"The task hub cannot be used now: {trouble}")

    def _handler(self, method: str, parts: list[str]) -> Handler | None:
        match method, [part.lower() for part in parts]:
            case "POST", ["orchestrators", _] | ["orchestrators", _, _]:
                return self._start
            case "GET", ["instances"]:
                return self._queries.listing
            case "DELETE", ["instances"]:
                return self._queries.purge_created
            case "GET", ["instances", _]:
                return self._queries.status
            case "DELETE", ["instances", _]:
                return self._purge
            case "POST", ["instances", _, "raiseevent", _]:
                return self._raise_event
            case "POST", ["instances", _, operation]:
                return self._operations().get(operation)
            case "GET", ["entities"] | ["entities", _]:
                return self._queries.entities
            case "GET", ["entities", _, _]:
                return self._queries.entity
            case "POST" | "DELETE", ["entities", _, _]:
                return self._queries.signal
        return None

    def _operations(self) -> Mapping[str, Handler]:
        return {
            "terminate": self._terminate,
            "suspend": self._suspend,
            "resume": self._resume,
            "rewind": self._rewind,
            "restart": self._restart,
        }

    # ---- starting ------------------------------------------------------------------------------
    async def _start(self, request: web.Request, parts: list[str]) -> web.Response:
        text = await request.text()
        if text and (problem := checked_json(text)):
            return error(400, INVALID_JSON, problem, "Newtonsoft.Json.JsonReaderException")
        connection = query(request).get("connection", CONNECTION)
        if connection.lower() != CONNECTION.lower():
            problem = f"Unable to resolve the Azure Storage connection named '{connection}'."
            return error(500, WRONG, problem, "System.InvalidOperationException")
        name, instance_id = parts[1], parts[2] if len(parts) > 2 else None
        try:
            started = self._begin(request, name, instance_id, text or None)
        except Conflict as conflict:
            return error(409, _exists(conflict))
        return await self._started(request, started)

    def _begin(
        self, request: web.Request, name: str, instance_id: str | None, text: str | None
    ) -> str:
        """A start in another hub is accepted, as nobody can tell whether a host serves it."""
        hub = query(request).get("taskHub", self._links.hub)
        if hub.lower() != self._links.hub.lower():
            return instance_id or uuid.uuid4().hex
        return self._client.start(name, instance_id, text, query(request).get("version"))

    async def _started(self, request: web.Request, instance_id: str) -> web.Response:
        """The links, or with `timeout` and `pollingInterval` the result if it comes in time."""
        timeout = number(query(request).get("timeout"))
        interval = number(query(request).get("pollingInterval"))
        if timeout is None or interval is None:
            return self._links_answer(request, instance_id)
        if interval > timeout:
            problem = f"Total timeout {timeout:g} should be bigger than retry timeout {interval:g}"
            return error(400, problem)
        return await self._wait(request, instance_id, timeout, interval)

    def _links_answer(self, request: web.Request, instance_id: str) -> web.Response:
        origin = f"{request.scheme}://{request.host}"
        links = self._links.of(origin, instance_id, query(request).get("taskHub"))
        headers = {"Location": links["statusQueryGetUri"], "Retry-After": "10"}
        return json_answer(202, links, headers)

    async def _wait(
        self, request: web.Request, instance_id: str, seconds: float, interval: float
    ) -> web.Response:
        """Real time, as the caller waits in it."""
        until = time.monotonic() + seconds
        while True:
            instance = self._client.instance(instance_id)
            if instance.status == "Completed":
                return json_answer(200, token(instance.output))
            if instance.status in FINISHED:
                return self._queries.answer(request, instance)
            left = until - time.monotonic()
            if left <= 0:
                return self._links_answer(request, instance_id)
            await asyncio.sleep(min(interval, left))

    async def _restart(self, request: web.Request, parts: list[str]) -> web.Response:
        anew = flag(query(request).get("restartWithNewInstanceId"), default=True)
        try:
            started = self._client.restart(parts[1], new_id=anew)
        except NotFound:
            problem = f"No instance with ID '{parts[1]}' was found. (Parameter 'instanceId')"
            message = "InstanceId does not match a valid orchestration instance."
            return error(400, message, problem, "System.ArgumentException")
        except Conflict as conflict:
            message = "A non-terminal instance with this instance ID already exists."
            kind = "DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException"
            return error(409, message, _exists(conflict), kind)
        return await self._started(request, started)

    # ---- running instances -----------------------------------------------------------------------
    async def _raise_event(self, request: web.Request, parts: list[str]) -> web.Response:
        text = await request.text()
        instance = self._client.instance(parts[1])
        if instance.status in FINISHED:
            raise Gone
        if "Content-Type" not in request.headers or request.content_type != "application/json":
            return error(400, JSON_ONLY)
        if text and (problem := checked_json(text)):
            return error(400, INVALID_JSON, problem, "Newtonsoft.Json.JsonReaderException")
        self._client.raise_event(parts[1], parts[3], text or "null")
        return empty(202)

    async def _terminate(self, request: web.Request, parts: list[str]) -> web.Response:
        self._client.terminate(parts[1], query(request).get("reason"))
        return empty(202)

    async def _suspend(self, request: web.Request, parts: list[str]) -> web.Response:
        return self._switch(self._client.suspend, "suspend", request, parts[1])

    async def _resume(self, request: web.Request, parts: list[str]) -> web.Response:
        return self._switch(self._client.resume, "resume", request, parts[1])

    def _switch(
        self,
        switch: Callable[[str, str | None], None],
        verb: str,
        request: web.Request,
        instance_id: str,
    ) -> web.Response:
        try:
            switch(instance_id, query(request).get("reason"))
        except Conflict as conflict:
            problem = (
                f"Cannot {verb} the orchestration instance {instance_id}"
                f" because instance is in the {conflict.status} state."
            )
            return error(500, WRONG, problem, "System.InvalidOperationException")
        return empty(202)

    async def _rewind(self, _request: web.Request, parts: list[str]) -> web.Response:
        try:
            self._client.rewind(parts[1])
        except NotFound:
            return json_answer(404, f'No orchestration with instance ID "${parts[1]}" found.')
        except Conflict as conflict:
            problem = f"This orchestration has status {conflict.status}, but only orchestrations"
            return json_answer(412, f'{problem} in the "Failed" state can be rewound.')
        return empty(202)

    async def _purge(self, _request: web.Request, parts: list[str]) -> web.Response:
        try:
            self._client.purge(parts[1])
        except Conflict:
            return error(412, "The instance is not in a terminal state.")
        return json_answer(200, {"instancesDeleted": 1})


def _exists(conflict: Conflict) -> str:
    return f"An Orchestration instance with the status {conflict.status} already exists."
