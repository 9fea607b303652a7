"""Loads a `function_app.py` and runs its functions as the Python worker process does.

Synchronous functions run in one thread pool (PYTHON_THREADPOOL_THREAD_COUNT), asynchronous ones
share one event loop in a thread of its own: the host's loop stays free when app code blocks, as it
does when the worker is another process.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import logging
import os
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import azure.durable_functions  # registers its converters  # noqa: F401

from localcloud.host.indexing import Datum, Function, LoadError, index

__all__ = ["Datum", "Function", "LoadError", "Worker", "WorkerFailure"]

logger = logging.getLogger(__name__)


class WorkerFailure(Exception):  # noqa: N818 - the worker's word: "Result: Failure"
    """A function failed; `text` is the message that the Functions host gets from the worker."""

    def __init__(self, error: BaseException) -> None:
        frames = "".join(traceback.format_tb(error.__traceback__))
        what = f"{type(error).__name__}: {error}"
        self.text = f"Result: Failure\nException: {what}\nStack: {frames}"
        super().__init__(self.text)


class Worker:
    """The functions of one app folder, ready to be invoked from the host's event loop."""

    def __init__(self, app_dir: Path, functions: Sequence[Function]) -> None:
        self.app_dir = app_dir
        self.functions = functions
        # Text for durable client bindings; the durable engine sets it.
        self.client_binding: Callable[[], str] = lambda: ""
        self._by_name = {(f.kind, f.durable_name.lower()): f for f in functions}
        count = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
        self._pool = ThreadPoolExecutor(int(count) if count.isdigit() else None, "worker")
        self._calls: set[Future[Any]] = set()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="worker-loop", daemon=True).start()

    @classmethod
    def load(cls, app_dir: Path) -> Worker:
        """Imports `app_dir`/function_app.py; LoadError tells every problem of the app."""
        app_dir = app_dir.resolve()
        return cls(app_dir, index(_import(app_dir)))

    def use_clock(self, now: Callable[[], datetime]) -> None:
        """Gives the app the host's time, if it has the hook: a module `clock` with `use(now)`."""
        if (self.app_dir / "clock.py").is_file():
            clock: Any = importlib.import_module("clock")
            if hasattr(clock, "use"):
                clock.use(now)

    def find(self, kind: str, durable_name: str) -> Function | None:
        return self._by_name.get((kind, durable_name.lower()))

    async def invoke_durable(self, function: Function, text: str) -> str:
        """Runs an orchestrator, entity or activity; gives its reply, or raises WorkerFailure."""
        reply = await self.invoke(function, Datum(text, "string"))
        return "" if reply is None else str(reply.value)

    async def succeeds(self, function: Function, data: Datum) -> bool:
        """Runs a function whose result nobody waits for; a failure is logged."""
        try:
            await self.invoke(function, data)
        except WorkerFailure as failure:
            logger.error("Executed '%s' (Failed)\n%s", function.name, failure)
            return False
        return True

    async def invoke(self, function: Function, data: Datum) -> Datum | None:
        """Runs `function` with its trigger's `data`; raises WorkerFailure."""
        try:
            result = await self._call(function, self._arguments(function, data))
            if function.returns is not None:
                return function.encoded(result)
            if result is not None:
                text = f"function {function.name!r} without a $return binding"
                raise RuntimeError(f"{text} returned a non-None value")
        except Exception as error:
            raise WorkerFailure(error) from error
        return None

    @property
    def busy(self) -> bool:
        return bool(self._calls)

    async def settle(self, seconds: float) -> None:
        """Returns when the functions that run now have ended, or after so many real seconds."""
        calls = map(asyncio.wrap_future, tuple(self._calls))
        await asyncio.wait([asyncio.gather(*calls, return_exceptions=True)], timeout=seconds)

    def stop(self) -> None:
        """Lets no new work start; what runs is abandoned, as when a worker process is killed."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _arguments(self, function: Function, data: Datum) -> dict[str, Any]:
        client = Datum(self.client_binding(), "string")
        arguments = {
            name: function.decoded(name, data if binding is function.trigger else client)
            for name, binding in function.bindings.items()
        }
        if function.wants_context:
            arguments["context"] = self._context(function)
        return arguments

    def _context(self, function: Function) -> SimpleNamespace:
        """An azure.functions.Context, without its trace and retries."""
        return SimpleNamespace(
            invocation_id=str(uuid.uuid4()),
            function_name=function.name,
            function_directory=str(self.app_dir),
            thread_local_storage=threading.local(),
        )

    async def _call(self, function: Function, arguments: dict[str, Any]) -> Any:
        call: Future[Any]
        if inspect.iscoroutinefunction(function.handler):
            call = asyncio.run_coroutine_threadsafe(function.handler(**arguments), self._loop)
        else:
            call = self._pool.submit(function.handler, **arguments)
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return await asyncio.wrap_future(call)


def _import(app_dir: Path) -> ModuleType:
    if not (app_dir / "function_app.py").is_file():
        raise LoadError([f"{app_dir / 'function_app.py'}: no such file"])
    sys.path.insert(0, str(app_dir))
    sys.modules.pop("function_app", None)
    try:
        return importlib.import_module("function_app")
    except Exception as error:
        frames = "".join(traceback.format_exception(error))
        raise LoadError([f"function_app.py cannot be imported: {frames}"]) from error
