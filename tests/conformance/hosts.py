"""The hosts that the conformance kit runs against: the embedded runtime, and `func` with the real extension.

Each serves one sample app on a fresh state, in a process of its own.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import requests

from localcloud.testing.waiting import until
from tests.azurite import free_port
from tests.e2e.processes import Processes, start_azurite

# The length of a day in the app `long`, in seconds.
DAY = "86400"
START_SECONDS = 90.0
# The app whose clock the kit moves.
MOVED = "long"
# The kit's folders are not ours to write to.
QUIET = {"PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class Served:
    """A running host: its address, the key of its durable HTTP API, and where its clock is moved (or empty)."""

    url: str
    key: str
    control: str = ""


Host = Callable[[Path], AbstractContextManager[Served]]


@contextmanager
def embedded(app: Path) -> Iterator[Served]:
    """`python -m localcloud run`."""
    with _processes() as processes:
        state = processes.folder / "state"
        command = [sys.executable, "-m", "localcloud", "run", str(app)]
        command += ["--port", str(free_port()), "--state", str(state)]
        if app.name == MOVED:
            # Or timers are early, as those of the recordings' queues were not.
            command += ["--speed", "0"]
        process = processes.start("embedded", command, {**QUIET, "DAY_SECONDS": DAY})
        file, story = state / "connection.json", partial(processes.printed, "embedded")
        until(lambda: file.exists() or process.poll() is not None, START_SECONDS, story)
        assert file.exists(), f"the host did not start: {story()}"
        connection = json.loads(file.read_text())
        key = connection["systemKeys"]["durabletask"]
        yield Served(connection["app"]["url"], key, connection["control"]["url"])


@contextmanager
def func(app: Path) -> Iterator[Served]:
    """`func start` on an Azurite of its own: the real extension. FUNC_KEYS makes it ask for keys."""
    with _processes() as processes:
        url = f"http://127.0.0.1:{(port := free_port())}"
        command = ["func", "start", "--port", str(port)]
        keys = processes.folder / "keys.json"
        settings = _func_settings(start_azurite(processes)) | {"FUNC_KEYS": str(keys)}
        processes.start("func", command, settings, cwd=app)
        until(lambda: _answers(url), START_SECONDS, partial(processes.printed, "func"))
        yield Served(url, json.loads(keys.read_text())["system:durabletask"])


HOSTS: Mapping[str, Host] = {"embedded": embedded, "func": func}


def _func_settings(storage: str) -> dict[str, str]:
    return {
        **QUIET,
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AzureWebJobsStorage": storage,
        "NO_PROXY": "127.0.0.1,localhost",
        # func looks for the worker's Python here.
        "VIRTUAL_ENV": sys.prefix,
        "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
    }


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/api/client", timeout=10).status_code == 200
    except requests.RequestException:
        return False


@contextmanager
def _processes() -> Iterator[Processes]:
    with tempfile.TemporaryDirectory() as folder:
        processes = Processes(Path(folder))
        try:
            yield processes
        finally:
            processes.close()
