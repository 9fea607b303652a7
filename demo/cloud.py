"""A local cloud for one demo: a child process on a temporary state folder, both gone afterwards.

The process gets a group of its own, so that Ctrl-C reaches the demo only, which then stops it. The
shell's settings of the app are not passed on: the demo is the same wherever it is started.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from demo.failure import DemoFailedError
from localcloud.state_folder import StateError, read_connection

# How fast the cloud's clock goes: an hour and a half in each minute.
SPEED = 90
START_SECONDS, STOP_SECONDS, LOOK_SECONDS = 60.0, 10.0, 0.1
# One look at the version every 30 virtual seconds keeps the bars moving at this speed.
SETTINGS = {"REPLICATION_POLL_INTERVAL": "PT30S", "SWEEP_SCHEDULE": "0 */5 * * * *"}
NOT_PASSED_ON = frozenset(
    [
        "APPROVAL_WEBHOOK_SECRETS",
        "APPROVAL_WEBHOOK_OWNERS",
        "APPROVERS",
        "APPROVAL_POLICIES",
        "APPROVAL_QUORUM",
        "QUIET_TIME",
        "SEALING_KEYS",
        "AUDIT_KEYS",
        "NOTIFICATION_URL",
        "NOTIFICATION_SECRET",
        "TEAMS_WEBHOOK_URLS",
        "APPROVAL_REMINDERS",
        "NOTICE_TIMEOUT",
        "EVENT_GRID_MAPPING",
        "GENERATION1_SECURITY_TYPE",
        "REPLICATION_TIMEOUT",
    ]
)
REPOSITORY = Path(__file__).resolve().parent.parent


@contextlib.contextmanager
def temporary_cloud() -> Iterator[Mapping[str, Any]]:
    """Run a local cloud and give its connection.json. Raises DemoFailedError if it does not come up."""
    with tempfile.TemporaryDirectory(prefix="gallery-migrator-demo-") as folder:
        state = Path(folder) / "state"
        with (Path(folder) / "log").open("w+") as log, _process(state, log) as process:
            yield _connection(process, state, Path(folder) / "log")


@contextlib.contextmanager
def _process(state: Path, log: Any) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "demo", "up", "--port", "0"]
    command += ["--state", str(state), "--speed", str(SPEED)]
    environment = {k: v for k, v in os.environ.items() if k not in NOT_PASSED_ON} | SETTINGS
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _connection(process: subprocess.Popen[bytes], state: Path, log: Path) -> Mapping[str, Any]:
    patience = time.monotonic() + START_SECONDS
    while time.monotonic() < patience and process.poll() is None:
        with contextlib.suppress(StateError):
            return read_connection(state)
        time.sleep(LOOK_SECONDS)
    raise DemoFailedError("the local cloud did not start:\n" + log.read_text()[-2000:])
