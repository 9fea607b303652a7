"""Steps of a boot test on the emulator: run twice, raced, refused, and by a run that is nobody's any more."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from activities.boot_clean_up import delete_machine
from activities.boot_machines import create_machine, credentials, keep_log, look_at_machine
from activities.boot_tests import begin_boot_test, finish_boot_test, give_up_boot_test
from arm.boot_diagnostics import LogUnreadableError, _end_of
from domain.boot_test.names import id_of_lone_test
from domain.boot_test.recorded import BootOutcome, BootTest
from domain.values import Json
from localcloud.arm.faults.rules import read_rule
from localcloud.arm.state.profile import Machines
from tests.activities.azure import Azure
from tests.app import forget, records
from tests.domain.boot_test.boots import a_test

TESTER = "0d0d0d0d-0000-4000-8000-000000000003"


@pytest.fixture
def accepted(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> BootTest:
    """A test that was accepted, of a version that is there, with a network for its machine."""
    monkeypatch.setenv("TESTER_CLIENT_ID", TESTER)
    cloud = azure.cloud
    group = f"/subscriptions/{cloud.subscription_ids[0]}/resourceGroups/boot-tests"
    network = f"{group}/providers/Microsoft.Network/virtualNetworks/n"
    definition = f"{group}/providers/Microsoft.Compute/galleries/g/images/d"
    system = {"osDiskImage": {"sizeInGB": 30, "hostCaching": "ReadWrite"}}
    inner = {"osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V1"}
    cloud.seed(
        [
            {"id": network, "location": "eastus2", "properties": {"subnets": [{"name": "s"}]}},
            {"id": definition.rpartition("/images/")[0], "location": "eastus2"},
            {"id": definition, "location": "eastus2", "properties": inner},
            {
                "id": f"{definition}/versions/1.0.0",
                "location": "eastus2",
                "properties": {"storageProfile": system, "publishingProfile": {}},
            },
        ]
    )
    version = f"{definition}/versions/1.0.0"
    test = a_test(
        id=id_of_lone_test(version, "00000000"),
        version_id=version,
        resource_group=group,
        subnet_id=f"{network}/subnets/s",
    )
    records().accept_boot_test(test)
    return test


def step(test: BootTest, azure: Azure, run: int = 1, **more: Any) -> Json:
    """The request of a step at this moment."""
    at = azure.time.now().isoformat()
    return {"testId": test.id, "run": run, "at": at, **more}


def status_of(answer: Json) -> str:
    """The way in which a step ended."""
    return str(answer["status"])


def machine_puts(azure: Azure) -> int:
    """The PUTs of machines that ARM saw."""
    return len([line for line in azure.cloud.requests if _is_machine_put(line)])


def _is_machine_put(line: Json) -> bool:
    return line["method"] == "PUT" and "/virtualMachines/" in line["path"]


def test_a_step_that_runs_twice_makes_one_machine(accepted: BootTest, azure: Azure) -> None:
    """The second reads before it writes, and goes on with the first one's machine."""
    for _ in range(2):
        assert create_machine(step(accepted, azure))["value"]["kind"] == "begun"
    assert machine_puts(azure) == 1
    state = records().boot_snapshot(accepted.id)
    assert state is not None
    assert len(state.state.vm_ids) == 1


def test_a_put_whose_answer_was_lost_is_taken_up(accepted: BootTest, azure: Azure) -> None:
    """Transient at first; then the machine is known as ours by all that it is."""
    azure.cloud.faults.set(
        [read_rule({"what": "reset", "when": "after", "method": "PUT", "path": "virtualMachines"})]
    )
    answer = create_machine(step(accepted, azure))
    assert answer["error"]["transient"]
    azure.cloud.faults.clear()
    assert create_machine(step(accepted, azure))["value"]["kind"] == "begun"
    assert machine_puts(azure) == 1


def test_a_run_that_is_not_the_newest_does_nothing(accepted: BootTest, azure: Azure) -> None:
    """Neither makes nor deletes."""
    records().change_boot_state(accepted.id, lambda s: s.model_copy(update={"run": 2}))
    for activity in (create_machine, delete_machine):
        assert status_of(activity(step(accepted, azure))) == "over"
    assert machine_puts(azure) == 0


def test_a_test_that_is_not_in_the_records_is_nobodys(accepted: BootTest) -> None:
    """Whatever somebody starts under such an id ends in its first step."""
    for unknown in (f"{accepted.id[:-1]}1", "x", "sweep"):
        assert status_of(begin_boot_test({"testId": unknown})) == "over"


def test_nothing_is_deleted_before_there_is_a_verdict(accepted: BootTest, azure: Azure) -> None:
    """A clean-up that comes too early does nothing."""
    create_machine(step(accepted, azure))
    assert status_of(delete_machine(step(accepted, azure))) == "over"
    assert not [line for line in azure.cloud.requests if line["method"] == "DELETE"]


def test_a_step_that_cannot_be_done_settles_the_test(accepted: BootTest, azure: Azure) -> None:
    """Inconclusive, with the code; a later verdict changes nothing, and all of it is gone at once."""
    given_up = step(accepted, azure, code="NoToken", reason="no identity")
    assert give_up_boot_test(given_up)["value"]["outcome"] == "inconclusive"
    again = step(accepted, azure, code="Other", reason="other")
    assert give_up_boot_test(again)["value"]["outcome"] == "inconclusive"
    assert delete_machine(step(accepted, azure))["value"] == {"gone": True, "left": ""}
    finished = finish_boot_test({"testId": accepted.id})["value"]
    assert (finished["outcome"], finished["reason"]) == ("inconclusive", "no identity")
    [result] = records().boot_results(accepted.version_id)
    assert result.verdict.outcome is BootOutcome.INCONCLUSIVE


