"""The work item of an entity: all requests that are due in one batch, one commit.

An entity is an instance `@name@key` whose input holds its state, as in the real extension (which
keeps it Running for ever). A request is an EventRaised `op`; the answer to a call is an EventRaised
named by the request's id.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from localcloud.clock import Clock
from localcloud.durable.failures import sanitized
from localcloud.durable.history import compact, event_raised, stamp
from localcloud.durable.shim import entity_request, scheduler_id
from localcloud.durable.store import Instance, Store, WorkItem
from localcloud.durable.turn import Message
from localcloud.host.worker import FunctionFailedError, Worker, WorkerDiedError

log = logging.getLogger(__name__)
# Seconds: the Azure Storage provider's pause for abandoned messages.
LONGEST_PAUSE = 600


@dataclass(frozen=True)
class EntityState:
    """The entity in the instance's input: whether it exists, and its state as JSON text."""

    exists: bool = False
    state: str | None = None

    @classmethod
    def of(cls, instance: Instance | None) -> EntityState:
        if instance is None or instance.input is None:
            return cls()
        kept = json.loads(instance.input)
        return cls(bool(kept.get("exists")), kept.get("state"))

    def as_input(self) -> str:
        exists = {"exists": True} if self.exists else {}
        return compact({**exists, "state": self.state, "sorter": {}})


def is_entity(instance_id: str) -> bool:
    return instance_id.startswith("@") and instance_id.count("@") > 1


class Entities:
    def __init__(self, worker: Worker, store: Store, clock: Clock) -> None:
        self._worker, self._store, self._clock = worker, store, clock
        self._abandoned: Counter[str] = Counter()

    async def work(self, instance_id: str) -> bool:
        """Runs what is due for the entity; always True (versions do not apply)."""
        inbox = self._store.inbox(instance_id, self._clock.now())
        requests = [json.loads(m.event["Input"]) for m in inbox if m.event.get("Name") == "op"]
        before = EntityState.of(self._store.instance(instance_id))
        try:
            reply = await self._invoke(instance_id, before, requests)
        except WorkerDiedError as died:
            return self._abandon(instance_id, [m.id for m in inbox], died)
        self._abandoned.pop(instance_id, None)
        now = self._clock.now()
        messages = [
            _answer(request, result, now)
            for request, result in zip(requests, reply["results"], strict=False)
            if not request.get("signal") and request.get("parent")
        ]
        messages += [_signal(item, now) for item in reply.get("signals") or ()]
        after = EntityState(bool(reply["entityExists"]), reply["entityState"])
        instance = _instance(instance_id, after, now)
        self._store.commit(WorkItem(instance, [m.id for m in inbox], messages=messages))
        return True

    def _abandon(self, instance_id: str, messages: list[int], died: WorkerDiedError) -> bool:
        """Let the messages be due again after 2, 4, 8... seconds, as the queue does."""
        self._abandoned[instance_id] += 1
        pause = timedelta(seconds=min(2 ** self._abandoned[instance_id], LONGEST_PAUSE))
        log.warning("entity %s: tried again in %s: %s", instance_id, pause, died)
        self._store.postpone(messages, self._clock.now() + pause)
        return True

    async def _invoke(
        self, instance_id: str, before: EntityState, requests: list[dict[str, Any]]
    ) -> dict[str, Any]:
        _, name, key = instance_id.split("@", 2)
        unchanged = {"entityExists": before.exists, "entityState": before.state}
        function = self._worker.find("entityTrigger", name)
        if function is None:
            log.error("no entity function named %s", name)
            return {**unchanged, "results": []}
        context = {
            "self": {"name": name, "key": key},
            "exists": before.exists,
            "state": before.state,
            "batch": [
                {
                    "name": request["op"],
                    "input": request["input"],
                    "isSignal": bool(request.get("signal")),
                    "id": request["id"],
                }
                for request in requests
            ],
        }
        try:
            reply = json.loads(await self._worker.invoke_durable(function, compact(context)))
        except FunctionFailedError as failure:
            if isinstance(failure, WorkerDiedError):
                raise
            error = {"isError": True, "result": compact(sanitized(failure.text))}
            return {**unchanged, "results": [error] * len(requests)}
        return dict(reply)


def _answer(request: dict[str, Any], result: dict[str, Any], now: datetime) -> Message:
    error = {"exceptionType": "Error"} if result.get("isError") else {}
    answer = compact({"result": result.get("result")} | error)
    raised = event_raised(now, request["id"], answer)
    return Message(request["parent"], raised, now, request["parentExecution"])


def _signal(item: dict[str, Any], now: datetime) -> Message:
    target = scheduler_id(f"@{item['target']['name']}@{item['target']['key']}")
    request_id = f"{target}/{stamp(now)}"
    request = entity_request(item.get("name"), item.get("input"), request_id, signal=True)
    return Message(target, event_raised(now, "op", compact(request)), now)


def _instance(instance_id: str, state: EntityState, now: datetime) -> Instance:
    """Return the instance that the status API shows: named by its id, with the entity's state as its input."""
    return Instance(
        instance_id,
        execution=instance_id,
        name=instance_id,
        version=None,
        status="Running",
        input=state.as_input(),
        custom_status=compact({"entityExists": True} if state.exists else {}),
        created=stamp(now),
        updated=stamp(now),
    )
