"""The control API of a running process: time, reset, notifications; `up` in one process and in two."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from localcloud.testing.process import CloudProcess, call
from packages.localcloud.tests.host.apps import write_app

# Waits three days, or for an approval.
APP = """
from datetime import timedelta
app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

@app.orchestration_trigger(context_name="context")
def patient(context: df.DurableOrchestrationContext):
    approval = context.wait_for_external_event("approval")
    for day in range(3):
        timer = context.create_timer(context.current_utc_datetime + timedelta(days=1))
        winner = yield context.task_any([approval, timer])
        if winner == approval:
            timer.cancel()
            return "approved"
    at = yield context.call_activity("when", None)
    return at

@app.activity_trigger(input_name="nothing")
def when(nothing) -> str:
    import clock
    return clock.now().isoformat()
"""
CLOCK = """
from datetime import UTC, datetime
now = lambda: datetime.now(UTC)
def use(source):
    global now
    now = source
"""
BAD = [
    ({}, ""),
    ({"advance": "3 days"}, "advance"),
    ({"advance": "P1M"}, "advance"),
    ({"advance": "P"}, "advance"),
    ({"advance": "PT"}, "advance"),
    ({"advance": "-P1D"}, "advance"),
    ({"advance": 5}, "advance"),
    ({"advance": "P99999999999D"}, "advance"),
    ({"speed": -1}, "speed"),
    ({"speed": "fast"}, "speed"),
    ({"speed": True}, "speed"),
    ({"now": "2030-01-01T00:00:00Z"}, "now"),
    ([], ""),
    (b"not json", ""),
]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudProcess]:
    folder = tmp_path_factory.mktemp("control")
    app = write_app(folder / "app", APP)
    (app / "clock.py").write_text(CLOCK)
    with CloudProcess(folder / "state", "run", str(app), "--port", "0") as running:
        yield running


def now(cloud: CloudProcess) -> datetime:
    return datetime.fromisoformat(cloud.control("GET", "/clock")[1]["now"])


def test_connection_json_says_how_to_drive_it(cloud: CloudProcess) -> None:
    """Addresses and keys, readable by the owner only; no `arm` for a plain Functions folder."""
    assert sorted(cloud.connection) == ["app", "control", "systemKeys"]
    assert sorted(cloud.connection["systemKeys"]) == ["durabletask", "eventgrid"]
    assert (cloud.state / "connection.json").stat().st_mode & 0o777 == 0o600


def test_three_days_pass_in_a_moment(cloud: CloudProcess) -> None:
    """Every timer on the way fires, up to a second early, and the activity sees the time at which it ran."""
    start = now(cloud)
    cloud.durable("POST", "/orchestrators/patient/three-days")
    status, answer = cloud.control("POST", "/clock", {"advance": "P3DT1M"})
    assert status == 200
    passed = datetime.fromisoformat(answer["now"]) - start
    assert timedelta(days=3, minutes=1) <= passed < timedelta(days=3, minutes=2)
    body = cloud.durable("GET", "/instances/three-days")[1]
    assert body["runtimeStatus"] == "Completed"
    ran = datetime.fromisoformat(body["output"])
    assert timedelta(days=3, seconds=-3) <= ran - start < timedelta(days=3, minutes=1)


def test_time_can_be_stopped_and_advanced_at_once(cloud: CloudProcess) -> None:
    """Stopped time stands still between two looks; speed 1 lets it go on."""
    status, answer = cloud.control("POST", "/clock", {"speed": 0, "advance": "PT0.5S"})
    assert (status, answer["speed"]) == (200, 0)
    assert now(cloud) == now(cloud)
    assert cloud.control("POST", "/clock", {"speed": 1})[1]["speed"] == 1
    assert now(cloud) < now(cloud)


@pytest.mark.parametrize(("body", "field"), BAD, ids=[str(body) for body, _ in BAD])
def test_bad_requests_are_told_what_is_wrong(cloud: CloudProcess, body: Any, field: str) -> None:
    """400 with the field, and the clock is not moved."""
    before = now(cloud)
    status, answer = cloud.control("POST", "/clock", body)
    assert status == 400
    assert answer["detail"]
    assert [error["field"] for error in answer.get("errors", [])] == ([field] if field else [])
    assert now(cloud) - before < timedelta(minutes=1)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_no_web_page_reaches_it(cloud: CloudProcess, headers: dict[str, str]) -> None:
    """Neither by another name of this machine nor from another site."""
    url = cloud.connection["control"]["url"] + "/clock"
    assert call("GET", url, headers=headers)[0] == 403


def test_notifications_are_kept_and_listed(cloud: CloudProcess) -> None:
    """Headers and body as they came."""
    url = cloud.connection["control"]["url"] + "/notifications"
    call("POST", url, {"outcome": "kept"}, headers={"webhook-id": "n1"})
    kept = cloud.control("GET", "/notifications")[1]["notifications"][-1]
    headers = {name.lower(): value for name, value in kept["headers"].items()}
    assert (headers["webhook-id"], kept["body"]) == ("n1", '{"outcome": "kept"}')


def test_reset_empties_it(cloud: CloudProcess) -> None:
    """Instances and notifications are gone, and it goes on."""
    cloud.durable("POST", "/orchestrators/patient/before-reset")
    assert cloud.control("POST", "/reset")[0] == 204
    assert cloud.durable("GET", "/instances/before-reset")[0] == 404
    assert cloud.control("GET", "/notifications")[1] == {"notifications": []}
    assert cloud.durable("POST", "/orchestrators/patient/after-reset")[0] == 202


def test_commands_do_what_the_control_api_does(cloud: CloudProcess) -> None:
    """They find it by its state folder."""
    before = now(cloud)
    command = [sys.executable, "-m", "localcloud", "clock", "--advance", "PT1H"]
    done = subprocess.run(
        [*command, "--state", str(cloud.state)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"now"' in done.stdout
    assert now(cloud) - before >= timedelta(hours=1)


def test_a_command_without_a_running_cloud_says_so(tmp_path: Path) -> None:
    """And fails."""
    done = subprocess.run(
        [sys.executable, "-m", "localcloud", "clock", "--state", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "no local cloud is running" in done.stderr
