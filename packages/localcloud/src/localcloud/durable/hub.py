"""A durable task hub: the Durable Functions extension with its storage, for one function app.

The parts: http_api.py takes requests, operations.py posts messages, dispatcher.py runs work items
(orchestrations.py, entities.py) and activities (activities.py), store.py keeps it all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from localcloud.clock import Clock
from localcloud.durable.activities import Activities
from localcloud.durable.dispatcher import Dispatcher
from localcloud.durable.entities import Entities, is_entity
from localcloud.durable.http_api import HttpApi
from localcloud.durable.links import Links
from localcloud.durable.operations import Operations
from localcloud.durable.orchestrations import Orchestrations
from localcloud.durable.store import Store
from localcloud.durable.versions import Versioning
from localcloud.host.worker import Worker

DEFAULT_HUB = "TestHubName"


class TaskHub:
    """`durable_settings` is host.json's `extensions.durableTask`; `origin` the host's own URL."""

    def __init__(
        self,
        worker: Worker,
        *,
        database: Path,
        clock: Clock,
        durable_settings: Mapping[str, Any],
        origin: str,
        system_key: str,
        environ: Mapping[str, str],
    ) -> None:
        versioning = Versioning.of(durable_settings)
        self._clock, self._origin = clock, origin
        self._store = Store(database)
        self._orchestrations = Orchestrations(worker, self._store, clock, durable_settings)
        self._entities = Entities(worker, self._store, clock)
        self._dispatcher = Dispatcher(
            self._store,
            clock,
            _limits(durable_settings),
            self._work,
            Activities(worker, clock).run,
        )
        self._links = Links(_resolved(durable_settings.get("hubName"), environ), system_key)
        operations = Operations(
            self._store, clock, self._dispatcher, versioning, worker, self._links
        )
        self._api = HttpApi(operations)

    async def start(self) -> None:
        """Goes on with whatever the store holds."""
        self._dispatcher.start()

    async def stop(self) -> None:
        await self._dispatcher.stop()
        self._store.close()

    def client_binding(self) -> str:
        """The text that durable client bindings get."""
        return self._links.binding(self._origin)

    async def answer(self, request: web.Request, path: str) -> web.Response:
        """Return the answer of the Durable HTTP API; the host has checked the key."""
        return await self._api.answer(request, path)

    async def idle(self) -> None:
        """Returns when nothing is running and nothing is due."""
        await self._dispatcher.idle()

    def next_due(self) -> datetime | None:
        """Return when the next durable timer, scheduled signal or other message falls due; None if none will."""
        return self._store.next_due(self._clock.now())

    async def reset(self) -> None:
        """Forgets all instances; what is running is abandoned, its results are dropped."""
        await self._dispatcher.stop()
        self._store.clear()
        self._dispatcher.start()

    async def _work(self, instance_id: str) -> bool:
        stored = self._store.instance(instance_id)
        if is_entity(instance_id) and (stored is None or stored.name == instance_id):
            return await self._entities.work(instance_id)
        return await self._orchestrations.work(instance_id)


def _limits(settings: Mapping[str, Any]) -> tuple[int, int]:
    """The defaults are those of the extension: ten per core."""
    default = 10 * (os.cpu_count() or 1)
    return (
        int(settings.get("maxConcurrentOrchestratorFunctions") or default),
        int(settings.get("maxConcurrentActivityFunctions") or default),
    )


def _resolved(hub: str | None, environ: Mapping[str, str]) -> str:
    """`%NAME%` is the app setting of that name."""
    if hub and len(hub) > 2 and hub.startswith("%") and hub.endswith("%"):
        hub = environ.get(hub.strip("%"))
    return hub or DEFAULT_HUB
