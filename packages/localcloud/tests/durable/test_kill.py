"""SIGKILL at random moments: every accepted orchestration ends, with every step made.

The real command (`python -m localcloud run`) is killed and started again on the same state. The
seed is printed; GALLERY_MIGRATOR_SEED runs it again.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from packages.localcloud.tests.durable.embedded import APP

ROOT = Path(__file__).parents[4]
KILLS, INSTANCES, STEPS, WIDTH = 3, 12, 6, 8


class Process:
    """The host as a process of its own, on one state."""

    def __init__(self, state: Path, notes: Path) -> None:
        self.state = state
        environ = {**os.environ, "NOTES": str(notes)}
        command = [sys.executable, "-m", "localcloud", "run", str(APP), "--port", "0"]
        command += ["--state", str(state)]
        (state / "connection.json").unlink(missing_ok=True)
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._wait((state / "connection.json").is_file)
        connection = json.loads((state / "connection.json").read_text())
        self._url = connection["app"]["url"] + "/runtime/webhooks/durabletask"
        self._key = connection["systemKeys"]["durabletask"]

    @staticmethod
    def _wait(condition: Any, seconds: float = 30) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, "the host did not get there in time"
            # Another process: there is nothing to wait on.
            time.sleep(0.01)

    def start(self, function: str, instance: str, value: int) -> bool:
        """True if it was accepted (now or before: 409)."""
        request = urllib.request.Request(
            f"{self._url}/orchestrators/{function}/{instance}?code={self._key}",
            json.dumps(json.dumps(value)).encode(),
        )
        try:
            urllib.request.urlopen(request, timeout=5).close()
        except urllib.error.HTTPError as error:
            return error.code == 409
        except OSError:
            return False
        return True

    def states(self) -> dict[str, str]:
        url = f"{self._url}/instances?top=1000&code={self._key}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            statuses: list[dict[str, str]] = json.load(answer)
        return {item["instanceId"]: item["runtimeStatus"] for item in statuses}

    def wait_for_all(self) -> dict[str, str]:
        self._wait(lambda: set(self.states().values()) == {"Completed"})
        return self.states()

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def test_kills_lose_nothing(tmp_path: Path) -> None:
    """No instance is lost or stuck, no step is skipped, few activities run twice."""
    seed = int(os.environ.get("GALLERY_MIGRATOR_SEED") or random.randrange(10**6))
    sys.stdout.write(f"GALLERY_MIGRATOR_SEED={seed}" + "\n")
    chance, notes, state = random.Random(seed), tmp_path / "notes", tmp_path / "state"
    accepted: set[str] = set()
    for kill in range(KILLS):
        host = Process(state, notes)
        for number in range(INSTANCES // KILLS):
            for function, value in (("chain", STEPS), ("fan", WIDTH)):
                name = f"{function}{kill}.{number}"
                if host.start(function, name, value):
                    accepted.add(name)
        # The kills come at random moments.
        time.sleep(chance.uniform(0, 0.15))
        host.kill()
    host = Process(state, notes)
    ended = host.wait_for_all()
    host.stop()
    assert accepted <= ended.keys()
    runs = notes.read_text().split()
    wanted = {f"{name}-{n}" for name in ended for n in range(STEPS if name[0] == "c" else WIDTH)}
    assert set(runs) == wanted
    repeated = len(runs) - len(wanted)
    sys.stdout.write(
        f"kills {KILLS}, instances {len(ended)}, lost 0, activities repeated {repeated}" + "\n"
    )
    assert repeated <= KILLS * 2 * WIDTH
