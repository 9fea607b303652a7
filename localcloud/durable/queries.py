"""The reading half of the Durable HTTP API (and what is close to it): status, lists, entities."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from localcloud.durable.answers import empty, error, flag, json_answer, query
from localcloud.durable.client import HubClient
from localcloud.durable.entities import EntityState, is_entity
from localcloud.durable.failures import unknown_function
from localcloud.durable.history import FINISHED, STATUSES, compact, moment
from localcloud.durable.status_view import Shown, status, token
from localcloud.durable.store import Instance, Store
from localcloud.host.worker import Worker

PAGE = 100
TOKEN = "x-ms-continuation-token"  # noqa: S105 - the name of a header
NO_FROM = "Please provide value for 'createdTimeFrom' parameter."


class Queries:
    def __init__(self, client: HubClient, store: Store, worker: Worker) -> None:
        self._client, self._store, self._worker = client, store, worker

    async def status(self, request: web.Request, parts: list[str]) -> web.Response:
        fails = flag(query(request).get("returnInternalServerErrorOnFailure"), default=False)
        return self.answer(request, self._client.instance(parts[1]), fails=fails)

    def answer(
        self, request: web.Request, instance: Instance, *, fails: bool = False
    ) -> web.Response:
        """The status of an instance; `fails`: a failure is a 500."""
        wanted = query(request)
        shown = Shown(
            input=flag(wanted.get("showInput"), default=True),
            history=flag(wanted.get("showHistory"), default=False),
            output=flag(wanted.get("showHistoryOutput"), default=False),
        )
        body = self._body(instance, shown)
        if instance.status not in FINISHED:
            return json_answer(202, body, {"Location": str(request.url), "Retry-After": "5"})
        return json_answer(500 if fails and instance.status == "Failed" else 200, body)

    def _body(self, instance: Instance, shown: Shown) -> dict[str, Any]:
        history = self._store.history(instance.id) if shown.history else []
        return status(instance, history, shown)

    async def listing(self, request: web.Request, _parts: list[str]) -> web.Response:
        wanted = query(request)
        since, until = _time(wanted, "createdTimeFrom"), _time(wanted, "createdTimeTo")
        statuses, prefix = _statuses(wanted), wanted.get("instanceIdPrefix", "")
        found = self._client.instances(
            lambda item: (
                item.id.startswith(prefix)
                and (not statuses or item.status in statuses)
                and (since is None or since <= moment(item.created))
                and (until is None or moment(item.created) <= until)
            )
        )
        shown = Shown(input=flag(wanted.get("showInput"), default=True))
        page, headers = _page(found, request)
        return json_answer(200, [self._body(item, shown) for item in page], headers)

    async def purge_created(self, request: web.Request, _parts: list[str]) -> web.Response:
        since = _time(query(request), "createdTimeFrom")
        if since is None:
            return json_answer(400, NO_FROM)
        until = _time(query(request), "createdTimeTo")
        count = self._client.purge_created(since, until, _statuses(query(request)))
        return json_answer(200, {"instancesDeleted": count}) if count else empty(404)

    # ---- entities --------------------------------------------------------------------------------
    async def entities(self, request: web.Request, parts: list[str]) -> web.Response:
        name = parts[1].lower() if len(parts) > 1 else None
        fetch = flag(query(request).get("fetchState"), default=False)
        found = self._client.instances(
            lambda item: (
                is_entity(item.id)
                and item.name == item.id
                and (name is None or item.id.split("@")[1] == name)
                and (fetch or EntityState.of(item).exists)
            )
        )
        page, headers = _page(found, request)
        return json_answer(200, [_entity(item, fetch=fetch) for item in page], headers)

    async def entity(self, _request: web.Request, parts: list[str]) -> web.Response:
        entity = self._client.entity(parts[1], parts[2])
        return json_answer(200, token(entity.state)) if entity.exists else empty(404)

    async def signal(self, request: web.Request, parts: list[str]) -> web.Response:
        name, key = parts[1], parts[2]
        if self._worker.find("entityTrigger", name) is None:
            known = [f.name for f in self._worker.functions if f.kind == "entityTrigger"]
            return error(400, unknown_function(name.lower(), "entity", known))
        text: str | None = await request.text() or None
        if text is not None and request.content_type != "application/json":
            text = compact(text)
        operation = query(request).get("op", "") if request.method == "POST" else "delete"
        self._client.signal(name, key, operation, text)
        return empty(202)


def _entity(item: Instance, *, fetch: bool) -> dict[str, Any]:
    _, name, key = item.id.split("@", 2)
    return {
        "entityId": {"name": name, "key": key},
        "lastOperationTime": item.updated,
        "state": token(EntityState.of(item).state) if fetch else None,
    }


def _time(wanted: Mapping[str, str], name: str) -> datetime | None:
    """None if it is missing or no time."""
    try:
        return moment(wanted.get(name, ""))
    except ValueError:
        return None


def _statuses(wanted: Mapping[str, str]) -> frozenset[str]:
    """Unknown ones (also in another case) are ignored."""
    found = {text.strip() for text in wanted.get("runtimeStatus", "").split(",")}
    return frozenset(found & set(STATUSES))


def _page(found: list[Instance], request: web.Request) -> tuple[list[Instance], dict[str, str]]:
    """A page, and the header that leads to the next one (empty on the last)."""
    start = base64.b64decode(request.headers.get(TOKEN, "")).decode()
    rest = [item for item in found if item.id > start]
    top = query(request).get("top", "")
    size = int(top) if top.isdigit() else PAGE
    page = rest[:size]
    last = page[-1].id if page else start
    more = len(rest) > len(page)
    return page, {TOKEN: base64.b64encode(last.encode()).decode() or "AA==" if more else ""}
