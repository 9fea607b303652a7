"""A local cloud process of its own for a test: started, asked, killed, started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

START_SECONDS = 30.0
SOURCE = Path(__file__).resolve().parents[2]


def share_with_children() -> None:
    """Child processes import the copy of the local cloud that this one has, whichever is installed."""
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    paths = [str(SOURCE), *(path for path in others if path not in ("", str(SOURCE)))]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)


class CloudProcess:
    """`python -m <module> <arguments> --state <state>` in `folder`, ready on entry."""

    def __init__(
        self,
        state: Path,
        *arguments: str,
        environ: dict[str, str] | None = None,
        module: str = "localcloud",
        folder: Path | None = None,
    ) -> None:
        self.state, self._folder = state, folder
        self._command = [sys.executable, "-m", module, *arguments, "--state", str(state)]
        self._environ = {**os.environ, **(environ or {})}
        self._log = state.parent / f"{state.name}.log"
        self.connection: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Returns when connection.json is there; fails with what the process said."""
        log = self._log.open("w+")
        self.process = subprocess.Popen(
            self._command, cwd=self._folder, env=self._environ, stdout=log, stderr=subprocess.STDOUT
        )
        limit = time.monotonic() + START_SECONDS
        while not (self.state / "connection.json").exists():
            if self.process.poll() is not None or time.monotonic() > limit:
                self.process.kill()
                log.seek(0)
                raise AssertionError(f"not started: {log.read()}")
            self._wait(0.02)
        self.connection = json.loads((self.state / "connection.json").read_text())

    def printed(self) -> str:
        """Return what the process has printed, up to the end of its greeting."""
        limit = time.monotonic() + START_SECONDS
        while "\n" not in (text := self._log.read_text()) and time.monotonic() < limit:
            self._wait(0.02)
        return text

    def _wait(self, seconds: float) -> None:
        """Until the process ends, at most `seconds`."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        self.process.kill()
        self.process.wait()
        (self.state / "connection.json").unlink(missing_ok=True)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """A signal that asks; the exit code and how long it took in seconds."""
        started = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(10), time.monotonic() - started

    def app(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Any:
        app = self.connection["app"]
        return call(method, app["url"] + path, body, app["key"], headers)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        return call(method, self.connection["control"]["url"] + path, body)

    def durable(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.connection['app']['url']}/runtime/webhooks/durabletask{path}"
        return call(method, url, body, self.connection["systemKeys"]["durabletask"])


def call(
    method: str, url: str, body: Any = None, key: str = "", headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Status and JSON (or text) of an answer; without any proxy."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", "x-functions-key": key, **(headers or {})}
    request = urllib.request.Request(url, data, sent, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            return answer.status, _parsed(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.code, _parsed(error.read().decode())


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
