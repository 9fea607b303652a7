"""The work item of an entity: all requests that are due in one batch, one commit.

An entity is an instance `@name@key` whose input holds its state, as in the real extension (which
keeps it Running for ever). A request is an EventRaised `op`; the answer to a call is an EventRaised
named by the request's id.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localcloud.clock import Clock
from localcloud.durable.failures import sanitized
from localcloud.durable.history import Event, compact, event_raised, execution_started, stamp
from localcloud.durable.shim import entity_request, scheduler_id
from localcloud.durable.store import Instance, Store, WorkItem
from localcloud.durable.turn import Message
from localcloud.host.worker import Worker, WorkerFailure

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EntityState:
    """What the instance's input says: does the entity exist, and its state as JSON text."""

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

    async def work(self, instance_id: str) -> bool:
        """Runs what is due for the entity; always True (versions do not apply)."""
        inbox = self._store.inbox(instance_id, self._clock.now())
        stored = self._store.instance(instance_id)
        requests = [json.loads(m.event["Input"]) for m in inbox if m.event.get("Name") == "op"]
        before = EntityState.of(stored)
        reply = await self._invoke(instance_id, before, requests)
        now = self._clock.now()
        after = EntityState(bool(reply["entityExists"]), reply["entityState"])
        answers = [
            _answer(request, result, now)
            for request, result in zip(requests, reply["results"], strict=False)
            if not request.get("signal") and request.get("parent")
        ]
        signals = [_signal(item, now) for item in reply.get("signals") or []]
        self._store.commit(
            WorkItem(
                _instance(instance_id, after, now),
                [m.id for m in inbox],
                messages=[*answers, *signals],
            )
        )
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
            "batch": [_operation(request) for request in requests],
        }
        try:
            reply = json.loads(await self._worker.invoke_durable(function, compact(context)))
        except WorkerFailure as failure:
            error = {"isError": True, "result": compact(sanitized(failure.text))}
            return {**unchanged, "results": [error] * len(requests)}
        return dict(reply)


def _operation(request: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": request["op"],
        "input": request["input"],
        "isSignal": bool(request.get("signal")),
        "id": request["id"],
    }


def _answer(request: dict[str, Any], result: dict[str, Any], now: datetime) -> Message:
    answer = {"result": result.get("result")}
    if result.get("isError"):
        answer["exceptionType"] = "Error"
    raised = event_raised(now, request["id"], compact(answer))
    return Message(request["parent"], raised, now, request.get("parentExecution"))


def _signal(item: dict[str, Any], now: datetime) -> Message:
    target = scheduler_id(f"@{item['target']['name']}@{item['target']['key']}")
    request = entity_request(item.get("name"), None, f"{target}/{stamp(now)}", signal=True)
    request["input"] = item.get("input")
    return Message(target, event_raised(now, "op", compact(request)), now)


def _instance(instance_id: str, state: EntityState, now: datetime) -> Instance:
    started: Event = execution_started(
        now,
        instance_id=instance_id,
        execution_id=instance_id,
        name=instance_id,
        version=None,
        input_text=state.as_input(),
    )
    instance = Instance.of(started)
    instance.custom_status = compact({"entityExists": True} if state.exists else {})
    return instance
