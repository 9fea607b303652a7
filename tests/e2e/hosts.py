"""Two hosts of the same app: Azure Functions Core Tools, and the embedded runtime. Both only get an environment."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from tests.azurite import free_port
from tests.e2e.processes import START_SECONDS, Processes, end
from tests.scenarios.receiver import SECRET
from tests.scenarios.waiting import until

NO_KEY = "core-tools-ask-for-no-key"


class Host:
    """A host on one port, which can be killed and started again; `Client` of the scenarios drives it."""

    name = ""

    def __init__(
        self, processes: Processes, environment: Mapping[str, str], arm: Mapping[str, Any]
    ) -> None:
        self.state = processes.folder
        self._processes, self._environment, self._arm = processes, environment, arm
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> dict[str, Any]:
        """What connection.json of `make up` would say."""
        command = self._command()
        self._process = self._processes.start(self.name, command, self._environment)
        until(self._ready, START_SECONDS, lambda: self.printed()[-3000:])
        return {
            "app": {"url": f"http://127.0.0.1:{self._port}", "key": self._key()},
            "systemKeys": self._system_keys(),
            "webhookSecret": SECRET,
            **{part: self._arm[part] for part in ("arm", "identity", "control")},
        }

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, in good order or at once."""
        if self._process is not None:
            end(self._process, at_once=number == signal.SIGKILL)
            self._process = None

    @property
    def pid(self) -> int:
        """Its process id; 0 when there is none, because it was stopped or has ended by itself."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else 0

    def printed(self) -> str:
        """What it has printed so far."""
        return self._processes.printed(self.name)

    def _ready(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"{self.name} ended at once: {self.printed()[-3000:]}")
        url = f"http://127.0.0.1:{self._port}/api/health"
        try:
            headers = {"x-functions-key": self._key()}
            return requests.get(url, headers=headers, timeout=15).status_code == 200
        except (requests.RequestException, FileNotFoundError):
            return False

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _key(self) -> str:
        raise NotImplementedError

    def _system_keys(self) -> dict[str, str]:
        raise NotImplementedError


class CoreTools(Host):
    """`func start`: the real host, and the real Durable extension on Azurite. On a developer's machine it asks for no
    keys."""

    name = "func"

    def _command(self) -> list[str]:
        return ["func", "start", "--port", str(self._port)]

    def _key(self) -> str:
        return NO_KEY

    def _system_keys(self) -> dict[str, str]:
        return {"durabletask": NO_KEY, "eventgrid": NO_KEY}


class Embedded(Host):
    """`python -m localcloud run`: durable state in SQLite, the records in Azurite's tables."""

    name = "embedded"

    def _command(self) -> list[str]:
        state, port = str(self._folder), str(self._port)
        command = [sys.executable, "-m", "localcloud", "run", "."]
        return [*command, "--port", port, "--state", state]

    @property
    def _folder(self) -> Path:
        return self.state / "embedded"

    def _connection(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self._folder / "connection.json").read_text())
        return found

    def _key(self) -> str:
        return str(self._connection()["app"]["key"])

    def _system_keys(self) -> dict[str, str]:
        keys: dict[str, str] = self._connection()["systemKeys"]
        return keys
