"""Replication per region on the screen: bars on a terminal, a line per quarter elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

QUARTER = 25


class Bars:
    """A context manager; call `show` with the `regions` of each status."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("    {task.description:<18}"),
            BarColumn(bar_width=32),
            TextColumn("{task.percentage:>3.0f} % {task.fields[state]}"),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._told: dict[str, int] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._progress.stop()

    def show(self, regions: Sequence[Mapping[str, Any]]) -> None:
        for region in regions:
            name, state, percent = region["name"], region["state"], int(region["progress"])
            if self._console.is_terminal:
                self._draw(name, state, percent)
            else:
                self._tell(name, state, percent)

    def _draw(self, name: str, state: str, percent: int) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=100, state=state)
        self._progress.update(self._tasks[name], completed=percent, state=state)

    def _tell(self, name: str, state: str, percent: int) -> None:
        quarter = percent // QUARTER
        if self._told.get(name) != quarter:
            self._told[name] = quarter
            self._console.print(f"    {name:<18} {percent:>3} % {state}")
