"""Boot tests between replication and approval: a machine from exactly this version, and nothing left of it."""

import pytest

from demo.identities import TESTER
from tests.scenarios.bodies import Json
from tests.scenarios.boot_machines import add_networks, asked_of, in_the_group, machine_fault
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
    assert cloud.decide(migration).status == 200
    (ended,) = cloud.finish(migration)
    assert (ended["outcome"], ended["result"]["image"]) == ("completed", "deleted")
    others = [
        line
        for line in cloud.arm_log("PUT", "DELETE")
        if "/virtualMachines/" in line["path"] and line["client"] != TESTER
    ]
    assert others == []


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
