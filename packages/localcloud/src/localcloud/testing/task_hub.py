"""A task hub in the test's own process, with the real SDK's replay code and a clock that stands."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web

from localcloud.clock import Clock
from localcloud.durable.hub import TaskHub
from localcloud.host.keys import system_key
from localcloud.host.server import FunctionsServer
from localcloud.host.worker import Worker

KEY = "a-system-key"


class Host:
    """A hub that is served, and what tests ask of it."""

    def __init__(self, hub: TaskHub, worker: Worker, clock: Clock, url: str) -> None:
        self.hub, self.worker, self.clock, self.url = hub, worker, clock, url
        self.session = ClientSession()

    async def call(
        self, method: str, path: str, body: Any = None, **more: Any
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Status, body (parsed if it is JSON) and headers; `path` is relative to the API."""
        url = f"{self.url}/runtime/webhooks/durabletask{path}"
        headers = {"x-functions-key": KEY} | more.pop("headers", {})
        async with self.session.request(method, url, json=body, headers=headers, **more) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await answer.json() if is_json else None, answer.headers

    async def start(self, function: str, instance: str, value: Any = None) -> None:
        """As the SDK's client does it: the input is JSON in a JSON string."""
        path, text = f"/orchestrators/{function}/{instance}", json.dumps(value)
        status, body, _ = await self.call("POST", path, text)
        assert status == 202, body

    async def status(self, instance: str, query: str = "") -> dict[str, Any]:
        _, body, _ = await self.call("GET", f"/instances/{instance}{query}")
        result: dict[str, Any] = body
        return result

    async def raise_event(self, instance: str, name: str, value: Any = None) -> int:
        path = f"/instances/{instance}/raiseEvent/{name}"
        return (await self.call("POST", path, value))[0]

    async def advance(self, **span: float) -> None:
        """Moves the clock by `span` (timedelta's arguments), stopping at each due time."""
        until = self.clock.now() + timedelta(**span)
        await self.hub.idle()
        while (due := self.hub.next_due()) is not None and due <= until:
            self.clock.change(now=due)
            await self.hub.idle()
        self.clock.change(now=until)
        await self.hub.idle()


@asynccontextmanager
async def served_hub(
    database: Path, worker: Worker, clock: Clock, settings: Mapping[str, Any]
) -> AsyncIterator[tuple[TaskHub, str]]:
    """A task hub with its HTTP API on a free port, and the API's address; stops hub and worker in the end."""
    hub = TaskHub(
        worker,
        database=database,
        clock=clock,
        durable_settings=dict(settings),
        origin="http://127.0.0.1",
        system_key=KEY,
        environ={},
    )
    keys = {"master": "a-master-key", system_key("durabletask"): KEY}
    server = FunctionsServer(worker, keys, "api", hub.answer)
    runner = web.ServerRunner(server.front())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await hub.start()
    try:
        yield hub, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await hub.stop()
        await runner.cleanup()
        worker.stop()
