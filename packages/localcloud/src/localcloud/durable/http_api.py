"""The Durable HTTP API. The host has checked the key before.

Here are its routes and whatever only looks at instances; operations.py does the rest. Paths are
compared without case; a path or verb that is not served is 404, never 405.
"""

from __future__ import annotations

import base64
import logging
import re
import sqlite3
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web

from localcloud.durable.answers import WRONG, RefusedError, empty, flag, json_answer, parameter
from localcloud.durable.entities import EntityState, is_entity
from localcloud.durable.history import FINISHED, STATUSES, moment
from localcloud.durable.links import CONNECTION
from localcloud.durable.operations import Operations
from localcloud.durable.shim import scheduler_id
from localcloud.durable.status_view import condensed, status, token
from localcloud.durable.store import Instance

log = logging.getLogger(__name__)

Handler = Callable[..., Awaitable[web.Response]]
NAME = "([^/]+)"
PAGE = 100
TOKEN = "x-ms-continuation-token"  # noqa: S105 - the name of a header
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class HttpApi:
    """Looks at instances; `operations` changes them."""

    def __init__(self, operations: Operations) -> None:
        self._operations, self._store = operations, operations.store
        self._served: list[tuple[str, Handler]] = [
            (f"POST orchestrators/{NAME}", operations.start),
            (f"POST orchestrators/{NAME}/{NAME}", operations.start),
            ("GET instances", self._instances),
            ("DELETE instances", self._purge),
            (f"GET instances/{NAME}", self._status),
            (f"DELETE instances/{NAME}", operations.purge),
            (f"POST instances/{NAME}/raiseEvent/{NAME}", operations.raise_event),
            (f"POST instances/{NAME}/(terminate|suspend|resume)", operations.switch),
            (f"POST instances/{NAME}/rewind", operations.rewind),
            (f"POST instances/{NAME}/restart", operations.restart),
            ("GET entities", self._entities),
            (f"GET entities/{NAME}", self._entities),
            (f"GET entities/{NAME}/{NAME}", self._entity),
            (f"(?:POST|DELETE) entities/{NAME}/{NAME}", operations.signal),
        ]

    async def answer(self, request: web.Request, path: str) -> web.Response:
        """Return the answer to a request; `path` is decoded and without the prefix of the API in the host."""
        # A path is decoded twice (the second time as a form); a slash from that ends a segment.
        asked = f"{request.method} {unquote_plus(path).strip('/')}"
        try:
            for pattern, handler in self._served:
                if match := re.fullmatch(pattern, asked, re.IGNORECASE):
                    _check_connection(request)
                    return await handler(request, *match.groups())
            return empty(404)
        except RefusedError as refused:
            return refused.answer
        except sqlite3.Error as trouble:
            log.warning("%s: the task hub cannot be used: %s", asked, trouble)
            return RefusedError(500, WRONG, "Azure.RequestFailedException", str(trouble)).answer

    # ---- instances -----------------------------------------------------------------------------
    async def _status(self, request: web.Request, instance_id: str) -> web.Response:
        instance = self._operations.existing(instance_id)
        body = status(request, instance)
        history = self._store.history(instance_id) if flag(request, "showHistory") else []
        if history:
            body["historyEvents"] = condensed(request, history)
        if instance.status not in FINISHED:
            return json_answer(body, 202, {"Location": str(request.url), "Retry-After": "5"})
        failed = instance.status == "Failed" and flag(request, "returnInternalServerErrorOnFailure")
        return json_answer(body, 500 if failed else 200)

    async def _instances(self, request: web.Request) -> web.Response:
        prefix = parameter(request, "instanceIdPrefix", str, "")
        instances = [item for item in self._found(request, STATUSES) if item.id.startswith(prefix)]
        page, headers = _page(request, instances)
        return json_answer([status(request, item) for item in page], 200, headers)

    async def _purge(self, request: web.Request) -> web.Response:
        """Purge ended instances by time and status; a time is required."""
        if parameter(request, "createdTimeFrom", moment, None) is None:
            problem = "Please provide value for 'createdTimeFrom' parameter."
            return json_answer(problem, 400)
        ids = [item.id for item in self._found(request, FINISHED)]
        self._store.delete(ids)
        return json_answer({"instancesDeleted": len(ids)}) if ids else empty(404)

    def _found(self, request: web.Request, among: Collection[str]) -> list[Instance]:
        """Return the instances by time and status; statuses not `among` these (also in another case) are ignored."""
        since = parameter(request, "createdTimeFrom", moment, FIRST)
        until = parameter(request, "createdTimeTo", moment, LAST)
        wanted = {text.strip() for text in parameter(request, "runtimeStatus", str, "").split(",")}
        statuses = wanted & set(among) or among
        return [
            item
            for item in self._store.instances()
            if item.status in statuses and since <= moment(item.created) <= until
        ]

    # ---- entities ------------------------------------------------------------------------------
    async def _entities(self, request: web.Request, name: str = "") -> web.Response:
        """List the entities; with `fetchState` also those that do not exist any more."""
        fetch = flag(request, "fetchState")
        entities = [
            item
            for item in self._store.instances()
            if is_entity(item.name)
            and item.name.startswith(f"@{name.lower()}@" if name else "@")
            and (fetch or EntityState.of(item).exists)
        ]
        page, headers = _page(request, entities)
        return json_answer([_entity(item, fetch=fetch) for item in page], 200, headers)

    async def _entity(self, _request: web.Request, name: str, key: str) -> web.Response:
        entity = EntityState.of(self._store.instance(scheduler_id(f"@{name}@{key}")))
        return json_answer(token(entity.state)) if entity.exists else empty(404)


def _entity(item: Instance, *, fetch: bool) -> dict[str, Any]:
    _, name, key = item.id.split("@", 2)
    return {
        "entityId": {"name": name, "key": key},
        "lastOperationTime": item.updated,
        "state": token(EntityState.of(item).state) if fetch else None,
    }


def _check_connection(request: web.Request) -> None:
    name = parameter(request, "connection", str, CONNECTION)
    if name.lower() != CONNECTION.lower():
        unknown = f"Unable to resolve the Azure Storage connection named '{name}'."
        raise RefusedError(500, WRONG, "System.InvalidOperationException", unknown)


def _page(request: web.Request, instances: list[Instance]) -> tuple[list[Instance], dict[str, str]]:
    """A page, and the header that leads to the next one: where that begins, nothing on the last page.

    The real host has been seen to leave the header out of an empty list.
    """
    start = _begin(request.headers.get(TOKEN, ""))
    rest = [] if start is None else [item for item in instances if item.id >= start]
    size = max(0, parameter(request, "top", int, PAGE))
    page, left = rest[:size], rest[size:]
    token = base64.b64encode(left[0].id.encode()).decode() if left else ""
    return page, {TOKEN: token} if page or left else {}


def _begin(said: str) -> str | None:
    """The id that a token stands for; None for a text that is no token, behind which there is nothing."""
    try:
        return base64.b64decode(said, validate=True).decode()
    except ValueError:
        return None
