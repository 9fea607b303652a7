"""A process that is stopped, killed, or started twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from localcloud.testing.process import CloudProcess
from packages.localcloud.tests.host.apps import write_app

APP = """
import time
app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

@app.orchestration_trigger(context_name="context")
def waits(context: df.DurableOrchestrationContext):
    answer = yield context.wait_for_external_event("go")
    return answer

@app.route("hello")
def hello(req: func.HttpRequest) -> str:
    return "hello"

@app.route("stuck", auth_level=func.AuthLevel.ANONYMOUS)
def stuck(req: func.HttpRequest) -> str:
    time.sleep(60)
    return ""

@app.route("slow", auth_level=func.AuthLevel.ANONYMOUS)
async def slow(req: func.HttpRequest) -> str:
    import asyncio, pathlib
    await asyncio.sleep(0.5)
    pathlib.Path(__file__).with_name("ended").touch()
    return ""

@app.route("setting")
def setting(req: func.HttpRequest) -> str:
    import os
    return os.environ["FROM_FILE"] + os.environ["FROM_BOTH"]
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return write_app(tmp_path / "app", APP)


def port_of(cloud: CloudProcess) -> str:
    return str(cloud.connection["app"]["url"]).rpartition(":")[2]


def test_a_kill_loses_nothing(tmp_path: Path, app: Path) -> None:
    """Keys, addresses, the stopped clock and a waiting orchestration are as they were."""
    with CloudProcess(tmp_path / "state", "run", str(app), "--port", "0") as first:
        first.durable("POST", "/orchestrators/waits/w")
        first.control("POST", "/clock", {"speed": 0, "advance": "P1D"})
        before, known = first.control("GET", "/clock"), first.connection
    with CloudProcess(tmp_path / "state", "run", str(app), "--port", "0") as second:
        assert second.connection == known
        assert second.control("GET", "/clock") == before
        second.durable("POST", "/instances/w/raiseEvent/go", "now")
        second.control("POST", "/clock", {"advance": "PT1S"})
        assert second.durable("GET", "/instances/w")[1]["output"] == "now"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_at_once_when_asked(tmp_path: Path, app: Path, number: int) -> None:
    """Even with a function that hangs; connection.json is gone."""
    with CloudProcess(tmp_path / "state", "run", str(app), "--port", "0") as cloud:
        url = cloud.connection["app"]["url"]
        hanging = subprocess.Popen(
            [sys.executable, "-c", f"import urllib.request as r; r.urlopen('{url}/api/stuck')"],
            env={**os.environ, "no_proxy": "*"},
            stderr=subprocess.DEVNULL,
        )
        assert cloud.app("GET", "/api/hello") == (200, "hello")
        code, seconds = cloud.stop(number)
        hanging.kill()
        hanging.wait()
        assert (code, seconds < 5) == (0, True)
        assert not (tmp_path / "state" / "connection.json").exists()


def run_to_the_end(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "localcloud", "run", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_a_second_process_on_the_state_is_refused(tmp_path: Path, app: Path) -> None:
    """It says which process has it, and what to do; so with a port that is taken."""
    with CloudProcess(tmp_path / "state", "run", str(app), "--port", "0") as cloud:
        done = run_to_the_end(str(app), "--port", "0", "--state", str(tmp_path / "state"))
        assert done.returncode == 1
        assert f"in use by process {cloud.process.pid}" in done.stderr
        assert cloud.app("GET", "/api/hello") == (200, "hello")
        done = run_to_the_end(str(app), "--port", port_of(cloud), "--state", str(tmp_path / "2"))
        assert done.returncode == 1
        assert f"port {port_of(cloud)} cannot be used" in done.stderr


def test_an_app_that_cannot_be_served_is_told_why(tmp_path: Path) -> None:
    """Every problem, and no traceback."""
    folder = write_app(
        tmp_path / "app", "app = func.FunctionApp()\n@app.route('x')\ndef f(): ...\n"
    )
    done = run_to_the_end(str(folder), "--port", "0", "--state", str(tmp_path / "state"))
    assert done.returncode == 1
    assert "function f: bindings without a parameter: req" in done.stderr
    assert "Traceback" not in done.stderr


def test_local_settings_are_the_environment(tmp_path: Path, app: Path) -> None:
    """A variable that is already set wins."""
    settings = '{"IsEncrypted": false, "Values": {"FROM_FILE": "file ", "FROM_BOTH": "file"}}'
    (app / "local.settings.json").write_text(settings)
    environ = {"FROM_BOTH": "process"}
    state = tmp_path / "state"
    with CloudProcess(state, "run", str(app), "--port", "0", environ=environ) as cloud:
        assert cloud.app("GET", "/api/setting") == (200, "file process")


def test_a_function_runs_to_its_end_when_the_caller_has_gone(tmp_path: Path, app: Path) -> None:
    """As on Azure; moving the clock waits for it."""
    with CloudProcess(tmp_path / "state", "run", str(app), "--port", "0") as cloud:
        impatient = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with pytest.raises(TimeoutError):
            impatient.open(cloud.connection["app"]["url"] + "/api/slow", timeout=0.2)
        cloud.control("POST", "/clock", {"advance": "PT1S"})
        assert (app / "ended").exists()
