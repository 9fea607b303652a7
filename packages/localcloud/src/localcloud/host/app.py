"""Loads a `function_app.py` and runs its functions as the Python worker process does.

Synchronous functions run in one thread pool (PYTHON_THREADPOOL_THREAD_COUNT), asynchronous ones
share one event loop in a thread of its own. The host has this in another process
(worker_process.py); a test that wants to reach into the app has it in its own.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import os
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

# Importing it registers its converters.
import azure.durable_functions  # noqa: F401

from localcloud.host.indexing import Datum, Function, LoadedFunction, LoadError, index
from localcloud.host.worker import FunctionFailedError, Worker

__all__ = ["App", "failure_of"]


class App(Worker):
    """The functions of one app folder, run in this process."""

    functions: Sequence[LoadedFunction]

    def __init__(self, app_dir: Path, functions: Sequence[LoadedFunction]) -> None:
        super().__init__(functions)
        self.app_dir = app_dir
        self._loaded: Mapping[str, LoadedFunction] = {f.name: f for f in functions}
        count = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
        self._pool = ThreadPoolExecutor(int(count) if count.isdigit() else None, "worker")
        self._calls: set[Future[Any]] = set()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="worker-loop", daemon=True).start()

    @classmethod
    def load(cls, app_dir: Path) -> App:
        """Imports `app_dir`/function_app.py; LoadError tells every problem of the app."""
        app_dir = app_dir.resolve()
        return cls(app_dir, index(_import(app_dir)))

    @property
    def declared(self) -> tuple[Function, ...]:
        """The functions as the host gets to know them."""
        return tuple(function.declared for function in self._loaded.values())

    def use_clock(self, now: Callable[[], datetime]) -> None:
        """Gives the app the host's time, if it has the hook: a module `clock` with `use(now)`."""
        if (self.app_dir / "clock.py").is_file():
            clock: Any = importlib.import_module("clock")
            if hasattr(clock, "use"):
                clock.use(now)

    async def invoke(self, function: Function, data: Datum) -> Datum | None:
        done: Future[Datum | None] = Future()
        # The function runs on when its caller has gone away.
        done.set_running_or_notify_cancel()
        self.run(function.name, data, self.client_binding(), done)
        return await asyncio.wrap_future(done)

    def find(self, kind: str, durable_name: str) -> LoadedFunction | None:
        function = super().find(kind, durable_name)
        return None if function is None else self._loaded[function.name]

    def run(self, name: str, data: Datum, client: str, done: Future[Datum | None]) -> None:
        """Begins a call, from any thread; `done` gets what is sent to the host, or a FunctionFailedError."""
        function = self._loaded[name]
        try:
            call = self._begin(function, self._arguments(function, data, client))
        except Exception as error:  # noqa: BLE001 - whatever a converter raises
            done.set_exception(failure_of(error))
            return
        call.add_done_callback(lambda ended: self._end(function, ended, done))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

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

    def _arguments(self, function: LoadedFunction, data: Datum, client: str) -> dict[str, Any]:
        link = Datum(client, "string")
        arguments = {
            name: function.decoded(name, data if binding is function.trigger else link)
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

    def _begin(self, function: LoadedFunction, arguments: dict[str, Any]) -> Future[Any]:
        if inspect.iscoroutinefunction(function.handler):
            return asyncio.run_coroutine_threadsafe(function.handler(**arguments), self._loop)
        return self._pool.submit(function.handler, **arguments)

    def _end(self, function: LoadedFunction, call: Future[Any], done: Future[Datum | None]) -> None:
        try:
            result = _sent(function, call.result())
        except BaseException as error:  # noqa: BLE001 - whatever the app raises, an exit too
            done.set_exception(failure_of(error))
        else:
            done.set_result(result)


def _sent(function: LoadedFunction, result: Any) -> Datum | None:
    """Return what goes to the host for what a function has returned."""
    if function.returns is not None:
        return function.encoded(result)
    if result is not None:
        text = f"function {function.name!r} without a $return binding"
        raise RuntimeError(f"{text} returned a non-None value")
    return None


def failure_of(error: BaseException) -> FunctionFailedError:
    """With the message that the Functions host gets from the worker."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    what = f"{type(error).__name__}: {error}"
    return FunctionFailedError(f"Result: Failure\nException: {what}\nStack: {frames}")


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
