"""Replays a recorded history against the orchestrators of the working tree, as the durable extension would.

1. Cut the history into turns. For each turn: everything before it and what came in (`known`), what it decided (`made`).
2. Give `known` to the SDK's real replay code, with the orchestrator as it is now.
3. Play its answer as the extension does (localcloud.host): a step that the history has and the code no longer takes, or
   takes otherwise, is what would break a migration in flight.
4. Hold what is decided next against `made`: number, kind and name, and how the orchestration ends. Times and texts may
   differ: a new deadline or wording breaks nothing.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from localcloud.durable import history as durable_history
from localcloud.durable.decisions import Decision
from localcloud.durable.dtfx import Outcome
from localcloud.durable.history import STATUSES, Kind
from localcloud.durable.orchestrations import PROTOCOL, ask, context_of
from localcloud.durable.shim import Reply, replay
from localcloud.host.worker import Worker
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
    """Return the decisions of today's code for a history."""

    def knows(kind: str, name: str) -> bool:
        return worker.find(kind, name) is not None

    return replay(known, _reply(worker, known), knows)


def _reply(worker: Worker, known: list[Event]) -> Reply:
    name = durable_history.Execution.of(known).name
    function = worker.find("orchestrationTrigger", name)
    if function is None:
        return Reply(None, f"there is no orchestrator {name} any more")
    return asyncio.run(ask(worker, function, context_of(known, PROTOCOL)))


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
        case Kind.ContinueAsNew:
            return "continue as new"
    return f"event {event['EventType']}"


def _decided(decision: Decision) -> str:
    told = _recorded({**decision.fields, "EventType": decision.kind})
    failed = decision.kind is Kind.ExecutionCompleted and decision.status == "Failed"
    return f"{told} because {decision.fields['Result']}" if failed else told
