"""A file of lines that only grows: each one is a single write to the operating system.

So a killed process loses no line that it has appended. A machine that loses power may lose the
last ones, which a test cloud can afford.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from errno import ENOSPC
from pathlib import Path
from threading import Lock


class LineFile:
    """Lines to append to. They are read by `whole_lines`, before one is opened."""

    def __init__(self, path: Path, lines: Iterable[bytes]) -> None:
        """Begin with these lines; the file takes the old one's place when they are all in it."""
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.writelines(line + b"\n" for line in lines)
        fresh.replace(path)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        self._size = os.fstat(self._file).st_size
        # A test may seed from its own thread.
        self._lock = Lock()

    def append(self, line: bytes) -> None:
        """Add a line. Raises OSError when there is no room for it; nothing is added then."""
        whole = line + b"\n"
        with self._lock:
            if os.write(self._file, whole) < len(whole):
                # Half a line would spoil the next one.
                os.ftruncate(self._file, self._size)
                raise OSError(ENOSPC, "no room for the whole line")
            self._size += len(whole)

    def clear(self) -> None:
        """Drop all lines of the file."""
        with self._lock:
            os.ftruncate(self._file, 0)
            self._size = 0

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def whole_lines(path: Path) -> list[bytes]:
    """The lines of a file that may be missing, without a last one that was cut short."""
    if not path.exists():
        return []
    *whole, _cut_short = path.read_bytes().split(b"\n")
    return whole
