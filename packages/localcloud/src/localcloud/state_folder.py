"""The state folder of a local cloud process: one process at a time, and what stays between runs.

`values.json` holds ports and secrets, so that a restart has the same addresses and keys;
`connection.json` is there while the process is ready, for scripts that drive it.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from localcloud.files import write_whole

T = TypeVar("T", str, int, bool)


class StateError(Exception):
    """The folder or a port cannot be used; the text says what to do."""


class StateFolder:
    """Owns `path` until `release`; StateError if another process does."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(self._lock, 20, 0).decode() or "unknown"
            os.close(self._lock)
            raise StateError(
                f"{self.path} is in use by process {owner}: stop it, or choose another --state"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)
        self._values_path = self.path / "values.json"
        self._values = _read_json(self._values_path)
        self.remove_connection()

    def value(self, name: str, make: Callable[[], T]) -> T:
        """The kept value of `name`; made and kept if there is none."""
        if name not in self._values:
            self.keep(name, make())
        kept: T = self._values[name]
        return kept

    def keep(self, name: str, value: str | int | bool) -> None:
        self._values[name] = value
        write_whole(self._values_path, json.dumps(self._values, indent=1), private=True)

    def listen(self, name: str) -> socket.socket:
        """A loopback socket on the port that `name` had before, if that is free."""
        try:
            listener = listening(self.value(name, lambda: 0))
        except StateError:
            listener = listening(0)
        self.keep(name, listener.getsockname()[1])
        return listener

    def write_connection(self, connection: dict[str, Any]) -> None:
        write_whole(self.path / "connection.json", json.dumps(connection, indent=1), private=True)

    def remove_connection(self) -> None:
        (self.path / "connection.json").unlink(missing_ok=True)

    def release(self) -> None:
        self.remove_connection()
        os.close(self._lock)


def listening(port: int) -> socket.socket:
    """A bound loopback socket; StateError if the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise StateError(f"port {port} cannot be used ({error.strerror}): choose another") from None
    return listener


def read_connection(path: Path) -> dict[str, Any]:
    """connection.json of a running local cloud; StateError if there is none."""
    connection = _read_json(path / "connection.json")
    if not connection:
        raise StateError(f"no local cloud is running on {path}: `make up` starts one")
    return connection


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return content
