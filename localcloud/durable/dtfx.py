"""An orchestration as DurableTask.Core sees it: ids, open tasks, events, and what is decided.

`Replay.run` goes through a history:

1. ExecutionStarted starts the code (the shim of the extension, shim.py), which schedules tasks; each
   takes the next id of one counter (waits for events take none).
2. A "scheduled" event must meet the task with its id, kind and name, else the code has changed.
3. A "completed" event ends the open task of its id, and the code goes on at once.
4. What has an id but no event in the history is new work. The orchestration ends (or continues as
   new) only when no task is open.

Source: TaskOrchestrationContext and TaskOrchestrationExecutor of DurableTask.Core; the recordings in
../shared/durable show the same.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from localcloud.durable.continuations import Steps, Task, run
from localcloud.durable.decisions import (
    Complete,
    ContinueAsNew,
    CreateTimer,
    Decision,
    NonDeterministic,
    check,
)
from localcloud.durable.history import Event, Kind

PASS_SUSPENSION = (Kind.ExecutionTerminated, Kind.ExecutionResumed)


class OrchestrationFailure(Exception):  # noqa: N818 - the extension's word
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
    mismatch: NonDeterministic | None = None


class Replay:
    """One pass through a history; `code` is what ExecutionStarted starts."""

    def __init__(self) -> None:
        self.now = ""  # of the turn being replayed, as a stamp
        self.out = Outcome()
        self._next_id = 0
        self._pending: dict[int, Decision] = {}  # without an event in the history yet
        self._held: dict[int, Decision] = {}  # pending ones of a suspended instance
        self._open: dict[int, Task] = {}
        self._waiters: dict[str, list[Task]] = defaultdict(list)
        self._buffered: dict[str, deque[str | None]] = defaultdict(deque)
        self._parked: deque[Event] = deque()
        self._next_input: str | None = None  # of the next generation
        self._ended = False
        self._main = Task()
        self._code: Callable[[], Steps]

    def run(self, history: Iterable[Event], code: Callable[[], Steps]) -> Outcome:
        self._code = code
        try:
            for item in history:
                self._process(item)
            if not self._open and self._main.done:
                self._end(self._main.value)
        except NonDeterministic as mismatch:
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

    def create_timer(self, fire_at: str, *, cancelled: bool = False) -> Task:
        key = self.take_id()
        task = self.schedule(CreateTimer(key, fire_at))
        if cancelled:
            del self._open[key]
            task.finish(failed=True)
        return task

    def wait_for(self, name: str) -> Task:
        """An event of that name, in any case; the newest waiter gets the next one."""
        task = Task()
        name = name.casefold()
        self._waiters[name].append(task)
        if self._buffered[name]:
            self._deliver(name, self._buffered[name].popleft())
        return task

    def continue_as_new(self, input_text: str) -> None:
        self._next_input = input_text

    # ---- the history ---------------------------------------------------------------------------
    def _process(self, item: Event) -> None:
        kind = Kind(item["EventType"])
        if self.out.suspended and kind not in PASS_SUSPENSION:
            if kind is not Kind.ExecutionSuspended:
                self._parked.append(item)
            return
        handler = self._HANDLERS.get(kind)
        if handler is not None:
            handler(self, item)

    def _turn_started(self, item: Event) -> None:
        self.now = item["Timestamp"]

    def _execution_started(self, _item: Event) -> None:
        self._main = run(self._code())

    def _terminated(self, item: Event) -> None:
        self._complete("Terminated", item["Input"])

    def _suspend(self, _item: Event) -> None:
        self.out.suspended = True
        self._held |= self._pending
        self._pending.clear()

    def _resume(self, _item: Event) -> None:
        self.out.suspended = False
        self._pending |= self._held
        self._held.clear()
        while self._parked:
            self._process(self._parked.popleft())

    def _scheduled(self, item: Event) -> None:
        check(item, self._pending.get(item["EventId"]))
        del self._pending[item["EventId"]]

    def _completed(self, item: Event) -> None:
        self._settle(item["TaskScheduledId"], item["Result"], failed=False)

    def _failed(self, item: Event) -> None:
        self._settle(item["TaskScheduledId"], None, failed=True)

    def _fired(self, item: Event) -> None:
        self._settle(item["TimerId"], None, failed=False)

    def _settle(self, key: int, value: str | None, *, failed: bool) -> None:
        """Events of tasks that are not open (cancelled, or delivered twice) change nothing."""
        task = self._open.get(key)
        if task is not None:
            task.finish(value, failed=failed)
            self._open.pop(key, None)

    def _raised(self, item: Event) -> None:
        if self._next_input is not None:
            self.out.carried.append(item)
        else:
            self._deliver(item["Name"].casefold(), item["Input"])

    def _deliver(self, name: str, text: str | None) -> None:
        if self._waiters[name]:
            self._waiters[name].pop().finish(text)
        else:
            self._buffered[name].append(text)

    # ---- the end -------------------------------------------------------------------------------
    def _end(self, value: Any) -> None:
        if isinstance(value, OrchestrationFailure):
            self._complete("Failed", str(value), value.details)
        elif isinstance(value, Exception):
            raise value
        elif self._next_input is not None and not self._ended:
            key = self.take_id()
            self._pending[key] = ContinueAsNew(key, self._next_input)
        else:
            self._complete("Completed", value)

    def _complete(self, status: str, result: str | None, details: str | None = None) -> None:
        key = self.take_id()
        if not self._ended:
            self._ended = True
            self._pending[key] = Complete(key, status, result, details)

    _HANDLERS: ClassVar[dict[Kind, Callable[[Replay, Event], None]]] = {
        Kind.OrchestratorStarted: _turn_started,
        Kind.ExecutionStarted: _execution_started,
        Kind.ExecutionTerminated: _terminated,
        Kind.ExecutionSuspended: _suspend,
        Kind.ExecutionResumed: _resume,
        Kind.TaskScheduled: _scheduled,
        Kind.TimerCreated: _scheduled,
        Kind.SubOrchestrationInstanceCreated: _scheduled,
        Kind.EventSent: _scheduled,
        Kind.TaskCompleted: _completed,
        Kind.SubOrchestrationInstanceCompleted: _completed,
        Kind.TaskFailed: _failed,
        Kind.SubOrchestrationInstanceFailed: _failed,
        Kind.TimerFired: _fired,
        Kind.EventRaised: _raised,
    }
