"""The journal behind the emulator: every change is in it before a client hears of it.

A change is one line of JSON, whole or not there (SQLite needs five times as long for the same
promise). At a start
1. the lines are applied in order; a last one that was cut short is dropped: it was never answered;
2. the file is written anew, without what has been replaced since.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from localcloud.arm.state.linefile import LineFile, whole_lines
from localcloud.arm.state.model import Json, Operation, Resource, Tombstone
from localcloud.arm.state.serialise import encode, load


@dataclass(slots=True)
class Kept:
    """The state after all lines of the journal, in the order of creation."""

    resources: dict[str, Resource] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    tombstones: list[Tombstone] = field(default_factory=list)
    facts: dict[str, Json] = field(default_factory=dict)

    def apply(self, line: Json) -> None:
        """Apply one more line of the journal."""
        if line.get("clear"):
            self.resources, self.operations, self.tombstones = {}, {}, []
        if resource := line.get("resource"):
            made = load(Resource, resource)
            self.resources[made.key] = made
        if operation := line.get("operation"):
            begun = load(Operation, operation)
            self.operations[begun.id] = begun
        for key in line.get("removed", ()):
            self.resources.pop(key, None)
        self.tombstones += [load(Tombstone, stone) for stone in line.get("tombstones", ())]
        self.facts |= line.get("facts", {})

    def lines(self) -> Iterator[Json]:
        """Return the fewest lines that lead to this state."""
        yield {"facts": self.facts, "tombstones": self.tombstones}
        for resource in self.resources.values():
            yield {"resource": resource}
        for operation in self.operations.values():
            yield {"operation": operation}


class Store:
    """Durable copies of what the emulator holds in memory. One process at a time has the folder."""

    def __init__(self, path: Path) -> None:
        self._owner = _own(path.parent)
        self._kept = Kept()
        for line in whole_lines(path):
            self._kept.apply(json.loads(line))
        self._facts = self._kept.facts
        self._file = LineFile(path, (encode(line) for line in self._kept.lines()))

    def close(self) -> None:
        """Close the file, and let another process have the folder."""
        self._file.close()
        os.close(self._owner)

    def take(self) -> Kept:
        """Return the state that was read at the start; once only, since the caller changes it from then on."""
        kept, self._kept = self._kept, Kept()
        return kept

    def save(self, resource: Resource | None, operation: Operation | None) -> None:
        """Append both or none; a resource that is there already keeps its place in the order of creation."""
        self._file.append(encode({"resource": resource, "operation": operation}))

    def bury(self, removed: Iterable[str], tombstones: Iterable[Tombstone]) -> None:
        """Take the resources with these keys away and keep the tombstones, all or nothing."""
        self._file.append(encode({"removed": list(removed), "tombstones": list(tombstones)}))

    def fact(self, name: str) -> Json | None:
        """Return a small value kept by name, such as the ports; None if there is none."""
        return self._facts.get(name)

    def keep(self, name: str, value: Json) -> None:
        """Keep it under that name."""
        self._file.append(encode({"facts": {name: value}}))
        self._facts[name] = value

    def clear(self) -> None:
        """Forget all but the facts."""
        self._file.append(encode({"clear": True}))


def _own(folder: Path) -> int:
    """A lock that ends with the process. Raises BlockingIOError if another process has it."""
    owner = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(owner)
        raise
    return owner