def test_a_machine_that_may_still_appear_is_waited_for(accepted: BootTest, azure: Azure) -> None:
    """Its PUT was about to be sent a moment ago; after two minutes it will not come."""
    at = azure.time.now()
    records().change_boot_state(
        accepted.id, lambda state: state.model_copy(update={"intended_at": at})
    )
    give_up_boot_test(step(accepted, azure, code="Lost", reason="lost"))
    assert not delete_machine(step(accepted, azure))["value"]["gone"]
    azure.time.advance(minutes=2)
    assert delete_machine(step(accepted, azure))["value"]["gone"]


def test_a_version_that_the_region_lacks_is_waited_for(accepted: BootTest, azure: Azure) -> None:
    """Succeeded does not mean usable: for a quarter of an hour, then it is inconclusive."""
    rule = {"what": "status", "status": 404, "code": "GalleryImageNotFound", "method": "PUT"}
    azure.cloud.faults.set([read_rule({**rule, "path": "virtualMachines"})])
    first = create_machine(step(accepted, azure))
    assert first["error"]["transient"]
    azure.time.advance(minutes=15)
    last = create_machine(step(accepted, azure))
    assert last["value"]["outcome"] == "inconclusive"


def test_somebody_elses_machine_of_the_name_is_never_deleted(
    accepted: BootTest, azure: Azure
) -> None:
    """It was ours, somebody deleted it and made another: the test is over, and theirs stays."""
    create_machine(step(accepted, azure))
    world = azure.cloud.world
    ours = world.find(accepted.machine_id)
    assert ours is not None
    world.bury([ours], azure.time.now(), "")
    azure.cloud.seed(
        [
            {
                "id": accepted.machine_id,
                "location": "eastus2",
                "properties": {"vmId": "another", "storageProfile": {}},
            }
        ]
    )
    looked = look_at_machine(step(accepted, azure, looks=0))
    assert looked["value"]["outcome"] == "inconclusive"
    delete_machine(step(accepted, azure))
    theirs = world.find(accepted.machine_id)
    assert theirs is not None
    assert theirs.properties["vmId"] == "another"


def test_without_a_tester_a_test_waits_for_one(
    accepted: BootTest, azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slip in the settings may be mended."""
    monkeypatch.delenv("TESTER_CLIENT_ID")
    forget()
    answer = create_machine(step(accepted, azure))
    assert (answer["error"]["code"], answer["error"]["transient"]) == ("InvalidSettingsError", True)


def test_credentials_are_random_and_fit_azures_rules() -> None:
    """Three kinds of characters and more; a name of at most fifteen for Windows."""
    made = {credentials() for _ in range(20)}
    assert len(made) == 20
    for computer, user, password in made:
        assert len(computer) <= 15
        assert len(user) <= 20
        assert 12 <= len(password) <= 72
        assert any(c.isupper() for c in password)
        assert any(c.islower() for c in password)
        assert any(c.isdigit() for c in password)
        assert "-" in password


def failed_machine(test: BootTest, azure: Azure) -> None:
    """A machine that did not come up, and the verdict."""
    azure.cloud.set_profile(machines=Machines(failure="timeout", serial_log="panic"))
    create_machine(step(test, azure))
    azure.time.advance(minutes=25)
    assert look_at_machine(step(test, azure, looks=0))["value"]["outcome"] == "failed"


def test_the_address_of_a_log_is_in_no_log(
    accepted: BootTest, azure: Azure, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is logged at the lowest level; and the log is kept."""
    failed_machine(accepted, azure)
    with caplog.at_level(logging.DEBUG):
        assert keep_log(step(accepted, azure))["value"]["kept"]
    assert "sig=" not in caplog.text
    assert "bootdiagnostics-" not in caplog.text
    snapshot = records().boot_snapshot(accepted.id)
    assert snapshot is not None
    assert snapshot.log == "panic"


@pytest.mark.parametrize(
    "rule",
    [
        {"what": "status", "status": 500, "path": "^/bootdiagnostics-"},
        {"what": "reset", "path": "^/bootdiagnostics-"},
        {"what": "status", "status": 409, "path": "retrieveBootDiagnosticsData"},
    ],
)
def test_a_log_that_cannot_be_had_is_none(
    accepted: BootTest, azure: Azure, rule: Json, caplog: pytest.LogCaptureFixture
) -> None:
    """The test is one all the same; what is said of it never has the address."""
    failed_machine(accepted, azure)
    azure.cloud.faults.set([read_rule(rule)])
    with caplog.at_level(logging.DEBUG):
        assert not keep_log(step(accepted, azure))["value"]["kept"]
    assert "no serial log" in caplog.text
    assert "sig=" not in caplog.text


@pytest.mark.parametrize("address", ["", "http://127.0.0.1/x", "file:///etc/passwd"])
def test_only_https_is_read(address: str) -> None:
    """Whatever Azure answers."""
    with pytest.raises((ValueError, LogUnreadableError)):
        _end_of(address, 10)
