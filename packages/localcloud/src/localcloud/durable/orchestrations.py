"""The work item of an orchestration: messages in, one turn of the function, one commit.

1. Collect what is due for the instance; messages of an earlier execution are dropped.
2. Is the instance's version one that this host may run (versions.py)? Else leave all as it is, or
   fail the instance.
3. Give the whole history to the function, play its answer (shim.py), commit the turn.

continue_as_new commits the beginning of the next generation with a message that calls for its first
turn, so that a loop of generations yields to others and survives a crash (the real extension takes
that turn in the same work item; the histories are the same).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from localcloud.clock import Clock
from localcloud.durable.decisions import Decision, complete
from localcloud.durable.dtfx import Outcome
from localcloud.durable.failures import orchestrator_state, stateless_failure, unknown_function
from localcloud.durable.history import FINISHED, Event, Execution, Kind, compact, event, stamp
from localcloud.durable.shim import Reply, replay
from localcloud.durable.store import Inbox, Instance, Store, WorkItem
from localcloud.durable.turn import Message, Turn, next_generation, take
from localcloud.durable.versions import Versioning
from localcloud.durable.witness import Witness
from localcloud.host.worker import Function, FunctionFailedError, Worker

log = logging.getLogger(__name__)

# What the extension 3.x offers to the SDK.
PROTOCOL = {
    "isReplaying": False,
    "upperSchemaVersion": 1,
    "upperSchemaVersionNew": 3,
    "sourceInstanceId": None,
    "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
}
# Only the Azure Storage provider has a limit for timers; the SDK splits longer ones.
TIMER_LIMITS = {
    "longRunningTimerIntervalDuration": "3.00:00:00",
    "maximumShortTimerDuration": "6.00:00:00",
}
STARTING = (Kind.ExecutionStarted, Kind.ContinueAsNew)
VERSION_MISMATCH = {
    "ErrorType": "VersionMismatch",
    "ErrorMessage": "Orchestration version did not comply with Worker Versioning",
    "StackTrace": None,
    "InnerFailure": None,
    "IsNonRetriable": True,
    "Properties": None,
}


@dataclass(frozen=True)
class Batch:
    """The beginning of a turn: `history` ends with what is `new` (`fresh`: all of it is)."""

    instance: Instance
    history: list[Event]
    new: list[Event]
    consumed: list[int]
    fresh: bool


class Orchestrations:
    """Runs work items; one instance must not be worked on twice at a time."""

    def __init__(
        self, worker: Worker, store: Store, clock: Clock, settings: Mapping[str, Any]
    ) -> None:
        """`settings`: host.json's `extensions.durableTask`."""
        self._worker, self._store, self._clock = worker, store, clock
        self._versioning = Versioning.of(settings)
        provider = (settings.get("storageProvider") or {}).get("type") or "AzureStorage"
        self._offer = PROTOCOL | (TIMER_LIMITS if provider.lower() == "azurestorage" else {})
        self._witness = Witness()

    async def work(self, instance_id: str) -> bool:
        """One turn; False if the version of the instance does not allow it (nothing is changed)."""
        now = self._clock.now()
        inbox = self._store.inbox(instance_id, now)
        batch = self._batch(self._store.instance(instance_id), inbox, now)
        if batch is None:
            self._store.commit(WorkItem(None, [m.id for m in inbox]))
            return True
        who = Execution.of(batch.history)
        if self._versioning.accepts(who.version):
            reply = await self._invoke(who, batch.history)
            item = self._turn(batch, who, reply, self._clock.now())
        elif self._versioning.failure == "fail":
            item = self._refusal(batch, who, now)
        else:
            log.warning("instance %s has version %s: not run here", instance_id, who.version)
            return False
        self._store.commit(item)
        return True

    # ---- what came in --------------------------------------------------------------------------
    def _batch(self, stored: Instance | None, inbox: list[Inbox], now: datetime) -> Batch | None:
        """Return the beginning of a turn; None if there is nothing that the instance (if there is one) could take."""
        starts = [m.event for m in inbox if m.event["EventType"] == Kind.ExecutionStarted]
        if starts:
            instance, past = Instance.of(starts[-1]), []
        elif stored is None or stored.status in FINISHED:
            return None
        else:
            instance, past = stored, self._store.history(stored.id)
        mine = [m for m in inbox if m.execution in (None, instance.execution)]
        kinds = [m.event["EventType"] for m in mine]
        if Kind.ContinueAsNew in kinds and Kind.ExecutionTerminated not in kinds:
            # What else came waits for the next turn; but a loop of generations can be terminated.
            marker = mine[kinds.index(Kind.ContinueAsNew)]
            return Batch(instance, past, [], [marker.id], fresh=False)
        others = [m.event for m, kind in zip(mine, kinds, strict=True) if kind not in STARTING]
        if not starts and not others:
            return None
        new = [event(Kind.OrchestratorStarted, now), *starts[-1:], *others]
        return Batch(instance, [*past, *new], new, [m.id for m in inbox], fresh=bool(starts))

    # ---- the function --------------------------------------------------------------------------
    async def _invoke(self, who: Execution, history: list[Event]) -> Reply:
        function = self._worker.find("orchestrationTrigger", who.name)
        if function is None:
            known = [f.name for f in self._worker.functions if f.kind == "orchestrationTrigger"]
            return Reply(None, unknown_function(who.name, "orchestrator", known))
        return await ask(self._worker, function, context_of(history, self._offer))

    # ---- what goes out -------------------------------------------------------------------------
    def _turn(self, batch: Batch, who: Execution, reply: Reply, now: datetime) -> WorkItem:
        outcome = replay(batch.history, reply, self._knows, self._versioning.default)
        self._report_changes(who, reply, outcome)
        turn = take(outcome.decisions, who, now)
        if not batch.new and len(turn.events) == 1:
            # The first turn of a generation has its OrchestratorCompleted already.
            turn.events = []
        item = _item(batch, turn, outcome, now)
        if turn.again is not None:
            start = next_generation(turn.again, outcome.carried, who, now)
            _go_on(item, batch.instance, start, now)
        return item

    def _refusal(self, batch: Batch, who: Execution, now: datetime) -> WorkItem:
        """Return the work item that fails the instance, since this host must not run its version."""
        end = complete(0, "Failed", None)
        end = replace(end, fields={**end.fields, "FailureDetails": VERSION_MISMATCH})
        return _item(batch, take([end], who, now), Outcome(), now)

    def _knows(self, kind: str, name: str) -> bool:
        return self._worker.find(kind, name) is not None

    def _report_changes(self, who: Execution, reply: Reply, outcome: Outcome) -> None:
        start = f"orchestration {who.name} is not deterministic: instance {who.instance_id}"
        if outcome.mismatch is not None:
            log.error("%s differs at step %s: %s", start, outcome.mismatch.step, outcome.mismatch)
        elif reply.state is not None:
            change = self._witness.difference(who.execution_id, reply.state)
            if change:
                log.warning("%s: %s (the real extension does not notice)", start, change)


