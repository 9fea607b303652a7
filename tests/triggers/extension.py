"""The durable extension as the sweep sees it, played over HTTP: how orchestrations stand, and what was asked of it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import azure.durable_functions as df
from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.durable_functions.models.utils import http_utils

from domain.migration.restarting import Runtime
from domain.values import Json

# As the real extension answers when it cannot reach its storage; the SDK takes a 500 for a status.
BROKEN = {
    "Message": "Something went wrong while processing your request",
    "ExceptionMessage": "The operation was canceled.",
    "ExceptionType": "System.OperationCanceledException",
}
Work = Callable[[df.DurableOrchestrationClient], Awaitable[None]]


@dataclass
class Extension:
    """Orchestrations by id, with what it was asked to do: `start`, `terminate`, `raise`, each with its instance."""

    instances: dict[str, Json] = field(default_factory=dict)
    broken: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)
    purged: list[dict[str, str]] = field(default_factory=list)

    def stands(
        self, instance: str, runtime: Runtime, updated: datetime, output: str | Json | None = None
    ) -> None:
        """An orchestration of this id is there."""
        self.instances[instance] = {
            "name": "migrate_image",
            "instanceId": instance,
            "runtimeStatus": runtime.value,
            "createdTime": updated.isoformat(),
            "lastUpdatedTime": updated.isoformat(),
            "output": output,
        }

    def did(self, what: str) -> list[str]:
        """The instances that this was asked for."""
        return [instance for asked, instance in self.asked if asked == what]

    async def play(self, work: Work) -> None:
        """Run something with a client of this extension."""
        app = web.Application()
        app.router.add_get("/durabletask/instances/{id}", self._status)
        app.router.add_delete("/durabletask/instances/", self._purge)
        app.router.add_post("/durabletask/instances/{id}/terminate", self._asked("terminate"))
        app.router.add_post("/durabletask/instances/{id}/raiseEvent/{event}", self._asked("raise"))
        app.router.add_post("/durabletask/orchestrators/{name}/{id}", self._asked("start"))
        async with TestServer(app) as server:
            binding = {
                "taskHubName": "GalleryMigrator",
                "creationUrls": {},
                "managementUrls": {},
                "rpcBaseUrl": str(server.make_url("/durabletask/")),
            }
            try:
                await work(df.DurableOrchestrationClient(json.dumps(binding)))
            finally:
                # It belongs to this loop.
                await http_utils._close_session()

    async def _status(self, request: web.Request) -> web.Response:
        if self.broken:
            return web.json_response(BROKEN, status=500)
        found = self.instances.get(request.match_info["id"])
        return web.json_response(found) if found else web.Response(status=404)

    async def _purge(self, request: web.Request) -> web.Response:
        self.purged.append(dict(request.query))
        return web.json_response({"instancesDeleted": 0})

    def _asked(self, what: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            self.asked.append((what, request.match_info["id"]))
            if self.broken:
                return web.json_response(BROKEN, status=500)
            return web.json_response({"id": request.match_info["id"]}, status=202)

        return answer
