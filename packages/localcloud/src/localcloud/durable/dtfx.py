"""An orchestration as DurableTask.Core sees it: ids, open tasks, events, and what is decided.

`Replay.run` goes through a history:

1. ExecutionStarted starts the code (the shim of the extension, shim.py), which schedules tasks; each
   takes the next id of one counter (waits for events take none).
2. A "scheduled" event must meet the task with its id, kind and name, else the code has changed.
3. A "completed" event ends the open task of its id, and the code goes on at once.
4. What has an id but no event in the history is new work. The orchestration ends (or continues as
   new) only when no task is open.

Source: docs/platform-notes.md#durabletaskcore
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from localcloud.durable.continuations import Steps, Task, run
from localcloud.durable.decisions import Decision, DeterminismError, check, complete, create_timer
from localcloud.durable.history import Event, Kind


class OrchestrationError(Exception):
    """The orchestration ends as Failed with this text; `details` go to a parent."""

    def __init__(self, message: str, details: str | None = None) -> None:
        super().__init__(message)
        self.details = details


@dataclass
class Outcome:
    """`decisions` in order of their ids; `carried` events go to the next generation."""

    decisions: list[Decision] = field(default_factory=list)
    carried: list[Event] = field(default_factory=list)
    custom_status: str | None = None
    suspended: bool = False
    # The reason for the suspension.
    reason: str | None = None
    mismatch: DeterminismError | None = None


class Replay:
    """One pass through a history; `code` is what ExecutionStarted starts."""

    def __init__(self, code: Callable[[Replay], Steps]) -> None:
        # The stamp of the turn being replayed.
        self.now = ""
        self.out = Outcome()
        self._code = code
        self._next_id = 0
        # Decisions without an event in the history yet, by id.
        self._pending: dict[int, Decision] = {}
        # Pending decisions of a suspended instance.
        self._held: dict[int, Decision] = {}
        self._open: dict[int, Task] = {}
        self._waiters: dict[str, list[Task]] = defaultdict(list)
        # Events that nobody waits for yet, by name.
        self._early: Counter[str] = Counter()
        self._parked: list[Event] = []
        # The input of the next generation.
        self._next_input: str | None = None
        self._ended = False
        self._main = Task()

    def run(self, history: Iterable[Event]) -> Outcome:
        try:
            for item in history:
                self._process(item)
            if not self._open and self._main.done:
                self._end(self._main.value)
        except DeterminismError as mismatch:
            self.out.mismatch = mismatch
            text = f"Unhandled exception while executing orchestration: {mismatch}"
            self._complete("Failed", str(mismatch), text)
        self.out.decisions = [self._pending[key] for key in sorted(self._pending)]
        return self.out

    # ---- what the code can do ------------------------------------------------------------------
    def take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def send(self, decision: Decision) -> None:
        """New work that nothing waits for."""
        self._pending[decision.id] = decision

    def schedule(self, decision: Decision) -> Task:
        """New work that ends with an event of its id."""
        self._pending[decision.id] = decision
        task = self._open[decision.id] = Task()
        return task

    def create_timer(self, due: str, *, cancelled: bool = False) -> Task:
        key = self.take_id()
        task = self.schedule(create_timer(key, due))
        if cancelled:
            del self._open[key]
            task.finish(failed=True)
        return task

    def wait_for(self, name: str) -> Task:
        """An event of that name, in any case; the newest waiter gets the next one."""
        task, name = Task(), name.casefold()
        if self._early[name]:
            self._early[name] -= 1
            task.finish()
        else:
            self._waiters[name].append(task)
        return task

    def continue_as_new(self, payload: str) -> None:
        self._next_input = payload

    # ---- the history ---------------------------------------------------------------------------
    def _process(self, item: Event) -> None:
        kind = Kind(item["EventType"])
        if self.out.suspended and kind not in (Kind.ExecutionTerminated, Kind.ExecutionResumed):
            if kind is not Kind.ExecutionSuspended:
                self._parked.append(item)
            return
        match kind:
            case Kind.OrchestratorStarted:
                self.now = item["Timestamp"]
            case Kind.ExecutionStarted:
                self._main = run(self._code(self))
            case Kind.ExecutionTerminated:
                self._complete("Terminated", item["Input"])
            case Kind.ExecutionSuspended:
                self._suspend(item["Reason"])
            case Kind.ExecutionResumed:
                self._resume()
            case (
                Kind.TaskScheduled
                | Kind.TimerCreated
                | Kind.SubOrchestrationInstanceCreated
                | Kind.EventSent
            ):
                check(item, self._pending.get(item["EventId"]))
                del self._pending[item["EventId"]]
            case Kind.TaskCompleted | Kind.SubOrchestrationInstanceCompleted:
                self._settle(item["TaskScheduledId"])
            case Kind.TaskFailed | Kind.SubOrchestrationInstanceFailed:
                self._settle(item["TaskScheduledId"], failed=True)
            case Kind.TimerFired:
                self._settle(item["TimerId"])
            case Kind.EventRaised:
                self._raised(item)

    def _suspend(self, reason: str | None) -> None:
        self.out.suspended, self.out.reason = True, reason
        self._held |= self._pending
        self._pending.clear()

    def _resume(self) -> None:
        self.out.suspended, self.out.reason = False, None
        self._pending |= self._held
        self._held.clear()
        parked, self._parked = self._parked, []
        for item in parked:
            self._process(item)

    def _settle(self, key: int, *, failed: bool = False) -> None:
        """Events of tasks that are not open (cancelled, or delivered twice) change nothing."""
        if key in self._open:
            self._open[key].finish(failed=failed)
            self._open.pop(key, None)

    def _raised(self, item: Event) -> None:
        name = item["Name"].casefold()
        if self._next_input is not None:
            self.out.carried.append(item)
        elif self._waiters[name]:
            self._waiters[name].pop().finish()
        else:
            self._early[name] += 1

    # ---- the end -------------------------------------------------------------------------------
    def _end(self, value: Any) -> None:
        if isinstance(value, OrchestrationError):
            self._complete("Failed", str(value), value.details)
        elif isinstance(value, Exception):
            raise value
        elif self._next_input is not None and not self._ended:
            key = self.take_id()
            self._pending[key] = Decision(key, Kind.ContinueAsNew, {}, self._next_input)
        else:
            self._complete("Completed", value)

    def _complete(self, status: str, result: str | None, details: str | None = None) -> None:
        key = self.take_id()
        if not self._ended:
            self._ended = True
            self._pending[key] = complete(key, status, result, details)
