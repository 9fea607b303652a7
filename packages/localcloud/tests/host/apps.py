"""Small function apps for the tests of the Functions runtime, and a server for them without a process."""

from __future__ import annotations

import json
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestClient

from localcloud.host.connection import Front
from localcloud.host.front_door import FrontDoor
from localcloud.host.keys import Keys, load_keys
from localcloud.host.server import FunctionsServer
from localcloud.host.worker import Worker

HEADER = "import azure.functions as func\nimport azure.durable_functions as df\n"
SHARED = Path(__file__).resolve().parents[5] / "shared"


def write_app(folder: Path, code: str, host: dict[str, Any] | None = None) -> Path:
    """An app folder with this function_app.py."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "function_app.py").write_text(HEADER + textwrap.dedent(code))
    (folder / "host.json").write_text(json.dumps(host or {"version": "2.0"}))
    return folder


@asynccontextmanager
async def served(
    worker: Worker, state: Path, prefix: str = "api", door: FrontDoor | None = None
) -> AsyncIterator[tuple[TestClient[Any, Any], Keys]]:
    """A client of the app's HTTP server, and the server's keys."""
    keys = load_keys(state / "keys.json", [function.name for function in worker.functions])
    server = FunctionsServer(worker, keys, prefix, _no_durable_api, door)
    client: TestClient[Any, Any] = TestClient(Served(server.front()))
    async with client:
        yield client, keys


async def _no_durable_api(_request: web.Request, _path: str) -> web.Response:
    return web.Response(status=404)


class Served(BaseTestServer):
    """A web server of the Functions host under aiohttp's test client."""

    def __init__(self, front: Front) -> None:
        super().__init__()
        self._front = front

    async def _make_runner(self, **_options: Any) -> web.ServerRunner:
        return web.ServerRunner(self._front)
