"""Boot tests between replication and approval: a machine from exactly this version, and nothing left of it."""

import pytest

from demo.boot_tests import group_id
from demo.identities import TESTER
from domain.boot_test.names import machine_name
from services.boot_tests import SCRIPT_WARNING
from tests.scenarios.bodies import Json
from tests.scenarios.boot_machines import (
    add_networks,
    asked_of,
    finish_test,
    in_the_group,
    machine_fault,
    make_version,
    read_test,
    start_test,
)
from tests.scenarios.client import Client

WANTED: Json = {"bootTest": {"enabled": True}}


@pytest.fixture(scope="module", autouse=True)
def _networks(cloud: Client) -> None:
    add_networks(cloud)


def test_a_version_that_boots(cloud: Client) -> None:
    """The result is in the status before anybody is asked; machine, disks and interface are gone, and only the tester
    touched them."""
    migration = cloud.begin("boots", **WANTED)
    (status,) = cloud.advance_to_stage("approval", migration)
    [result] = status["bootTests"]
    assert (result["outcome"], result["region"]) == ("passed", "eastus2")
    assert in_the_group(cloud) == []
    [put] = [path for path in asked_of(cloud, "PUT") if "/virtualMachines/" in path]
    assert "runCommands" not in put
    stages = [line["stage"] for line in status["timeline"]]
    assert stages.index("replication") < stages.index("bootTest") < stages.index("approval")
    others = [
        line
        for line in cloud.arm_log("PUT", "DELETE")
        if "/virtualMachines/" in line["path"] and line["client"] != TESTER
    ]
    assert others == []
    cloud.cancel(migration)


def test_an_image_whose_version_boots_is_deleted(cloud: Client) -> None:
    """Once it is approved, as any other; the result stays in the status."""
    migration = cloud.begin("booted", **WANTED)
    cloud.advance_to_stage("approval", migration)
    assert cloud.decide(migration).status == 200
    (ended,) = cloud.finish(migration)
    assert (ended["outcome"], ended["result"]["image"]) == ("completed", "deleted")
    assert [each["outcome"] for each in ended["bootTests"]] == ["passed"]


@pytest.mark.parametrize(
    ("name", "fault", "outcome", "code"),
    [
        ("timeout", machine_fault("timeout", message="panic"), "failed", "OSProvisioningTimedOut"),
        ("agentless", machine_fault("agent"), "failed", "AgentNotReady"),
        ("quota", machine_fault("quota"), "inconclusive", "OperationNotAllowed"),
        ("size", machine_fault("size"), "inconclusive", "SkuNotAvailable"),
        ("policy", machine_fault("policy"), "inconclusive", "RequestDisallowedByPolicy"),
        ("allocation", machine_fault("allocation"), "inconclusive", "AllocationFailed"),
    ],
)
def test_a_version_that_does_not(
    cloud: Client, name: str, fault: Json, outcome: str, code: str
) -> None:
    """With ARM's code, explained; a warning; the approval is asked for all the same, and nothing is left."""
    cloud.faults(fault)
    migration = cloud.begin(name, **WANTED)
    (status,) = cloud.advance_to_stage("approval", migration)
    [result] = status["bootTests"]
    assert (result["outcome"], result["code"]) == (outcome, code)
    assert any(result["reason"] in warning for warning in status["warnings"])
    assert in_the_group(cloud) == []
    cloud.cancel(migration)


@pytest.mark.parametrize(
    ("name", "fault", "outcome", "code", "exit_code"),
    [
        ("script-ok", None, "passed", None, 0),
        ("script-no", {"outcome": "script", "size": 3}, "failed", "ScriptFailed", 3),
        ("script-mute", {"outcome": "silent"}, "inconclusive", "ScriptNotHeardOf", None),
    ],
)
def test_a_script_has_to_end_with_0(
    cloud: Client, name: str, fault: Json | None, outcome: str, code: str | None, exit_code: int
) -> None:
    """Its exit code and its output, without what looks like a secret, are in the status; and nothing is left."""
    if fault:
        said = "looked at it; password=hunter2\nno service"
        cloud.faults(machine_fault(path="/runCommands/", message=said, **fault))
    cloud.add_image(name)
    body = cloud.request(name, bootTest={"script": "systemctl is-system-running"})
    plan = cloud.call("POST", "/api/plans", body)
    assert SCRIPT_WARNING in plan.body["warnings"]
    (status,) = cloud.advance_to_stage("approval", cloud.start(body))
    [result] = status["bootTests"]
    assert (result["outcome"], result["code"]) == (outcome, code)
    assert result["exitCode"] == exit_code
    if exit_code:
        assert result["output"] == "looked at it; password=[removed]\nno service"
    assert in_the_group(cloud) == []
    cloud.cancel(status["id"])


def test_the_log_of_a_machine_that_did_not_come_up_is_kept(cloud: Client) -> None:
    """Its last 64 KB without secrets; the signed address is in no answer, record, history or log."""
    long = "x" * 70_000 + "\nadmin password: hunter2\nKernel panic - not syncing"
    cloud.faults(machine_fault("timeout", message=long))
    migration = cloud.begin("panics", **WANTED)
    (status,) = cloud.advance_to_stage("approval", migration)
    test = read_test(cloud, status["bootTests"][0]["id"])
    log = test["serialLog"]
    assert log.endswith("admin password: [removed]\nKernel panic - not syncing")
    assert len(log) == 64 * 1024
    assert test["migrationId"] == migration
    fetched = [line for line in cloud.arm_log("GET") if "/bootdiagnostics-" in line["path"].lower()]
    assert fetched
    assert {line["client"] for line in fetched} == {""}
    kept = b"".join(path.read_bytes() for path in cloud.process.state.glob("*.sqlite*"))
    assert b"sig=" not in kept
    assert "bootdiagnostics-" not in cloud.process.printed()
    cloud.cancel(migration)


