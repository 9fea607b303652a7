"""`python -m demo up` as a process of its own: started, stopped and started again on the same state."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from localcloud.testing.waiting import until

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 20.0
# As slow as the scenarios allow: what ticks often makes moving the clock by days slow.
CALM_PACE = {"REPLICATION_POLL_INTERVAL": "PT3M", "SWEEP_SCHEDULE": "0 0 * * * *"}


class Process(Protocol):
    """The process that runs the app; it can be ended and started again. `app`: the folder that the next start takes."""

    state: Path
    app: Path

    def start(self) -> dict[str, Any]:
        """Start it; return the content of connection.json once the app answers."""

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it."""

    def printed(self) -> str:
        """Everything that it has printed."""


class LocalCloudProcess:
    """One state folder, and at most one process on it. What it prints goes to `log`."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.state = folder / "state"
        # From the next start on.
        self.app = ROOT
        self.log = folder / "printed.txt"
        self._environment = {**os.environ, **CALM_PACE, **(environment or {})}
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> dict[str, Any]:
        """Start it; return the content of connection.json once the cloud is ready. The clock stands still."""
        (self.state / "connection.json").unlink(missing_ok=True)
        options = ["--port", str(self._port), "--state", str(self.state), "--speed", "0"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "demo", "up", *options],
                cwd=self.app,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        until(self._ready, START_SECONDS, self._last_words)
        connection: dict[str, Any] = json.loads((self.state / "connection.json").read_text())
        return connection

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal and wait for the end; a process that has ended already is fine."""
        if self._process is None:
            return
        self._process.send_signal(number)
        self._process.wait(STOP_SECONDS)
        self._process = None

    def printed(self) -> str:
        """Everything that the processes on this state have printed."""
        return self.log.read_text(errors="replace")

    def _ready(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"the local cloud ended at once: {self._last_words()}")
        return (self.state / "connection.json").exists()

    def _last_words(self) -> str:
        return self.printed()[-3000:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
