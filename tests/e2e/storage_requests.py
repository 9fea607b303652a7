"""Counts what a Functions host asks of its storage: a proxy in front of Azurite's three services.

Every request goes on as it came, its path and headers untouched, because they are signed. What is counted is a service,
what the request is about (`control queues`, `partitions table`), and a verb: the method and the operation in `comp`.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from yarl import URL

from localcloud.arm.server.listening import listen, unrouted

LARGEST_BODY = 64 << 20
# https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1; the lengths are made anew from the whole body.
OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}
ENDPOINT = re.compile(r"(Blob|Queue|Table)Endpoint=(http://[^/;]+)")
# What the Durable extension calls its parts: `<hub>-control-00`, `<hub>Partitions`, `<hub>-leases`.
PARTS = (
    ("queue", re.compile(r"-control-\d+$"), "control queues"),
    ("queue", re.compile(r"-workitems$"), "work item queue"),
    ("table", re.compile(r"Partitions$"), "partitions table"),
    ("table", re.compile(r"History$"), "history table"),
    ("table", re.compile(r"Instances$"), "instances table"),
    ("blob", re.compile(r"-applease$"), "app lease"),
    ("blob", re.compile(r"-leases$"), "partition leases"),
    ("blob", re.compile(r"-largemessages$"), "large messages"),
)
# A batch names its table in its parts only.
IN_BATCH = re.compile(rb"\n(?:POST|PUT|PATCH|MERGE|DELETE|GET) \S+/(\w+)[(? ]")


@dataclass(frozen=True, order=True)
class Kind:
    """The kind of a storage request, which requests are counted by."""

    service: str
    part: str
    verb: str


def kind_of(service: str, method: str, url: URL, body: bytes) -> Kind:
    """The kind of a request to `/<account>/<queue, table or container>/…`."""
    segments = url.path.split("/")[2:] or [""]
    name = segments[0].partition("(")[0]
    if name == "$batch" and (match := IN_BATCH.search(body)):
        name, method = match[1].decode(), "batch"
    part = next((p for s, pattern, p in PARTS if s == service and pattern.search(name)), name)
    return Kind(service, part, " ".join(filter(None, [method, url.query.get("comp")])))


class StorageRequests:
    """The proxy: `connection` is what a host is given instead of Azurite's own, `seen` what came through so far."""

    def __init__(self, connection: str) -> None:
        self.seen: Counter[Kind] = Counter()
        self.connection = connection
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runners: list[web.BaseRunner] = []

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _start(self) -> None:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        for service, target in ENDPOINT.findall(self.connection):
            handler = partial(self._pass_on, service.lower(), target)
            port = await listen(self._runners, unrouted(handler, LARGEST_BODY), 0, None)
            self.connection = self.connection.replace(target, f"http://127.0.0.1:{port}")

    async def _stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
        await self._session.close()

    async def _pass_on(self, service: str, target: str, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        url = URL(target + request.raw_path, encoded=True)
        self.seen[kind_of(service, request.method, url, body)] += 1
        async with self._session.request(
            request.method,
            url,
            data=body,
            headers=_passed_on(request.headers),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            allow_redirects=False,
        ) as answer:
            content, headers = await answer.read(), _passed_on(answer.headers)
        return web.Response(status=answer.status, body=content, headers=headers)


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {n: v for n, v in headers.items() if n.lower() not in OF_ONE_CONNECTION}