def test_a_cancelled_migration_leaves_no_machine(cloud: Client) -> None:
    """Cancelled while the machine comes up: the test is over, and all of it is gone."""
    cloud.faults(machine_fault("agent"))
    migration = cloud.begin("stopped", **WANTED)
    cloud.advance_to_stage("bootTest", migration, step="PT1M")
    cloud.advance_until(lambda: in_the_group(cloud), step="PT10S")
    assert cloud.cancel(migration).status in (200, 202)
    (status,) = cloud.finish(migration)
    assert status["outcome"] == "cancelled"
    [result] = status["bootTests"]
    assert (result["outcome"], result["code"]) == ("inconclusive", "Stopped")
    assert in_the_group(cloud) == []


def test_what_azure_leaves_behind_is_deleted(cloud: Client) -> None:
    """A machine goes, and its disks and interface do not, whatever their deleteOption says."""
    cloud.faults(machine_fault("left", method="DELETE", path="/virtualMachines/"))
    migration = cloud.begin("littered", **WANTED)
    cloud.advance_to_stage("approval", migration)
    assert in_the_group(cloud) == []
    deleted = asked_of(cloud, "DELETE")
    assert any("/networkInterfaces/" in path for path in deleted)
    assert any("/disks/" in path for path in deleted)
    cloud.cancel(migration)


def test_a_machine_of_the_tests_name_that_is_not_ours_is_left_alone(cloud: Client) -> None:
    """The test is inconclusive then; tags alone make nothing ours."""
    migration = cloud.begin("occupied", **WANTED)
    test_id = f"{migration}-boot-1"
    name = machine_name(test_id)
    group = group_id(cloud.subscription)
    path = f"{group}/providers/Microsoft.Compute/virtualMachines/{name}"
    body: Json = {
        "location": "eastus2",
        "tags": {"galleryMigrator.bootTest": test_id},
        "properties": {"storageProfile": {"imageReference": {"publisher": "Canonical"}}},
    }
    cloud.arm("PUT", path, body)
    (status,) = cloud.advance_to_stage("approval", migration)
    [result] = status["bootTests"]
    assert (result["outcome"], result["code"]) == ("inconclusive", "NameTaken")
    theirs = [each for each in in_the_group(cloud) if name in each]
    assert path in theirs
    assert not [path for path in asked_of(cloud, "PUT", "DELETE") if name in path]
    cloud.arm("DELETE", path)
    for disk in theirs:
        if "/disks/" in disk:
            cloud.arm("DELETE", disk, api="2024-03-02")
    cloud.cancel(migration)
    cloud.advance("PT5M")
    assert in_the_group(cloud) == []


def test_a_machine_that_a_late_put_makes_is_found_and_deleted(cloud: Client) -> None:
    """All was gone; the sweep finds it by its tags, and the record knows it."""
    version = make_version(cloud, "late")
    test = start_test(cloud, version)
    ended = finish_test(cloud, test["id"])
    [sent] = [p for p in asked_of(cloud, "PUT") if machine_name(test["id"]) in p]
    disk = {"createOption": "FromImage", "deleteOption": "Delete"}
    body: Json = {
        "location": "eastus2",
        "tags": {
            "galleryMigrator.bootTest": test["id"],
            "galleryMigrator.bootTestOf": "none",
        },
        "properties": {"storageProfile": {"imageReference": {"id": version}, "osDisk": disk}},
    }
    cloud.arm("PUT", sent.partition("?")[0], body)
    assert in_the_group(cloud)
    cloud.advance_until(lambda: not in_the_group(cloud), step="PT20M")
    again = finish_test(cloud, test["id"])
    assert again["result"] == ended["result"]
    assert again["goneAt"] > ended["goneAt"]
    assert "was found after all of it was gone" in cloud.process.printed()


def test_a_test_alone(cloud: Client) -> None:
    """Of a version that is there; its status tells the course, and the result."""
    version = make_version(cloud, "alone")
    test = start_test(cloud, version, region="West Europe")
    assert (test["stage"], test["result"], test["migrationId"]) == ("accepted", None, None)
    assert test["region"] == "westeurope"
    ended = finish_test(cloud, test["id"])
    assert ended["result"]["outcome"] == "passed"
    assert ended["goneAt"]
    assert ended["requestedBy"]["kind"] == "key"
    assert in_the_group(cloud) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"region": "westus2"}, "region"),
        ({"versionId": "9.9.9"}, "versionId"),
    ],
)
def test_what_cannot_be_tested_is_422(cloud: Client, body: Json, field: str) -> None:
    """A region without a subnet, a version that is not there."""
    version = _any_version(cloud)
    if "versionId" in body:
        body = {"versionId": version.rpartition("/")[0] + "/" + body["versionId"]}
    answer = cloud.call("POST", "/api/boot-tests", {"versionId": version, **body})
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, field)


def _any_version(cloud: Client) -> str:
    version = cloud.version("boots")
    assert version is not None
    return str(version["id"])


def test_whoever_only_reads_starts_none(cloud: Client) -> None:
    """And a test that does not exist is a 404."""
    reader = cloud.token("ada", "Migration.Read")
    answer = cloud.call(
        "POST", "/api/boot-tests", {"versionId": _any_version(cloud)}, headers=reader
    )
    assert (answer.status, answer.body["rule"]) == (403, "role")
    assert cloud.call("GET", "/api/boot-tests/boot-1").status == 404
    assert cloud.call("GET", "/api/boot-tests/boot-1", key="wrong").status == 401