def _item(batch: Batch, turn: Turn, outcome: Outcome, now: datetime) -> WorkItem:
    old, end = batch.instance, turn.end
    over = end is not None or turn.again is not None
    return WorkItem(
        replace(
            old,
            status=end.status if end else "Suspended" if outcome.suspended else "Running",
            output=_output(end) if end else outcome.reason,
            custom_status=outcome.custom_status,
            updated=stamp(now),
        ),
        batch.consumed,
        history=[] if batch.fresh else None,
        events=[*batch.new, *turn.events],
        calls=turn.calls,
        messages=turn.messages,
        drop_execution=(old.id, old.execution) if over else None,
    )


def _output(end: Decision) -> str | None:
    result: str | None = end.fields["Result"]
    failure = end.fields["FailureDetails"]
    return f"{failure['ErrorType']}: {failure['ErrorMessage']}" if failure else result


def _go_on(item: WorkItem, old: Instance, start: list[Event], now: datetime) -> None:
    """Makes the item one that begins the next generation, whose history `start` is."""
    fresh = Instance.of(start[1])
    item.instance = replace(fresh, generation=old.generation, updated=stamp(now))
    item.history, item.events = start, ()
    go_on = Message(old.id, event(Kind.ContinueAsNew, now), now, fresh.execution)
    item.messages = [*item.messages, go_on]


def context_of(history: list[Event], offer: Mapping[str, Any] = PROTOCOL | TIMER_LIMITS) -> str:
    """Return what the SDK gets for a history: the text of an orchestration trigger."""
    started = next(e for e in history if e["EventType"] == Kind.ExecutionStarted)
    who = Execution.of(history)
    parent = who.parent["OrchestrationInstance"]["InstanceId"] if who.parent else None
    context = {
        "history": [_light(item) for item in history],
        "input": None if started["Input"] is None else json.loads(started["Input"]),
        "instanceId": who.instance_id,
        "parentInstanceId": parent,
        **offer,
    }
    return compact(context)


async def ask(worker: Worker, function: Function, context: str) -> Reply:
    """The SDK's answer; a failing orchestrator answers too."""
    try:
        return Reply(json.loads(await worker.invoke_durable(function, context)))
    except FunctionFailedError as failure:
        state = orchestrator_state(failure.text)
        return Reply(state, "" if state else stateless_failure(failure.text))


def _light(item: Event) -> Event:
    """Return the event with a short Timestamp; the SDK parses every one but uses only those of turns.

    A date is parsed in a third of the time, which is most of what a replay costs.
    """
    if item["EventType"] == Kind.OrchestratorStarted:
        return item
    return item | {"Timestamp": item["Timestamp"][:10].replace("-", "")}
