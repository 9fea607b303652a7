"""A local cloud in two processes: ARM, which lives on and sees everything, and the Functions runtime, which dies.

The runtime is killed with SIGKILL and started again on the same state folder. Calls that meet a dead runtime give an
answer with status 0, as a caller would see a broken connection.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.crash.evidence import Json, read_records
from tests.crash.fork_server import ROOT, ForkServer

START_SECONDS, CALL_SECONDS = 30.0, 60.0
SETTINGS = {
    "SWEEP_SCHEDULE": "0 */15 * * * *",
    "REPLICATION_POLL_INTERVAL": "PT30M",
    # Hundreds of images go in a day here.
    "DELETION_DAILY_LIMIT": "100000",
    "DELETION_DAILY_PERCENT": "100",
}


class StuckError(AssertionError):
    """Something that must happen did not."""


@dataclass(frozen=True)
class Answer:
    """Status 0: nobody answered."""

    status: int
    body: Any = None


class Cloud:
    """Both processes; a context that ends with both dead and the folder gone, unless something failed in it."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kill-"))
        self.state = self.folder / "runtime"
        self.kills = 0
        self.connection: Json = {}
        self._arm_connection: Json = {}
        self._log = (self.folder / "log").open("ab")
        self._environ = {**os.environ, **SETTINGS, **(settings or {})}
        self._fork_server = ForkServer(self._environ, self._log)
        self._arm = self._serve_arm()

    def __enter__(self) -> Self:
        arm_state = self.folder / "arm"
        self._arm_connection = _ready(lambda: self._arm.poll() is None, arm_state)
        self.start()
        self.control("POST", "/clock", {"speed": 0})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._fork_server.close()
        self._arm.kill()
        self._arm.wait()
        self._log.close()
        if error is None:
            shutil.rmtree(self.folder)
        else:
            sys.stderr.write(f"what the processes left is in {self.folder}\n")

    @property
    def pid(self) -> int:
        """The runtime's process id."""
        return self._fork_server.child

    @property
    def worker(self) -> int:
        """The process id of the app."""
        return int((self.state / "worker.pid").read_text())

    @property
    def alive(self) -> bool:
        """Return True if the runtime runs."""
        return self._fork_server.alive

    @property
    def records_file(self) -> Path:
        """The app's records."""
        return self.state / "records.sqlite"

    def records(self) -> dict[str, dict[str, Json]]:
        """Return the rows of the records, by partition."""
        return read_records(self.records_file)

    @property
    def hub_file(self) -> Path:
        """The durable histories."""
        return self.state / "durable.sqlite"

    @property
    def subscription(self) -> str:
        """The one subscription."""
        return str(self._arm_connection["arm"]["subscriptionIds"][0])

    def start(self) -> None:
        """Start the runtime on what the last one left."""
        (self.state / "connection.json").unlink(missing_ok=True)
        arm_state = str(self.folder / "arm")
        command = ("up", "--port", "0", "--state", str(self.state), "--arm-state", arm_state)
        self._fork_server.fork(command)
        self.connection = _ready(lambda: self.alive, self.state)

    def kill(self) -> None:
        """SIGKILL; nothing of the process is left on return."""
        self._fork_server.kill()
        self.kills += 1

    def app(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A call of the app with its named key, or a signature."""
        key = {} if "webhook-id" in headers else {"X-API-Key": str(self.connection["namedKey"])}
        return call(method, self.connection["app"]["url"] + path, body, key | headers)

    def webhook(self, extension: str, path: str, body: Any, **headers: str) -> Answer:
        """A call of an extension's webhook with its system key."""
        key = {"x-functions-key": str(self.connection["systemKeys"][extension.lower()])}
        url = f"{self.connection['app']['url']}/runtime/webhooks/{extension}{path}"
        return call("POST", url, body, key | headers)

    def control(self, method: str, path: str, body: Any = None) -> Answer:
        """A call of the runtime's control API."""
        return call(method, self.connection["control"]["url"] + path, body)

    def advance(self, duration: str) -> None:
        """Move the clock, and return when all that falls due by then has run, or the runtime is dead."""
        self.control("POST", "/clock", {"advance": duration})

    def arm(self, method: str, path: str, body: Any = None) -> Any:
        """A call of ARM's control API, which always answers."""
        answer = call(method, self._arm_connection["control"]["url"] + path, body)
        if not 200 <= answer.status < 300:
            raise StuckError(f"ARM answers {answer.status} to {method} {path}: {answer.body}")
        return answer.body

    def _serve_arm(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "localcloud", "arm", "--state", str(self.folder / "arm")],
            cwd=ROOT,
            env=self._environ,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )


def until(condition: Callable[[], object], what: str, seconds: float = START_SECONDS) -> None:
    """Wait on a condition; StuckError, naming it, when it does not come about."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise StuckError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.01)


def call(
    method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """One HTTP call, never through a proxy; `body` is sent as it is if it is bytes, else as JSON."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    given = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data, given, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=CALL_SECONDS) as response:
            return Answer(response.status, _parsed(response.read()))
    except urllib.error.HTTPError as error:
        return Answer(error.code, _parsed(error.read()))
    except (OSError, http.client.HTTPException):
        return Answer(0)


def _parsed(text: bytes) -> Any:
    with contextlib.suppress(ValueError):
        return json.loads(text)
    return None


def _ready(alive: Callable[[], bool], state: Path) -> Json:
    """The connection.json of a process, once it is ready."""
    file = state / "connection.json"
    until(lambda: file.exists() or not alive(), f"connection.json in {state} is there")
    if not file.exists():
        raise StuckError(f"the process for {state} has ended")
    connection: Json = json.loads(file.read_text())
    return connection
