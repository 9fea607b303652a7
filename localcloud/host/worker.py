"""Loads a `function_app.py` and runs its functions as the Python worker process does.

Synchronous functions run in one thread pool (PYTHON_THREADPOOL_THREAD_COUNT), asynchronous ones
share one event loop in a thread of its own: the host's loop stays free when app code blocks, as it
does when the worker is another process.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import azure.durable_functions  # registers its converters  # noqa: F401
import azure.functions as func

from localcloud.host.indexing import Datum, Function, LoadError, decode, encode, index

__all__ = ["Datum", "Function", "LoadError", "Worker", "WorkerFailure"]


class WorkerFailure(Exception):  # noqa: N818 - the worker's word: "Result: Failure"
    """A function failed; `text` is the message that the Functions host gets from the worker."""

    def __init__(self, error: BaseException) -> None:
        frames = "".join(traceback.format_tb(error.__traceback__))
        self.message = f"{type(error).__name__}: {error}"
        self.text = f"Result: Failure\nException: {self.message}\nStack: {frames}"
        super().__init__(self.text)


class Context(func.Context):
    """What a function gets for a parameter `context`."""

    def __init__(self, name: str, directory: str) -> None:
        self._id, self._name, self._directory = str(uuid.uuid4()), name, directory
        self._local = threading.local()

    @property
    def invocation_id(self) -> str:
        return self._id

    @property
    def thread_local_storage(self) -> Any:
        return self._local

    @property
    def function_name(self) -> str:
        return self._name

    @property
    def function_directory(self) -> str:
        return self._directory

    @property
    def trace_context(self) -> Any:
        return None

    @property
    def retry_context(self) -> Any:
        return None


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

    def use_clock(self, now: Callable[[], datetime]) -> bool:
        """Gives the app the host's time, if it has the hook: a module `clock` with `use(now)`."""
        if not (self.app_dir / "clock.py").is_file():
            return False
        hook = getattr(importlib.import_module("clock"), "use", None)
        if hook is not None:
            hook(now)
        return hook is not None

    def find(self, kind: str, durable_name: str) -> Function | None:
        return self._by_name.get((kind, durable_name.lower()))

    async def invoke_durable(self, function: Function, text: str) -> str:
        """Runs an orchestrator, entity or activity; gives its reply, or raises WorkerFailure."""
        reply = await self.invoke(function, Datum(text, "string"))
        return "" if reply is None else str(reply.value)

    async def invoke(self, function: Function, data: Datum) -> Datum | None:
        """Runs `function` with its trigger's `data`; raises WorkerFailure."""
        try:
            result = await self._call(function, self._arguments(function, data))
            if function.returns is not None:
                return encode(function.returns, result)
            if result is not None:
                text = f"function {function.name!r} without a $return binding"
                raise RuntimeError(f"{text} returned a non-None value")
        except Exception as error:
            raise WorkerFailure(error) from error
        return None

    def _arguments(self, function: Function, data: Datum) -> dict[str, Any]:
        client = Datum(self.client_binding(), "string")
        arguments = {
            name: decode(kind, data if name == function.trigger["name"] else client)
            for name, kind in function.inputs.items()
        }
        if function.wants_context:
            arguments["context"] = Context(function.name, str(self.app_dir))
        return arguments

    async def _call(self, function: Function, arguments: Mapping[str, Any]) -> Any:
        call: Future[Any]
        if function.is_async:
            call = asyncio.run_coroutine_threadsafe(function.handler(**arguments), self._loop)
        else:
            call = self._pool.submit(function.handler, **arguments)
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return await asyncio.wrap_future(call)

    async def settle(self, seconds: float) -> None:
        """Waits for calls that nobody waits for any more (theirs was cancelled), so long at most."""
        calls = [asyncio.wrap_future(call) for call in tuple(self._calls)]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), seconds)

    def stop(self) -> None:
        """Lets no new work start; what runs is abandoned, as when a worker process is killed."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._loop.call_soon_threadsafe(self._loop.stop)


def _import(app_dir: Path) -> ModuleType:
    path = app_dir / "function_app.py"
    if not path.is_file():
        raise LoadError([f"{path}: no such file"])
    if str(app_dir) not in sys.path:
        sys.path.insert(0, str(app_dir))
    spec = importlib.util.spec_from_file_location("function_app", path)
    if spec is None or spec.loader is None:
        raise LoadError([f"{path}: not importable"])
    module = importlib.util.module_from_spec(spec)
    sys.modules["function_app"] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        frames = traceback.format_exception(error)
        raise LoadError([f"function_app.py cannot be imported: {''.join(frames)}"]) from error
    return module
