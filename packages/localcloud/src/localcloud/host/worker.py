"""The host's side of a Python worker: it runs functions of the app.

The worker is another process (worker_process.py), which may die while it runs something.
"""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from localcloud.host.indexing import Datum, Function, LoadError

__all__ = ["Datum", "Function", "FunctionFailedError", "LoadError", "Worker", "WorkerDiedError"]

logger = logging.getLogger(__name__)


class FunctionFailedError(Exception):
    """A function failed; `text` is the message that the Functions host gets from the worker."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


class WorkerDiedError(FunctionFailedError):
    """The worker's process ended while the function ran."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"python exited with code {code} ({code:#x})")

    @property
    def details(self) -> str:
        """JSON of the host's exception, as the durable extension keeps it; without its .NET stack."""
        kind = "Microsoft.Azure.WebJobs.Script.Workers.WorkerProcessExitException"
        details = {
            "$type": f"{kind}, Microsoft.Azure.WebJobs.Script",
            "ExitCode": self.code,
            "Message": self.text,
            "InnerException": None,
        }
        return json.dumps(details, separators=(",", ":"))


class Worker(ABC):
    """The functions of one app, ready to be invoked from the host's event loop."""

    def __init__(self, functions: Sequence[Function]) -> None:
        self.functions = functions
        # Text for durable client bindings; the durable engine sets it.
        self.client_binding: Callable[[], str] = lambda: ""
        self._by_name = {(f.kind, f.durable_name.lower()): f for f in functions}

    def find(self, kind: str, durable_name: str) -> Function | None:
        return self._by_name.get((kind, durable_name.lower()))

    async def invoke_durable(self, function: Function, text: str) -> str:
        """Runs an orchestrator, entity or activity; gives its reply, or raises FunctionFailedError."""
        reply = await self.invoke(function, Datum(text, "string"))
        return "" if reply is None else str(reply.value)

    async def succeeds(self, function: Function, data: Datum) -> bool:
        """Runs a function whose result nobody waits for; a failure is logged."""
        try:
            await self.invoke(function, data)
        except FunctionFailedError as failure:
            logger.error("Executed '%s' (Failed)\n%s", function.name, failure)
            return False
        return True

    @abstractmethod
    async def invoke(self, function: Function, data: Datum) -> Datum | None:
        """Runs `function` with its trigger's `data`; raises FunctionFailedError."""

    @property
    @abstractmethod
    def busy(self) -> bool:
        """True if functions run."""

    @abstractmethod
    async def settle(self, seconds: float) -> None:
        """Returns when the functions that run now have ended, or after so many real seconds."""

    @abstractmethod
    def stop(self) -> None:
        """Lets no new work start; what runs is abandoned, as when a worker process is killed."""
