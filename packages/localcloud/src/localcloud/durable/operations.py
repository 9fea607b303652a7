"""The operations of clients on instances: start, raise, terminate, suspend, resume, rewind, purge...

Each answers at once and takes effect when the instance's next work item runs, as in the extension.
Which state gives which status code is the extension's: docs/platform-notes.md#status-codes-of-the-durable-http-api.
`RefusedError` ends a request that the state does not allow.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

from aiohttp import web

from localcloud.clock import Clock
from localcloud.durable.answers import (
    WRONG,
    RefusedError,
    body_text,
    empty,
    flag,
    json_answer,
    json_input,
    json_token,
    parameter,
)
from localcloud.durable.dispatcher import Dispatcher
from localcloud.durable.entities import is_entity
from localcloud.durable.failures import unknown_function
from localcloud.durable.history import (
    FINISHED,
    Event,
    Execution,
    Kind,
    compact,
    event,
    event_raised,
    stamp,
)
from localcloud.durable.links import Links
from localcloud.durable.rewind import rewound
from localcloud.durable.shim import entity_request, scheduler_id
from localcloud.durable.status_view import status, token
from localcloud.durable.store import Instance, Store, WorkItem
from localcloud.durable.turn import Message
from localcloud.durable.versions import Versioning
from localcloud.host.worker import Worker

TWICE = "DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException"
INVALID = "System.InvalidOperationException"
EXISTS = "An Orchestration instance with the status {} already exists."
# The event that is posted, its field for the reason, the states in which the extension throws.
SWITCHES: dict[str, tuple[Kind, str, tuple[str, ...]]] = {
    "terminate": (Kind.ExecutionTerminated, "Input", ()),
    "suspend": (Kind.ExecutionSuspended, "Reason", ("Suspended",)),
    "resume": (Kind.ExecutionResumed, "Reason", ("Pending", "Running")),
}


@dataclass(frozen=True)
class Operations:
    """Checks the instance's state and posts messages; never runs anything itself."""

    store: Store
    clock: Clock
    dispatcher: Dispatcher
    versioning: Versioning
    worker: Worker
    links: Links

    # ---- starting ------------------------------------------------------------------------------
    async def start(self, request: web.Request, name: str, instance_id: str = "") -> web.Response:
        text = await json_input(request)
        return await self._start(request, name, instance_id or uuid.uuid4().hex, text)

    async def restart(self, request: web.Request, instance_id: str) -> web.Response:
        """Starts the same function with the same input again."""
        instance = self.store.instance(instance_id)
        if instance is None:
            unknown = f"No instance with ID '{instance_id}' was found. (Parameter 'instanceId')"
            message = "InstanceId does not match a valid orchestration instance."
            raise RefusedError(400, message, "System.ArgumentException", unknown)
        if flag(request, "restartWithNewInstanceId", default=True):
            instance_id = uuid.uuid4().hex
        elif instance.status not in FINISHED:
            message = "A non-terminal instance with this instance ID already exists."
            raise RefusedError(409, message, TWICE, EXISTS.format(instance.status))
        return await self._start(request, instance.name, instance_id, instance.input)

    async def _start(
        self, request: web.Request, name: str, instance_id: str, text: str | None
    ) -> web.Response:
        former = self.store.instance(instance_id)
        if former is not None and former.status not in FINISHED:
            raise RefusedError(409, EXISTS.format(former.status))
        now = self.clock.now()
        version = parameter(request, "version", str, "") or self.versioning.default
        generation = 0 if former is None else (former.generation or 0) + 1
        begun = Execution(instance_id, str(uuid.uuid4()), name, version)
        started = begun.started(now, text, generation)
        self.store.start(Message(instance_id, started, now), Instance.of(started, "Pending"))
        self.dispatcher.started_anew(instance_id)
        return await self._started(request, instance_id)

    async def _started(self, request: web.Request, instance_id: str) -> web.Response:
        """The links; with `timeout` and `pollingInterval` the result if it comes in time."""
        seconds = parameter(request, "timeout", float, None)
        interval = parameter(request, "pollingInterval", float, None)
        if seconds is not None and interval is not None:
            if not interval <= seconds:
                bound = f"Total timeout {seconds:g} should be bigger than retry timeout"
                raise RefusedError(400, f"{bound} {interval:g}")
            instance = await self._awaited(instance_id, seconds, interval)
            if instance.status == "Completed":
                return json_answer(token(instance.output))
            if instance.status in FINISHED:
                return json_answer(status(request, instance))
        links = self.links.of(f"{request.scheme}://{request.host}", instance_id)
        headers = {"Location": links["statusQueryGetUri"], "Retry-After": "10"}
        return json_answer(links, 202, headers)

    async def _awaited(self, instance_id: str, seconds: float, interval: float) -> Instance:
        """Wait for the instance's end, in real `seconds`, as the caller does; return it as it is then."""
        until = time.monotonic() + seconds
        while True:
            instance = self.existing(instance_id)
            left = until - time.monotonic()
            if instance.status in FINISHED or left <= 0:
                return instance
            await asyncio.sleep(min(interval, left))

    # ---- running instances -----------------------------------------------------------------------
    async def raise_event(self, request: web.Request, instance_id: str, name: str) -> web.Response:
        self._running(instance_id)
        if request.content_type != "application/json":
            raise RefusedError(400, "Only application/json request content is supported")
        text = await json_token(request)
        return self._post(instance_id, event_raised(self.clock.now(), name, text))

    async def switch(self, request: web.Request, instance_id: str, verb: str) -> web.Response:
        """Terminate, suspend or resume; an instance that was never picked up ends without a history."""
        instance = self._running(instance_id)
        kind, field, refusing = SWITCHES[verb.lower()]
        if instance.status in refusing:
            what = f"Cannot {verb.lower()} the orchestration instance {instance_id}"
            why = f"because instance is in the {instance.status} state."
            raise RefusedError(500, WRONG, INVALID, f"{what} {why}")
        reason, now = parameter(request, "reason", str, None), self.clock.now()
        begun = instance.status != "Pending" or self.dispatcher.works_on(instance_id)
        if begun or kind is not Kind.ExecutionTerminated:
            return self._post(instance_id, event(kind, now) | {field: reason})
        ended = replace(instance, status="Terminated", output=reason, updated=stamp(now))
        self.store.end_unstarted(ended)
        self.dispatcher.started_anew(instance_id)
        return empty(202)

    async def signal(self, request: web.Request, name: str, key: str) -> web.Response:
        """A request to an entity; the verb DELETE asks for the operation of that name."""
        if self.worker.find("entityTrigger", name) is None:
            known = [f.name for f in self.worker.functions if f.kind == "entityTrigger"]
            raise RefusedError(400, unknown_function(name.lower(), "entity", known))
        text = await body_text(request)
        if text and request.content_type != "application/json":
            text = compact(text)
        asked = "delete" if request.method == "DELETE" else parameter(request, "op", str, "")
        message = entity_request(asked, text or None, str(uuid.uuid4()), signal=True)
        raised = event_raised(self.clock.now(), "op", compact(message))
        return self._post(scheduler_id(f"@{name}@{key}"), raised)

    def _post(self, target: str, item: Event) -> web.Response:
        self.store.post(Message(target, item, self.clock.now()))
        self.dispatcher.wake()
        return empty(202)

    def existing(self, instance_id: str) -> Instance:
        instance = self.store.instance(instance_id)
        if instance is None:
            raise RefusedError(404)
        return instance

    def _running(self, instance_id: str) -> Instance:
        instance = self.existing(instance_id)
        if instance.status in FINISHED:
            raise RefusedError(410)
        return instance

    # ---- ended instances -------------------------------------------------------------------------
    async def rewind(self, _request: web.Request, instance_id: str) -> web.Response:
        instance = self.store.instance(instance_id)
        if instance is None:
            problem = f'No orchestration with instance ID "${instance_id}" found.'
            return json_answer(problem, 404)
        if instance.status != "Failed":
            problem = f"This orchestration has status {instance.status}, but only orchestrations"
            return json_answer(f'{problem} in the "Failed" state can be rewound.', 412)
        self.store.commit(*self._rewound(instance))
        self.dispatcher.wake()
        return empty(202)

    def _rewound(self, instance: Instance) -> Iterator[WorkItem]:
        """Takes the failures out of a failed instance's history and lets it go on, with its children."""
        now = self.clock.now()
        history, children = rewound(self.store.history(instance.id))
        running = replace(instance, status="Running", output=None, updated=stamp(now))
        go_on = Message(instance.id, event(Kind.ContinueAsNew, now), now, instance.execution)
        yield WorkItem(running, history=history, messages=[go_on])
        for child in map(self.store.instance, children):
            if child is not None and child.status == "Failed":
                yield from self._rewound(child)

    async def purge(self, _request: web.Request, instance_id: str) -> web.Response:
        """An entity can be purged at any time, an orchestration when it has ended."""
        instance = self.existing(instance_id)
        if instance.status not in FINISHED and not is_entity(instance.name):
            problem = "Only orchestrations in a terminal state can be purged, but the orchestration"
            problem += f" with instance ID {instance_id} has status {instance.status}"
            return json_answer(problem, 412)
        self.store.delete([instance_id])
        self.dispatcher.started_anew(instance_id)
        return json_answer({"instancesDeleted": 1})
