"""Tasks as .NET has them, reduced to what the replay of an orchestration needs.

A `Task` is completed from outside; what waits for it goes on at once, in order. `run` makes one of
a generator that yields the tasks it waits for (an async method). Nothing here knows time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any


class Task:
    """Not done, or done with a value, or failed."""

    __slots__ = ("_then", "done", "failed", "value")

    def __init__(self) -> None:
        self.done = self.failed = False
        self.value: Any = None
        self._then: list[Callable[[], None]] = []

    def finish(self, value: Any = None, *, failed: bool = False) -> None:
        """Only the first call counts."""
        if self.done:
            return
        self.done, self.value, self.failed = True, value, failed
        for continuation in self._then:
            continuation()

    def then(self, continuation: Callable[[], None]) -> None:
        if self.done:
            continuation()
        else:
            self._then.append(continuation)


Steps = Generator[Task, None, Any]


def finished(value: Any = None) -> Task:
    task = Task()
    task.finish(value)
    return task


def run(steps: Steps) -> Task:
    """Runs `steps` up to the first open task, and on when that is done.

    The result is what `steps` returns, or (failed) the exception that it raises.
    """
    task = Task()

    def resume() -> None:
        try:
            while (awaited := next(steps)).done:
                pass
        except StopIteration as stop:
            task.finish(stop.value)
        except Exception as failure:  # noqa: BLE001 - a task holds whatever was raised
            task.finish(failure, failed=True)
        else:
            awaited.then(resume)

    resume()
    return task


def when(tasks: Sequence[Task], count: int) -> Task:
    """Done when `count` of the tasks are, whether they failed or not."""
    task = Task()

    def look() -> None:
        if sum(item.done for item in tasks) >= count:
            task.finish()

    look()
    for item in tasks:
        item.then(look)
    return task
