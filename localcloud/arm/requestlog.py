"""The log of ARM calls: one line of JSON each, in a file and in memory.

A line is one write to the operating system, so a killed process loses none; a line cut short by a
machine that died is dropped when the file is read.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from localcloud.arm.model import Json

KEPT = 50_000  # lines read back at a start; older ones are dropped from the file then

_encode = json.JSONEncoder(separators=(",", ":")).encode


class RequestLog:
    """Appends calls and lists them, oldest first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: deque[Json] = deque(self._read(), maxlen=KEPT)
        self._file = self._begin()

    def _read(self) -> Iterator[Json]:
        if not self._path.exists():
            return
        for line in self._path.read_bytes().splitlines()[-KEPT:]:
            try:
                yield json.loads(line)
            except ValueError:
                continue

    def _begin(self) -> int:
        fresh = self._path.with_suffix(".new")
        fresh.write_text("".join(_encode(line) + "\n" for line in self._lines))
        fresh.replace(self._path)
        return os.open(self._path, os.O_WRONLY | os.O_APPEND)

    def append(self, line: Json) -> None:
        """Remember a call."""
        os.write(self._file, (_encode(line) + "\n").encode())
        self._lines.append(line)

    def clear(self) -> None:
        """Forget all calls."""
        os.ftruncate(self._file, 0)
        self._lines.clear()

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def __iter__(self) -> Iterator[Json]:
        return iter(list(self._lines))

    def __len__(self) -> int:
        return len(self._lines)
