"""The local tenant on a thread of its own, for clients that block; what it was asked is counted."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

from localcloud.control import Handler, control_application
from localcloud.entra import issuer
from localcloud.entra.directory import Directory
from localcloud.state_folder import listening


class RunningEntra:
    """A tenant at an address. `asked`: how often each path was; `down`: answer 503 to everything."""

    def __init__(self, folder: Path) -> None:
        self.asked: Counter[str] = Counter()
        self.down = False
        self._socket = listening(0)
        authority = f"http://127.0.0.1:{self._socket.getsockname()[1]}{issuer.PATH}"
        self.directory = Directory(folder, authority)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="entra", daemon=True)

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(30)

    def stop(self) -> None:
        """Stop listening."""
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self) -> None:
        app = control_application(issuer.routes(self.directory))

        @web.middleware
        async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
            self.asked[request.path.rpartition("/")[2]] += 1
            return web.Response(status=503) if self.down else await handler(request)

        app.middlewares.append(counted)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()


@contextmanager
def running_entra(folder: Path) -> Iterator[RunningEntra]:
    """The tenant while the block runs."""
    entra = RunningEntra(folder)
    entra.start()
    try:
        yield entra
    finally:
        entra.stop()
