"""The log of ARM calls: one line of JSON each, in a file and in memory."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from localcloud.arm.state.linefile import LineFile, whole_lines
from localcloud.arm.state.model import Json
from localcloud.arm.state.serialise import encode

# Lines read back at a start; older ones are dropped from the file then.
KEPT = 50_000


class RequestLog:
    """Appends calls and lists them, oldest first."""

    def __init__(self, path: Path) -> None:
        kept = whole_lines(path)[-KEPT:]
        self._lines: deque[Json] = deque((json.loads(line) for line in kept), maxlen=KEPT)
        self._file = LineFile(path, kept)

    def append(self, line: Json) -> None:
        """Remember a call; without room in the file, in memory only."""
        self._lines.append(line)
        # A call that is answered must not fail because its line cannot be written.
        with suppress(OSError):
            self._file.append(encode(line))

    def clear(self) -> None:
        """Forget all calls."""
        self._file.clear()
        self._lines.clear()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __iter__(self) -> Iterator[Json]:
        return iter(list(self._lines))

    def __len__(self) -> int:
        return len(self._lines)
