"""A host's Python worker, found and struck by its process id: a child of the host, as /proc tells, or of a process
that the host has for bearing workers."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def worker_of(host: int) -> int:
    """The process id of a host's worker: of those below the host that have no children the one with the most memory; 0
    if there are none. To be asked while the app answers: a process that bears workers has no child in between."""
    parents = {pid: _parent(pid) for pid in _processes()}
    below = {host}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    leaves = below - {parents[pid] for pid in below if pid != host} - {host}
    return max(leaves, key=_memory, default=0)


def stop(pid: int) -> None:
    """From now on it does nothing, and what the host hands to it stays in flight."""
    _send(pid, signal.SIGSTOP)


def kill(pid: int) -> None:
    """It is gone, whether it was stopped or not."""
    _send(pid, signal.SIGKILL)


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _processes() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int:
    """0 for a process that has just gone, or only waits for being reaped."""
    with suppress(OSError):
        # What follows the name, which is in brackets and may hold anything: state, parent.
        state, parent = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[:2]
        return 0 if state == "Z" else int(parent)
    return 0


def _memory(pid: int) -> int:
    with suppress(OSError):
        return int((PROC / str(pid) / "statm").read_text().split()[1])
    return 0
