"""The whole cloud is killed around every call that a boot test makes to Azure: one machine, and nothing of it is
left."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.identities import TESTER
from localcloud.testing.figures import tell
from localcloud.testing.waiting import until
from tests.scenarios.bodies import Json
from tests.scenarios.boot_machines import (
    add_networks,
    asked_of,
    finish_test,
    in_the_group,
    machines_made,
    make_version,
    read_test,
    start_test,
)
from tests.scenarios.client import Client
from tests.scenarios.conftest import a_cloud, add_gallery

SCRIPT = "true"
# Often enough that what died is soon started again.
PACE = {"SWEEP_SCHEDULE": "0 */5 * * * *"}


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[Client]:
    """A local cloud that may be killed."""
    with a_cloud(tmp_path, more=PACE) as client:
        add_gallery(client)
        add_networks(client)
        yield client


def calls_of(cloud: Client, version: str) -> list[str]:
    """The calls of a test that nobody disturbs, reads of looks and all, in order."""
    before = len(asked_of(cloud))
    ended = finish_test(cloud, start_test(cloud, version, script=SCRIPT)["id"])
    assert ended["result"]["outcome"] == "passed"
    lines = [line for line in cloud.arm_log() if line["client"] == TESTER]
    return [f"{line['method']} {_kind(line['path'])}" for line in lines[before:]]


def _kind(path: str) -> str:
    return path.partition("?")[0].split("/providers/")[-1].rpartition("/")[0]


def boundaries(calls: list[str]) -> list[int]:
    """The numbers, from 1, of the calls to die at: each kind's first and last, since looks are all alike."""
    chosen: set[int] = set()
    for kind in set(calls):
        numbers = [n for n, call in enumerate(calls, 1) if call == kind]
        chosen |= {numbers[0], numbers[-1]}
    return sorted(chosen)


def die_at(cloud: Client, version: str, number: int, when: str) -> Json:
    """The end of a test in whose course everything was killed around this call of it."""
    rule = {"what": "hold", "client": TESTER, "path": "/(virtualMachines|disks|networkInterfaces)/"}
    cloud.faults({**rule, "nth": number, "when": when})
    test_id = start_test(cloud, version, script=SCRIPT)["id"]
    for _ in range(60):
        if cloud.held() or read_test(cloud, test_id)["stage"] == "finished":
            break
        cloud.control("POST", "/clock", {"speed": 60})
        until(lambda: bool(cloud.held()) or _finished(cloud, test_id), 30.0)
        cloud.control("POST", "/clock", {"speed": 0})
    cloud.process.stop(signal.SIGKILL)
    cloud.connect()
    return finish_test(cloud, test_id)


def _finished(cloud: Client, test_id: str) -> bool:
    return bool(read_test(cloud, test_id)["stage"] == "finished")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_at_any_call_leaves_nothing(own_cloud: Client, when: str) -> None:
    """The verdict is that of the test without a death, one machine was made for each test, and the group is empty."""
    version = make_version(own_cloud, "deaths")
    calls = [
        call for call in calls_of(own_cloud, version) if "resources" not in call.partition(" ")[2]
    ]
    numbers = boundaries(calls)
    tell(f"boot test: {len(calls)} calls, killed at {numbers} ({when})")
    for number in numbers:
        made = machines_made(own_cloud)
        ended = die_at(own_cloud, version, number, when)
        at = f"call {number} ({calls[number - 1]}), {when}"
        assert ended["result"]["outcome"] == "passed", f"{at}: {ended['result']}"
        assert in_the_group(own_cloud) == [], at
        assert machines_made(own_cloud) == made + 1, at
