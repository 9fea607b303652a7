"""Two hosts of the same app: Azure Functions Core Tools, and the embedded runtime. Both only get an environment."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests
from azure.data.tables import TableClient

from localcloud.testing.waiting import until
from tests.azurite import free_port
from tests.credentials import HEADERS, KEY
from tests.e2e.processes import APPROVAL_SECRET, START_SECONDS, Processes, end, python_worker_of
from tests.scenarios.process import ROOT

DUE_SECONDS, LOOK_AGAIN_SECONDS = 20, 0.2

NO_KEY = "core-tools-ask-for-no-key"
# What holds everything that an app keeps.
HUB_NAME, DEFAULT_HUB = "AzureFunctionsJobHost__extensions__durableTask__hubName", "GalleryMigrator"
OWN = ("RECORDS_TABLE_NAME", HUB_NAME)
# What func prints: which functions are orchestrators and activities, and where each call of the worker begins and ends.
_DURABLE = re.compile(r"^\W*(\w+): ((?:orchestration|activity)Trigger)", re.MULTILINE)
_BEGUN = re.compile(r"Executing '(?:Functions\.)?(\w+)' \(.*?Id=([0-9a-f-]+)\)")
_ENDED = re.compile(r"Executed '(?:Functions\.)?\w+' \(.*?Id=([0-9a-f-]+)")


class Host:
    """A host on one port, which can be killed and started again; `Client` of the scenarios drives it."""

    name = ""

    def __init__(
        self, processes: Processes, environment: Mapping[str, str], arm: Mapping[str, Any]
    ) -> None:
        self.state = processes.folder
        # From the next start on.
        self.app = ROOT
        self._processes, self._environment, self._arm = processes, dict(environment), arm
        self._port = free_port()
        self._generation = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> dict[str, Any]:
        """Start the host; return the content of a connection.json of `make up`."""
        command = self._command()
        self._process = self._processes.start(self.name, command, self._environment, self.app)
        until(self.answers, START_SECONDS, lambda: self.printed()[-3000:])
        return {
            "app": {"url": f"http://127.0.0.1:{self._port}", "key": self._key()},
            "systemKeys": self._system_keys(),
            "webhookSecret": APPROVAL_SECRET,
            "namedKey": KEY,
            **{part: self._arm[part] for part in ("arm", "identity", "entra", "control")},
        }

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, in good order or at once."""
        if self._process is not None:
            end(self._process, at_once=number == signal.SIGKILL)
            self._process = None

    def renew(self) -> None:
        """From the next start on: a task hub and records of their own, as for a new app."""
        self._generation += 1
        for setting in OWN:
            self._environment[setting] = f"Own{self._generation}"
        self._environment["AUDIT_ANCHORS_TABLE_NAME"] = f"Anchors{self._generation}"

    @property
    def pid(self) -> int:
        """Its process id; 0 when there is none, because it was stopped or has ended by itself."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else 0

    def printed(self) -> str:
        """Return the text that it has printed so far."""
        return self._processes.printed(self.name)

    def answers(self) -> bool:
        """Return True if the app answers; fails if the host has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            raise AssertionError(f"{self.name} ended at once: {self.printed()[-3000:]}")
        url = f"http://127.0.0.1:{self._port}/api/health"
        try:
            return requests.get(url, headers=HEADERS, timeout=15).status_code == 200
        except (requests.RequestException, FileNotFoundError, json.JSONDecodeError):
            # The file is half written.
            return False

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _key(self) -> str:
        raise NotImplementedError

    def _system_keys(self) -> dict[str, str]:
        raise NotImplementedError


class CoreTools(Host):
    """`func start`: the real Durable extension on Azurite. Core Tools ask for no keys on a developer's machine; the
    Functions host for tests does if it is told where to keep them."""

    name = "func"

    def __init__(
        self, processes: Processes, environment: Mapping[str, str], arm: Mapping[str, Any]
    ) -> None:
        self._keys = processes.folder / "keys.json"
        super().__init__(processes, {**environment, "FUNC_KEYS": str(self._keys)}, arm)

    @property
    def asks_for_keys(self) -> bool:
        """Return True if a request without a key is refused."""
        return self._keys.exists()

    @property
    def hub(self) -> TableClient:
        """The table of the histories, as the extension keeps it."""
        name = self._environment.get(HUB_NAME) or DEFAULT_HUB
        storage = self._environment["AzureWebJobsStorage"]
        return TableClient.from_connection_string(storage, f"{name}History")

    def kill_worker_in_turns(
        self, migrations: int, nudge: Callable[[], None] = lambda: None
    ) -> None:
        """Kill the Python worker, and nothing else, while it has a call for so many migrations, half of them turns.
        `nudge`: what makes turns due while the worker stands still, where nothing else would."""
        assert self._process is not None
        worker = python_worker_of(self._process.pid)
        until(
            lambda: self._stopped_in_turns(worker, migrations, nudge), START_SECONDS, self.printed
        )
        os.kill(worker, signal.SIGKILL)
        until(self.answers, START_SECONDS, lambda: self.printed()[-3000:], again=0.5)

    def _stopped_in_turns(self, worker: int, migrations: int, nudge: Callable[[], None]) -> bool:
        """Stop the worker until something is due for each; let it go on if activities are most of it, or if too little
        becomes due: of two hosts the other may have all partitions for a while."""
        os.kill(worker, signal.SIGSTOP)
        nudge()
        end = time.monotonic() + DUE_SECONDS
        while time.monotonic() < end and calls_in_flight(self.printed()).total() < migrations:
            time.sleep(LOOK_AGAIN_SECONDS)
        calls = calls_in_flight(self.printed())
        if calls.total() >= migrations and calls["orchestrationTrigger"] * 2 >= migrations:
            return True
        os.kill(worker, signal.SIGCONT)
        return False

    def _command(self) -> list[str]:
        return ["func", "start", "--port", str(self._port)]

    def _key(self) -> str:
        return self._kept().get("host", NO_KEY)

    def _system_keys(self) -> dict[str, str]:
        kept = self._kept()
        return {name: kept.get(f"system:{name}", NO_KEY) for name in ("durabletask", "eventgrid")}

    def _kept(self) -> dict[str, str]:
        keys: dict[str, str] = json.loads(self._keys.read_text()) if self.asks_for_keys else {}
        return keys


def calls_in_flight(printed: str) -> Counter[str]:
    """Return the number of calls of each kind that have begun and not ended, by the text that func has printed."""
    triggers = dict(_DURABLE.findall(printed))
    ended = set(_ENDED.findall(printed))
    begun = {call: triggers.get(name) for name, call in _BEGUN.findall(printed)}
    return Counter(trigger for call, trigger in begun.items() if trigger and call not in ended)


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
        connection: dict[str, Any] = json.loads((self._folder / "connection.json").read_text())
        return connection

    def _key(self) -> str:
        return str(self._connection()["app"]["key"])

    def _system_keys(self) -> dict[str, str]:
        keys: dict[str, str] = self._connection()["systemKeys"]
        return keys
