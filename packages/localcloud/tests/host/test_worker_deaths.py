"""The worker's process killed: what was in flight comes to what was recorded on the real extension."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from localcloud.testing.process import CloudProcess
from localcloud.testing.waiting import until
from packages.localcloud.tests.host.apps import write_app
from packages.localcloud.tests.host.deaths import APP, PATIENCE, Mortal, seen_at_a_death

SLEEPER = """
import clock, time
from pathlib import Path
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route("waits")
def waits(req: func.HttpRequest) -> str:
    folder = Path(req.params["folder"])
    (folder / "being asked").write_text(clock.now().isoformat())
    (folder / "being asked").rename(folder / "asked")
    while not (folder / "go on").exists():
        time.sleep(0.01)
    return clock.now().isoformat().replace("+00:00", "Z")
"""
CLOCK = "now = None\ndef use(source):\n    global now\n    now = source\n"
RECORDED = json.loads((Path(__file__).parent / "worker_deaths.json").read_text())
MOST_DEATHS = 3


@contextmanager
def mortal(folder: Path) -> Iterator[tuple[CloudProcess, Mortal]]:
    """The app that is killed at work, on the embedded host."""
    flight = folder / "flight"
    flight.mkdir()
    environ = {"FLIGHT": str(flight), "PYTHON_THREADPOOL_THREAD_COUNT": "32"}
    with CloudProcess(folder / "state", "run", str(APP), "--port", "0", environ=environ) as cloud:
        keys = cloud.connection["systemKeys"]
        webhooks = (keys["durabletask"], keys["eventgrid"])
        yield cloud, Mortal(cloud.connection["app"]["url"], flight, cloud.process, webhooks)


def kill(cloud: CloudProcess) -> int:
    """Kill the worker that lives, by the pid that the state folder tells; that pid."""
    worker = int((cloud.state / "worker.pid").read_text())
    os.kill(worker, signal.SIGKILL)
    return worker


def test_each_kind_of_call_in_flight_ends_as_recorded(tmp_path: Path) -> None:
    """Turns, activities, an entity, HTTP, Event Grid and a timer, all in flight at one death."""
    with mortal(tmp_path) as (_, host):
        seen = seen_at_a_death(host)

    # The thin host leaves out the prefix that the real one has: docs/platform-notes.md#deaths-of-the-worker
    assert seen["event held"]["body"] == "Exception while executing function: Functions.event"
    seen["event held"]["body"] = "Exception while executing function: event"
    assert seen == RECORDED["in flight"]


def test_another_worker_takes_over(tmp_path: Path) -> None:
    """A call that comes after the death is answered, by another process."""
    with mortal(tmp_path) as (cloud, host):
        killed = kill(cloud)

        def other() -> str:
            status, worker = host.get("/api/quick")
            return str(worker) if status == 200 else ""

        assert int(until(other, PATIENCE)) not in (killed, cloud.process.pid)


def test_the_third_death_ends_the_host(tmp_path: Path) -> None:
    """It says so and exits with an error; the worker is gone as well, and another host goes on."""
    with mortal(tmp_path) as (cloud, _):
        killed: list[int] = []

        def another() -> bool:
            return int((cloud.state / "worker.pid").read_text() or 0) not in (0, *killed)

        for _ in range(MOST_DEATHS):
            until(another, PATIENCE)
            killed.append(kill(cloud))

        assert cloud.process.wait(PATIENCE) == 1
        assert "Exceeded language worker restart retry count for runtime:python" in cloud.printed()
        cloud.start()
        assert cloud.app("GET", "/api/quick")[0] == 200


def test_deaths_that_are_far_apart_do_not_add_up(tmp_path: Path) -> None:
    """Half an hour by the host's clock after the last one, a death is the first one again."""
    with mortal(tmp_path) as (cloud, host):
        for _ in range(MOST_DEATHS + 1):
            kill(cloud)
            until(lambda: host.get("/api/quick")[0] == 200, PATIENCE)
            cloud.control("POST", "/clock", {"advance": "PT31M"})

        assert cloud.process.poll() is None


def test_the_worker_dies_with_its_host(tmp_path: Path) -> None:
    """A host that gets SIGKILL leaves no process behind, not even one that is at work."""
    with mortal(tmp_path) as (cloud, host):
        host.hold("timer")
        worker = host.held("timer")
        cloud.kill()
        until(lambda: not Path(f"/proc/{worker}").exists(), PATIENCE)


def test_what_is_in_flight_sees_the_clock_moved(tmp_path: Path) -> None:
    """The app's clock is the host's, in calls that began before a move too."""
    app = write_app(tmp_path / "app", SLEEPER)
    (app / "clock.py").write_text(CLOCK)
    with (
        CloudProcess(tmp_path / "state", "run", str(app), "--port", "0", "--speed", "0") as cloud,
        ThreadPoolExecutor(1) as caller,
    ):
        answer = caller.submit(cloud.app, "GET", f"/api/waits?folder={tmp_path}")
        until((tmp_path / "asked").exists, PATIENCE)
        cloud.control("POST", "/clock", {"speed": 1e6})
        until(lambda: now(cloud) > now_of(tmp_path / "asked") + timedelta(days=10), PATIENCE)
        cloud.control("POST", "/clock", {"speed": 0})
        (quick := tmp_path / "quick").mkdir()
        (quick / "go on").touch()
        # The pipe takes it behind the clock's message.
        cloud.app("GET", f"/api/waits?folder={quick}")
        (tmp_path / "go on").touch()

        assert answer.result()[1] == cloud.control("GET", "/clock")[1]["now"]


def now(cloud: CloudProcess) -> datetime:
    return datetime.fromisoformat(cloud.control("GET", "/clock")[1]["now"])


def now_of(file: Path) -> datetime:
    return datetime.fromisoformat(file.read_text())
