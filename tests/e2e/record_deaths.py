"""Records on `func` what becomes of calls in flight when the worker dies.

    python -m tests.e2e.record_deaths

Needs `func` on PATH and Azurite; writes packages/localcloud/tests/host/worker_deaths.json.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from localcloud.testing.waiting import until
from packages.localcloud.tests.host.deaths import APP, Mortal, seen_at_a_death
from tests.azurite import free_port
from tests.e2e.processes import START_SECONDS, Processes, end, start_azurite

FILE = APP.parent / "worker_deaths.json"
HOW = (
    "Recorded with the unmodified extension 3.19.0 on Azurite, with the thin host of "
    "../shared/tools/functions-host, by record_deaths.py. Not of that host but of the real one "
    "(docs/platform-notes.md#deaths-of-the-worker): Event Grid's text says Functions.<name>; the third "
    "death of a worker ends the host, which the thin host survived six times."
)


def main() -> None:
    """Record."""
    with tempfile.TemporaryDirectory() as folder:
        processes = Processes(Path(folder))
        try:
            with _func(Path(folder), start_azurite(processes)) as host:
                seen = seen_at_a_death(host)
        finally:
            processes.close()
    version = subprocess.run(["func", "--version"], capture_output=True, text=True, check=True)
    kept = {"how": HOW, "func": version.stdout.strip(), "in flight": seen}
    FILE.write_text(json.dumps(kept, indent=1) + "\n")


@contextmanager
def _func(folder: Path, storage: str) -> Iterator[Mortal]:
    port, flight = free_port(), folder / "flight"
    flight.mkdir()
    settings = {
        "AzureWebJobsStorage": storage,
        "FLIGHT": str(flight),
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "GALLERY_MIGRATOR_PYTHON": sys.executable,
        "PYTHON_THREADPOOL_THREAD_COUNT": "32",
    }
    command = ["func", "start", "--port", str(port)]
    with (folder / "func.txt").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=APP,
            env={**os.environ, **settings},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        host = Mortal(f"http://127.0.0.1:{port}", flight, process)
        try:
            until(lambda: _answers(host), START_SECONDS, (folder / "func.txt").read_text)
            yield host
        finally:
            end(process, at_once=True)


def _answers(host: Mortal) -> bool:
    with suppress(OSError):
        return host.get("/api/quick")[0] == 200
    return False


if __name__ == "__main__":
    main()
