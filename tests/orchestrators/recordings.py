"""Recorded histories: one file a scenario, one recorded execution of an orchestration after the other.

An execution is one generation of one instance: its history as the durable extension keeps it, and one input of each
activity that it called (histories have none). `record_histories.py` writes the files, `test_redeploy.py` reads them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "histories"
Event = dict[str, Any]


@dataclass(frozen=True)
class Execution:
    """`called`: the JSON text of an activity's first input, by the activity's name."""

    instance: str
    orchestrator: str
    generation: int
    history: list[Event]
    called: dict[str, str]

    def __str__(self) -> str:
        return f"{self.orchestrator} {self.instance} (generation {self.generation})"


def load(path: Path) -> list[Execution]:
    """The executions of a file."""
    raw = json.loads(path.read_text())
    return [
        Execution(
            e["instance"],
            e["orchestrator"],
            e["generation"],
            e["history"],
            e["called"],
        )
        for e in raw["executions"]
    ]


def save(path: Path, about: str, executions: list[Execution]) -> None:
    """Write a file, one event a line."""
    parts = ",\n".join(_text(execution) for execution in executions)
    path.write_text(f'{{"about": {json.dumps(about)},\n"executions": [\n{parts}\n]}}\n')


def _text(execution: Execution) -> str:
    head = f'{{"instance": {json.dumps(execution.instance)}, '
    head += f'"orchestrator": {json.dumps(execution.orchestrator)}, '
    head += f'"generation": {execution.generation},\n"history": [\n'
    events = ",\n".join(json.dumps(event, separators=(",", ":")) for event in execution.history)
    called = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(text)}" for name, text in execution.called.items()
    )
    return f'{head}{events}\n],\n"called": {{\n{called}\n}}}}'


def files() -> list[Path]:
    """The recorded scenarios."""
    return sorted(FOLDER.glob("*.json"))
