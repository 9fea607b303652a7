"""What a durable client can ask of the task hub: start, raise, terminate, suspend, resume, purge...

Each answers at once and takes effect when the instance's next work item runs, as in the extension.
The conditions (which state allows what) are the extension's and the Azure Storage provider's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from localcloud.clock import Clock
from localcloud.durable.dispatcher import Dispatcher
from localcloud.durable.entities import EntityState, is_entity
from localcloud.durable.history import (
    FINISHED,
    Kind,
    compact,
    event,
    event_raised,
    execution_started,
    moment,
    stamp,
)
from localcloud.durable.rewind import rewound
from localcloud.durable.shim import entity_request, scheduler_id
from localcloud.durable.store import Instance, Store, WorkItem
from localcloud.durable.turn import Message
from localcloud.durable.versions import Versioning


class NotFound(Exception):  # noqa: N818 - an outcome, not a fault
    """There is no such instance."""


class Gone(Exception):  # noqa: N818
    """The instance has ended."""


class Conflict(Exception):  # noqa: N818
    """The instance is in a state that does not allow it; `status` is that state."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class HubClient:
    """Reads and posts; never runs anything itself."""

    def __init__(
        self, store: Store, clock: Clock, dispatcher: Dispatcher, versioning: Versioning
    ) -> None:
        self._store, self._clock, self._dispatcher = store, clock, dispatcher
        self._versioning = versioning

    def start(
        self, name: str, instance_id: str | None, input_text: str | None, version: str | None = None
    ) -> str:
        """Starts an orchestration and gives its id; Conflict if the id is in use."""
        instance_id = instance_id or uuid.uuid4().hex
        former = self._store.instance(instance_id)
        if former is not None and former.status not in FINISHED:
            raise Conflict(former.status)
        now = self._clock.now()
        started = execution_started(
            now,
            instance_id=instance_id,
            execution_id=str(uuid.uuid4()),
            name=name,
            version=version or self._versioning.default,
            input_text=input_text,
            generation=0 if former is None else (former.generation or 0) + 1,
        )
        self._store.start(Message(instance_id, started, now), Instance.of(started, "Pending"))
        self._dispatcher.started_anew(instance_id)
        return instance_id

    def restart(self, instance_id: str, *, new_id: bool) -> str:
        """Starts the same function with the same input again."""
        instance = self._store.instance(instance_id)
        if instance is None:
            raise NotFound
        target = None if new_id else instance_id
        return self.start(instance.name, target, instance.input)

    def raise_event(self, instance_id: str, name: str, text: str) -> None:
        self._running(instance_id)
        self._post(instance_id, lambda now: event_raised(now, name, text))

    def terminate(self, instance_id: str, reason: str | None) -> None:
        """One that was never picked up ends at once, without a history."""
        instance = self._running(instance_id)
        if instance.status == "Pending":
            now = stamp(self._clock.now())
            ended = replace(instance, status="Terminated", output=reason, updated=now)
            self._store.end_unstarted(ended)
            self._dispatcher.started_anew(instance_id)
        else:
            self._post(instance_id, lambda now: event(Kind.ExecutionTerminated, now, Input=reason))

    def suspend(self, instance_id: str, reason: str | None) -> None:
        if self._running(instance_id).status == "Suspended":
            raise Conflict("Suspended")
        self._post(instance_id, lambda now: event(Kind.ExecutionSuspended, now, Reason=reason))

    def resume(self, instance_id: str, reason: str | None) -> None:
        instance = self._running(instance_id)
        if instance.status != "Suspended":
            raise Conflict(instance.status)
        self._post(instance_id, lambda now: event(Kind.ExecutionResumed, now, Reason=reason))

    def rewind(self, instance_id: str) -> None:
        """Takes the failures out of a failed instance's history and lets it go on."""
        instance = self.instance(instance_id)
        if instance.status != "Failed":
            raise Conflict(instance.status)
        now = self._clock.now()
        history, children = rewound(self._store.history(instance_id))
        go_on = Message(instance_id, event(Kind.ContinueAsNew, now), now, instance.execution)
        self._store.commit(
            WorkItem(
                replace(instance, status="Running", output=None, updated=stamp(now)),
                history=history,
                messages=[go_on],
            )
        )
        self._dispatcher.started_anew(instance_id)
        for child in children:
            self.rewind(child)

    # ---- reading and purging ---------------------------------------------------------------------
    def instance(self, instance_id: str) -> Instance:
        instance = self._store.instance(instance_id)
        if instance is None:
            raise NotFound
        return instance

    def instances(self, wanted: Callable[[Instance], bool]) -> list[Instance]:
        return [item for item in self._store.instances() if wanted(item)]

    def purge(self, instance_id: str) -> None:
        """An entity can be purged at any time, an orchestration when it has ended."""
        instance = self.instance(instance_id)
        if instance.status not in FINISHED and not is_entity(instance_id):
            raise Conflict(instance.status)
        self._store.delete([instance_id])
        self._dispatcher.started_anew(instance_id)

    def purge_created(
        self, since: datetime, until: datetime | None, statuses: frozenset[str]
    ) -> int:
        """Ended instances of that time; `statuses` none of which is an end: whatever their end."""
        ends = statuses & set(FINISHED) or set(FINISHED)
        found = self.instances(
            lambda item: (
                item.status in ends
                and since <= moment(item.created)
                and (until is None or moment(item.created) <= until)
            )
        )
        self._store.delete([item.id for item in found])
        return len(found)

    # ---- entities --------------------------------------------------------------------------------
    def signal(self, name: str, key: str, operation: str, value: object) -> None:
        """`value` is what the request's JSON input says."""
        target = scheduler_id(f"@{name}@{key}")
        request = entity_request(operation, None, str(uuid.uuid4()), signal=True)
        request["input"] = value
        self._post(target, lambda now: event_raised(now, "op", compact(request)))

    def entity(self, name: str, key: str) -> EntityState:
        return EntityState.of(self._store.instance(scheduler_id(f"@{name}@{key}")))

    # ---- helpers ---------------------------------------------------------------------------------
    def _running(self, instance_id: str) -> Instance:
        instance = self.instance(instance_id)
        if instance.status in FINISHED:
            raise Gone
        return instance

    def _post(self, target: str, make: Callable[[datetime], dict[str, object]]) -> None:
        now = self._clock.now()
        self._store.post(Message(target, make(now), now))
        self._dispatcher.wake()
