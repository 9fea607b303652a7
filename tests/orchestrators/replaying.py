"""Replays a recorded history against the orchestrators of the working tree, as the durable extension would.

1. Cut the history into turns. For each turn: everything before it and what came in (`known`), what it decided (`made`).
2. Give `known` to the SDK's real replay code, with the orchestrator as it is now.
3. Play its answer as the extension does (localcloud/host): a step that the history has and the code no longer takes, or
   takes otherwise, is what would break a migration in flight.
4. Hold what is decided next against `made`: number, kind and name, and how the orchestration ends. Times and texts may
   differ: a new deadline or wording breaks nothing.
"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass

from localcloud.durable.decisions import (
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    Decision,
    ScheduleTask,
)
from localcloud.durable.dtfx import Outcome
from localcloud.durable.failures import orchestrator_state, stateless_failure
from localcloud.durable.history import STATUSES, Kind, compact
from localcloud.durable.orchestrations import PROTOCOL
from localcloud.durable.shim import Reply, Scope, replay
from localcloud.host.worker import Worker, WorkerFailure
from tests.orchestrators.recordings import Event, Execution

MADE = frozenset(
    [
        Kind.TaskScheduled,
        Kind.TimerCreated,
        Kind.SubOrchestrationInstanceCreated,
        Kind.EventSent,
        Kind.ExecutionCompleted,
    ]
)


@dataclass(frozen=True)
class Difference:
    """The first step of a recorded execution that today's code takes otherwise."""

    execution: Execution
    turn: int
    step: int
    text: str

    def __str__(self) -> str:
        return f"{self.execution}, turn {self.turn}, step {self.step}: {self.text}"


def turns(history: list[Event]) -> Iterator[tuple[list[Event], list[Event]]]:
    """(`known`, `made`) of each turn."""
    starts = [i for i, e in enumerate(history) if e["EventType"] == Kind.OrchestratorStarted]
    for start, end in zip(starts, [*starts[1:], len(history)], strict=True):
        turn = history[start:end]
        came = [e for e in turn if e["EventType"] not in MADE | {Kind.OrchestratorCompleted}]
        yield [*history[:start], *came], [e for e in turn if e["EventType"] in MADE]


def first_difference(worker: Worker, execution: Execution) -> Difference | None:
    """None when the working tree takes every recorded step."""
    for number, (known, made) in enumerate(turns(execution.history), 1):
        outcome = decide(worker, known)
        found = _difference(outcome, made)
        if found:
            return Difference(execution, number, *found)
    return None


def decide(worker: Worker, known: list[Event]) -> Outcome:
    """What today's code decides, given a history."""
    started = next(e for e in known if e["EventType"] == Kind.ExecutionStarted)
    ids, parent = started["OrchestrationInstance"], started["ParentInstance"]
    context = {
        "history": [_quickly_read(event) for event in known],
        "input": None if started["Input"] is None else json.loads(started["Input"]),
        "instanceId": ids["InstanceId"],
        "parentInstanceId": parent["OrchestrationInstance"]["InstanceId"] if parent else None,
        **PROTOCOL,
    }
    scope = Scope(
        started["Name"],
        ids["InstanceId"],
        ids["ExecutionId"],
        lambda kind, name: worker.find(kind, name) is not None,
    )
    return replay(known, _reply(worker, started["Name"], compact(context)), scope)


def _quickly_read(event: Event) -> Event:
    """The SDK parses each time at length, and uses only those of turns; dates alone are read in a third of the time."""
    if event["EventType"] == Kind.OrchestratorStarted:
        return event
    return event | {"Timestamp": event["Timestamp"][:10].replace("-", "")}


def _reply(worker: Worker, name: str, context: str) -> Reply:
    function = worker.find("orchestrationTrigger", name)
    if function is None:
        return Reply(None, f"there is no orchestrator {name} any more")
    try:
        return Reply(json.loads(asyncio.run(worker.invoke_durable(function, context))))
    except WorkerFailure as failure:
        state = orchestrator_state(failure.text)
        return Reply(state, "" if state else stateless_failure(failure.text))


def _difference(outcome: Outcome, made: list[Event]) -> tuple[int, str] | None:
    if outcome.mismatch is not None:
        return outcome.mismatch.step, str(outcome.mismatch)
    recorded = {event["EventId"]: _recorded(event) for event in made}
    decided = {decision.id: _decided(decision) for decision in outcome.decisions}
    for step in sorted(recorded.keys() | decided.keys()):
        then, now = recorded.get(step, "nothing"), decided.get(step, "nothing")
        if then != now.partition(" because ")[0]:
            return step, f"the recorded code did: {then}; this code does: {now}"
    return None


def _recorded(event: Event) -> str:
    match event["EventType"]:
        case Kind.TaskScheduled:
            return f"call activity {event['Name']}"
        case Kind.TimerCreated:
            return "wait on a timer"
        case Kind.SubOrchestrationInstanceCreated:
            return f"call orchestration {event['Name']} as {event['InstanceId']}"
        case Kind.ExecutionCompleted:
            return f"end as {STATUSES[event['OrchestrationStatus']]}"
    return f"event {event['EventType']}"


def _decided(decision: Decision) -> str:
    match decision:
        case ScheduleTask():
            return f"call activity {decision.name}"
        case CreateTimer():
            return "wait on a timer"
        case CreateSubOrchestration():
            return f"call orchestration {decision.name} as {decision.instance_id}"
        case Complete():
            failed = f" because {decision.result}" if decision.status == "Failed" else ""
            return f"end as {decision.status}{failed}"
    return f"a {decision.net_name}"
