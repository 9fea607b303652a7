"""Everything that was answered before a SIGKILL is there after it."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from localcloud.arm.server.arm_cloud import ArmCloud
from localcloud.arm.server.requestlog import RequestLog
from localcloud.testing.running_arm import START, MovableTime, running_cloud
from packages.localcloud.tests.arm.driving import VERSION, Driver, driven

ROOT = Path(__file__).resolve().parents[4]


@contextmanager
def process(state: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The emulator as a process; killed when the block is left."""
    command = [
        sys.executable,
        "-m",
        "packages.localcloud.tests.arm.serving",
        str(state),
        START.isoformat(),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        assert running.stdout is not None
        try:
            yield running, json.loads(running.stdout.readline())
        finally:
            running.send_signal(signal.SIGKILL)


def session_of(about: dict[str, str]) -> requests.Session:
    """A client of that process."""
    session = requests.Session()
    session.trust_env = False
    session.verify = about["ca"]
    session.headers["Authorization"] = f"Bearer {about['token']}"
    return session


def test_a_kill_in_the_middle_of_writes_loses_none_that_was_answered(tmp_path: Path) -> None:
    """Killed while four clients write: every image that got its 201 is there, whole."""
    answered: list[str] = []
    enough = threading.Event()
    with process(tmp_path) as (running, about):
        group = f"/subscriptions/{about['subscription']}/resourceGroups/rg"
        session_of(about).put(
            f"{about['url']}{group}?api-version=2024-11-01", json={"location": "eastus2"}, timeout=5
        )

        def write(client: int) -> None:
            session = session_of(about)
            disk = {"osType": "Linux", "osState": "Generalized", "blobUri": "https://a.b/c.vhd"}
            body = {"location": "eastus2", "properties": {"storageProfile": {"osDisk": disk}}}
            for number in range(10_000):
                path = f"{group}/providers/Microsoft.Compute/images/i-{client}-{number}"
                try:
                    made = session.put(
                        f"{about['url']}{path}?api-version=2024-07-01", json=body, timeout=5
                    )
                except requests.RequestException:
                    return
                if made.status_code == 201:
                    answered.append(path)
                if len(answered) >= 40:
                    enough.set()

        clients = [threading.Thread(target=write, args=(n,)) for n in range(4)]
        for client in clients:
            client.start()
        assert enough.wait(30)
        running.send_signal(signal.SIGKILL)
        for client in clients:
            client.join(10)
    cloud = ArmCloud(tmp_path, now=lambda: START + timedelta(hours=1))
    states = {r["id"]: r["properties"]["provisioningState"] for r in cloud.state()["resources"]}
    logged = {line["path"].partition("?")[0] for line in cloud.requests if line["status"] == 201}
    assert {states.get(path) for path in answered} == {"Succeeded"}
    assert set(answered) <= logged


def test_replication_and_operations_go_on_after_a_restart(tmp_path: Path) -> None:
    """The same operation URL, the same ends, the same progress, the same identity."""
    time = MovableTime()
    with running_cloud(tmp_path, time) as cloud:
        before = Driver(cloud, time)
        before.gallery()
        before.image()
        made = before.version(regions=("eastus2", "westus2"))
        before.pass_time(minutes=3)
        first = _status(before)
        known = (cloud.url, cloud.subscription_ids, cloud.tenant_id, cloud.identity_header)
        calls = [line["correlationId"] for line in cloud.requests]
    with running_cloud(tmp_path, time) as cloud:
        after = Driver(cloud, time)
        assert (cloud.url, cloud.subscription_ids, cloud.tenant_id, cloud.identity_header) == known
        assert [line["correlationId"] for line in cloud.requests] == calls
        assert _status(after) == first
        assert after.operation(made)["status"] == "InProgress"
        after.pass_time(hours=1)
        assert after.operation(made)["status"] == "Succeeded"
        assert _status(after)["aggregatedState"] == "Completed"


def _status(arm: Driver) -> Any:
    version = arm.get(VERSION, expand="ReplicationStatus")
    return version["properties"]["replicationStatus"]


def test_tombstones_and_tokens_survive_and_reset_empties(tmp_path: Path) -> None:
    """A token of the first run is good in the second; reset keeps only who the cloud is."""
    with driven(tmp_path) as first:
        first.image()
        first.call("DELETE", "images/web")
        token = first.session.headers["Authorization"]
        first.pass_time(minutes=1)
        assert [stone["id"] for stone in first.cloud.state()["deleted"]] == [first.id("images/web")]
    with driven(tmp_path) as second:
        second.session.headers["Authorization"] = token
        assert [stone["id"] for stone in second.cloud.state()["deleted"]] == [
            first.id("images/web")
        ]
        assert second.call("GET", second.group, api="2024-11-01").status_code == 200
        second.cloud.reset()
        assert second.cloud.state() == {"resources": [], "deleted": []}
        assert len(second.cloud.requests) == 0
    with driven(tmp_path) as third:
        assert third.cloud.state() == {"resources": [], "deleted": []}
        assert third.cloud.subscription_ids == first.cloud.subscription_ids


def test_a_line_cut_short_does_not_spoil_the_log(tmp_path: Path) -> None:
    """Reading leaves out what is no JSON and keeps the rest."""
    path = tmp_path / "requests.jsonl"
    path.write_text('{"a":1}\n{"b":2}\n{"c":')
    log = RequestLog(path)
    log.append({"d": 4})
    log.close()
    assert list(RequestLog(path)) == [{"a": 1}, {"b": 2}, {"d": 4}]


def test_a_change_cut_short_did_not_happen(tmp_path: Path) -> None:
    """A kill in the middle of a write: the last line is left out, later ones are whole again."""
    time = MovableTime()
    with running_cloud(tmp_path, time) as cloud:
        Driver(cloud, time).image()
        before = cloud.state()
    journal = tmp_path / "arm.jsonl"
    with journal.open("a") as file:
        file.write('{"clear":tr')
    with running_cloud(tmp_path, time) as cloud:
        assert cloud.state() == before
        Driver(cloud, time).image("second")
        both = cloud.state()
    with running_cloud(tmp_path, time) as cloud:
        assert cloud.state() == both


def test_what_finds_no_room_is_refused_and_did_not_happen(tmp_path: Path) -> None:
    """503 while the journal cannot grow; neither memory nor the file knows of it, nor is the file spoilt."""
    with driven(tmp_path) as arm:
        arm.image()
        before = arm.cloud.state()
        with room_for(tmp_path / "arm.jsonl", 100):
            full = arm.call("DELETE", "images/web")
        assert (full.status_code, full.json()["error"]["code"]) == (503, "ServerTimeout")
        assert arm.cloud.state() == before
        arm.image("second")
        both = arm.cloud.state()
    with driven(tmp_path) as again:
        assert again.cloud.state() == both


def test_a_log_without_room_costs_no_answer(tmp_path: Path) -> None:
    """Reads are answered as ever; what was logged meanwhile is in memory only."""
    with driven(tmp_path) as arm:
        arm.image()
        with room_for(tmp_path / "requests.jsonl", 10):
            assert arm.call("GET", "images/web").status_code == 200
            full = arm.call("DELETE", "images/web")
            assert (full.status_code, full.json()["error"]["code"]) == (503, "ServerTimeout")
        arm.image("second")
        logged = [line["status"] for line in arm.cloud.requests][-4:]
        assert logged[:2] == [200, 503]
    assert all(line["status"] for line in RequestLog(tmp_path / "requests.jsonl"))


@contextmanager
def room_for(path: Path, more: int) -> Iterator[None]:
    """No file may be longer than this one with so many bytes more."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + more, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_two_processes_cannot_have_one_folder(tmp_path: Path) -> None:
    """The second would not see what the first writes."""
    with driven(tmp_path), pytest.raises(BlockingIOError):
        ArmCloud(tmp_path, now=lambda: START)
