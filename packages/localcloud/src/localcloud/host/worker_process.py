"""The worker as a process of its own, which may die at any moment and is replaced.

As recorded on the real extension (`tests/host/worker_deaths.json`): whatever was in flight
fails at once, each kind of call in its own way; what comes before the next worker is ready waits for
it; no call is made twice by this. The third death in a row ends the host, which nothing here
starts again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import NoReturn

from localcloud.clock import Clock, Line
from localcloud.files import write_whole
from localcloud.host.fork_server import ForkServer
from localcloud.host.indexing import Datum, Function, LoadError
from localcloud.host.pipe import Answer, Call, HostMessage, Loaded, next_value, packed
from localcloud.host.worker import FunctionFailedError, Worker, WorkerDiedError

# https://github.com/Azure/azure-functions-host: RpcFunctionInvocationDispatcher, for one worker process
MOST_DEATHS = 3
# A death that comes later than this after another one counts as the first.
IN_A_ROW = timedelta(minutes=30)
TOO_MANY = (
    "Exceeded language worker restart retry count for runtime:python."
    " Shutting down and proactively recycling the Functions Host to recover"
)
READ_AHEAD = 2**20
Beginning = Callable[[], Awaitable[tuple["Life", Sequence[Function]]]]
logger = logging.getLogger(__name__)


class HostEndedError(Exception):
    """There is no worker any more, and there will be none; the text says why."""


class Life:
    """One worker process: its start, its calls and its end."""

    def __init__(
        self,
        fork_server: ForkServer,
        pid: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.pid = pid
        self._fork_server, self._reader, self._writer = fork_server, reader, writer
        self._calls: dict[int, asyncio.Future[Datum | None]] = {}
        self._ids = count()

    @classmethod
    async def begin(cls, fork_server: ForkServer, app_dir: Path) -> tuple[Life, Sequence[Function]]:
        """A worker that has loaded the app, and its functions; LoadError, or WorkerDiedError."""
        pid, pipe = fork_server.fork(app_dir)
        life = cls(fork_server, pid, *await asyncio.open_connection(sock=pipe, limit=READ_AHEAD))
        try:
            loaded: Loaded = await next_value(life._reader)
        except (EOFError, OSError):
            raise life.end() from None
        if loaded.problems:
            life.end()
            raise LoadError(loaded.problems)
        return life, loaded.functions

    @property
    def working(self) -> bool:
        return bool(self._calls)

    def tell(self, time: Line, call: Call | None = None) -> None:
        self._writer.write(packed(HostMessage(time, call)))

    async def call(self, time: Line, function: str, data: Datum, client: str) -> Datum | None:
        """Return what a function returns; raises FunctionFailedError if it fails, or if the process ends before."""
        key, answer = next(self._ids), asyncio.get_running_loop().create_future()
        self._calls[key] = answer
        self.tell(time, Call(key, function, data, client))
        result: Datum | None = await answer
        return result

    async def run(self) -> WorkerDiedError:
        """Takes answers until the process ends, by itself or by a signal; then all calls have failed."""
        with suppress(EOFError, OSError):
            while True:
                self._take(await next_value(self._reader))
        died = self.end()
        for call in self._calls.values():
            call.set_exception(WorkerDiedError(died.code))
        self._calls.clear()
        return died

    def end(self) -> WorkerDiedError:
        """End the process if it still runs, and wait for it; the error has its exit code."""
        self._writer.close()
        return WorkerDiedError(self._fork_server.reap(self.pid))

    def _take(self, answer: Answer) -> None:
        call = self._calls.pop(answer.id)
        if answer.failure is None:
            call.set_result(answer.result)
        else:
            call.set_exception(FunctionFailedError(answer.failure))


class WorkerProcess(Worker):
    """The current worker process, replaced whenever it dies; made by `start`. `note`: the file for its pid."""

    def __init__(
        self, begin: Beginning, life: Life, functions: Sequence[Function], clock: Clock, note: Path
    ) -> None:
        super().__init__(functions)
        self._begin, self._life, self._clock, self._note = begin, life, clock, note
        self._calls: set[asyncio.Task[Datum | None]] = set()
        self._deaths: list[datetime] = []
        self._ready = asyncio.Event()
        self._is_ready(life)
        self._keeping = asyncio.create_task(self._keep())
        clock.subscribe(self._tell_time)

    @classmethod
    async def start(
        cls, fork_server: ForkServer, app_dir: Path, clock: Clock, note: Path
    ) -> WorkerProcess:
        """The worker of an app, ready; LoadError tells every problem of the app."""

        async def begin() -> tuple[Life, Sequence[Function]]:
            return await Life.begin(fork_server, app_dir)

        try:
            return cls(begin, *await begin(), clock, note)
        except WorkerDiedError as died:
            raise LoadError([f"function_app.py cannot be imported: {died}"]) from died

    async def given_up(self) -> NoReturn:
        """Raises HostEndedError when workers have died too often."""
        await asyncio.wait([self._keeping])
        raise HostEndedError(self._keeping.result())

    async def invoke(self, function: Function, data: Datum) -> Datum | None:
        call = asyncio.create_task(self._call(function, data))
        self._calls.add(call)
        call.add_done_callback(self._done)
        # The function runs on when its caller has gone away.
        return await asyncio.shield(call)

    @property
    def busy(self) -> bool:
        return bool(self._calls)

    async def settle(self, seconds: float) -> None:
        if self._calls:
            await asyncio.wait(tuple(self._calls), timeout=seconds)

    def stop(self) -> None:
        self._keeping.cancel()
        if self._ready.is_set():
            self._ready.clear()
            self._life.end()
        self._note.unlink(missing_ok=True)

    async def _call(self, function: Function, data: Datum) -> Datum | None:
        await self._ready.wait()
        return await self._life.call(self._clock.line, function.name, data, self.client_binding())

    def _done(self, call: asyncio.Task[Datum | None]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            # Looked at even if nobody waits for it: asyncio complains of an exception that nobody has seen.
            call.exception()

    def _tell_time(self) -> None:
        """Tell the time to what runs while the clock is moved."""
        if self._ready.is_set() and self._life.working:
            self._life.tell(self._clock.line)

    async def _keep(self) -> str:
        """Replaces the worker whenever it dies; why it does so no more."""
        died = await self._life.run()
        while self._goes_on(died):
            try:
                life, _ = await self._begin()
            except WorkerDiedError as again:
                died = again
            except LoadError as error:
                # The app has changed since.
                return str(error)
            self._is_ready(life)
            died = await life.run()
        return TOO_MANY

    def _goes_on(self, died: WorkerDiedError) -> bool:
        self._ready.clear()
        logger.error("%s", died)
        now = self._clock.now()
        if self._deaths and now - self._deaths[-1] > IN_A_ROW:
            self._deaths.clear()
        self._deaths.append(now)
        return len(self._deaths) < MOST_DEATHS

    def _is_ready(self, life: Life) -> None:
        self._life = life
        # A full disk must not stop the worker.
        with suppress(OSError):
            write_whole(self._note, f"{life.pid}\n")
        self._ready.set()
