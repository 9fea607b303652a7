"""Machines that are made from image versions: how they come up, what they are refused, what their deletion takes."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from localcloud.arm.faults.rules import read_rule
from localcloud.arm.state.profile import Machines
from packages.localcloud.tests.arm.driving import DEFINITION, VERSION, Driver, definition, error
from packages.localcloud.tests.arm.spec.machine_scenarios import machine_body

NAME = "boot"
PATH = f"virtualMachines/{NAME}"
COMMAND = f"{PATH}/runCommands/check"


@pytest.fixture
def version(arm: Driver) -> str:
    """A version of an image with a data disk, in one region; its id. The profile is that of a usual cloud."""
    arm.cloud.set_profile(machines=Machines(), seconds={"machine": 40})
    arm.gallery()
    disk = {"lun": 0, "diskSizeGB": 50}
    system = {"osType": "Linux", "osState": "Generalized", "diskSizeGB": 30}
    arm.image(storageProfile={"osDisk": system, "dataDisks": [disk]})
    arm.version()
    arm.pass_time(hours=1)
    net = arm.group + "/providers/Microsoft.Network/virtualNetworks/net"
    body = {"location": "eastus2", "properties": {"subnets": [{"name": "tests"}]}}
    arm.call("PUT", net, body)
    return arm.id(VERSION)


def body_of(arm: Driver, version: str, **changes: Any) -> Any:
    """The body of the machine's PUT."""
    subnet = arm.group + "/providers/Microsoft.Network/virtualNetworks/net/subnets/tests"
    body = machine_body(version, subnet, NAME)
    return body | {"properties": body["properties"] | changes}


def boot(arm: Driver, version: str, **changes: Any) -> requests.Response:
    """The machine's PUT, accepted."""
    return arm.put(PATH, body_of(arm, version, **changes))


def interface(arm: Driver) -> requests.Response:
    """GET of its network interface."""
    return arm.call("GET", f"{arm.group}/providers/Microsoft.Network/networkInterfaces/boot-nic")


def view(arm: Driver) -> Any:
    """Its instance view."""
    return arm.get(PATH, expand="instanceView")["properties"]["instanceView"]


def agent(arm: Driver) -> str:
    """The word of its agent."""
    return str(view(arm)["vmAgent"]["statuses"][0]["displayStatus"])


def fault(arm: Driver, outcome: str, **options: Any) -> None:
    """A fault of the kind `machine` for every call from now on."""
    arm.cloud.faults.set([read_rule({"what": "machine", "outcome": outcome} | options)])


def test_it_comes_up_and_its_agent_after_it(arm: Driver, version: str) -> None:
    """Creating, then Succeeded; the agent is Ready a little later; disks have the version's sizes."""
    made = boot(arm, version)
    assert made.status_code == 201
    assert made.json()["properties"]["provisioningState"] == "Creating"
    assert "vmAgent" not in view(arm)
    arm.pass_time(seconds=40)
    assert (arm.operation(made)["status"], agent(arm)) == ("Succeeded", "Not Ready")
    arm.pass_time(seconds=15)
    assert agent(arm) == "Ready"
    assert arm.call("GET", f"{PATH}/instanceView").json() == view(arm)
    storage = arm.get(PATH)["properties"]["storageProfile"]
    assert [d["diskSizeGB"] for d in (storage["osDisk"], *storage["dataDisks"])] == [30, 50]


def test_its_interface_comes_into_being(arm: Driver, version: str) -> None:
    """In its group, in the subnet, and named in the machine by id with its deleteOption."""
    network = boot(arm, version).json()["properties"]["networkProfile"]
    inner = interface(arm).json()["properties"]
    [named] = network["networkInterfaces"]
    assert named["id"].endswith("/networkInterfaces/boot-nic")
    assert named["properties"] == {"primary": True, "deleteOption": "Delete"}
    assert inner["virtualMachine"]["id"] == arm.id(PATH)
    assert inner["ipConfigurations"][0]["properties"]["subnet"]["id"].endswith("/subnets/tests")


def test_without_an_api_version_of_the_network_it_is_refused(arm: Driver, version: str) -> None:
    """networkInterfaceConfigurations need networkApiVersion."""
    body = body_of(arm, version)
    del body["properties"]["networkProfile"]["networkApiVersion"]
    assert error(arm.call("PUT", PATH, body)) == (400, "InvalidParameter")


def test_a_subnet_that_is_not_there_is_refused(arm: Driver, version: str) -> None:
    """And no machine is left of it."""
    body = machine_body(version, arm.group + "/providers/Microsoft.Network/nothing", NAME)
    assert error(arm.call("PUT", PATH, body)) == (400, "InvalidResourceReference")
    assert arm.call("GET", PATH).status_code == 404


@pytest.mark.parametrize("leaves", [False, True])
def test_its_deletion_takes_along_what_it_should(arm: Driver, version: str, leaves: bool) -> None:
    """Network interface, disks and run commands are gone when the machine is; with the fault they are left."""
    boot(arm, version)
    arm.pass_time(minutes=3)
    arm.put(COMMAND, script())
    if leaves:
        fault(arm, "left", method="DELETE")
    assert arm.call("DELETE", PATH).status_code == 202
    assert interface(arm).status_code == 200
    arm.pass_time(minutes=3)
    assert arm.call("GET", PATH).status_code == 404
    assert interface(arm).status_code == (200 if leaves else 404)
    storage = [arm.call("GET", f"disks/{NAME}-os", api="2024-03-02").status_code]
    assert storage == [200 if leaves else 404]
    assert arm.call("GET", COMMAND).status_code == 404
    if leaves:
        assert "virtualMachine" not in interface(arm).json()["properties"]


def test_what_it_shall_leave_stays(arm: Driver, version: str) -> None:
    """Detach is the default of deleteOption."""
    storage = body_of(arm, version)["properties"]["storageProfile"]
    del storage["osDisk"]["deleteOption"]
    boot(arm, version, storageProfile=storage)
    arm.pass_time(minutes=3)
    arm.call("DELETE", PATH)
    arm.pass_time(minutes=3)
    disk = arm.call("GET", "disks/boot-os", api="2024-03-02").json()
    assert disk["properties"]["diskState"] == "Unattached"


@pytest.mark.parametrize(
    ("outcome", "refused"),
    [
        ("quota", (409, "OperationNotAllowed")),
        ("size", (409, "SkuNotAvailable")),
        ("policy", (403, "RequestDisallowedByPolicy")),
        ("terms", (400, "ResourcePurchaseValidationFailed")),
    ],
)
def test_what_it_is_refused_for(
    arm: Driver, version: str, outcome: str, refused: tuple[int, str]
) -> None:
    """With Azure's code, and nothing comes into being."""
    fault(arm, outcome)
    assert error(arm.call("PUT", PATH, body_of(arm, version))) == refused
    assert [arm.call("GET", PATH).status_code, interface(arm).status_code] == [404, 404]


def test_a_version_with_a_plan_wants_it_named(arm: Driver, version: str) -> None:
    """The purchase plan of the definition has to be in the machine's body."""
    plan = {"name": "byol", "publisher": "p", "product": "x"}
    arm.put(f"{DEFINITION}2", definition("planned", purchasePlan=plan))
    arm.cloud.seed(
        [
            {"id": arm.id(f"{DEFINITION}2/versions/1.0.0"), "location": "eastus2"}
            | {"properties": arm.get(VERSION)["properties"]}
        ]
    )
    body = body_of(arm, arm.id(f"{DEFINITION}2/versions/1.0.0"))
    assert error(arm.call("PUT", PATH, body)) == (400, "VMMarketplaceInvalidInput")
    assert arm.call("PUT", PATH, body | {"plan": plan}).status_code == 201


def test_a_region_without_the_version_is_refused(arm: Driver, version: str) -> None:
    """GalleryImageNotFound, as ARM says it of a version that was not replicated there."""
    body = body_of(arm, version) | {"location": "westus2"}
    assert error(arm.call("PUT", PATH, body)) == (404, "GalleryImageNotFound")


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        ("timeout", "OSProvisioningTimedOut"),
        ("internal", "OSProvisioningInternalError"),
        ("allocation", "AllocationFailed"),
    ],
)
def test_a_provisioning_that_fails(arm: Driver, version: str, outcome: str, code: str) -> None:
    """Accepted, then Failed: in the operation, the state, and the instance view; its agent is never ready."""
    fault(arm, outcome, method="PUT")
    made = boot(arm, version)
    arm.pass_time(minutes=25)
    ended = arm.operation(made)
    assert (ended["status"], ended["error"]["code"]) == ("Failed", code)
    assert arm.state(PATH) == "Failed"
    assert view(arm)["statuses"][0]["code"] == f"ProvisioningState/failed/{code}"
    assert agent(arm) == "Not Ready"


def test_an_agent_that_is_never_ready(arm: Driver, version: str) -> None:
    """The machine runs, and says nothing from inside."""
    fault(arm, "agent", method="PUT")
    boot(arm, version)
    arm.pass_time(hours=3)
    assert (arm.state(PATH), agent(arm)) == ("Succeeded", "Not Ready")


@pytest.mark.parametrize("policy", ["Deallocate", "Delete"])
def test_a_spot_machine_is_evicted(arm: Driver, version: str, policy: str) -> None:
    """It stands still, or it is gone with all that is deleted with it."""
    fault(arm, "evicted", method="PUT", seconds=60)
    boot(arm, version, priority="Spot", evictionPolicy=policy)
    arm.pass_time(seconds=99)
    assert view(arm)["statuses"][1]["code"] == "PowerState/running"
    arm.pass_time(seconds=1)
    if policy == "Deallocate":
        assert view(arm)["statuses"][1]["code"] == "PowerState/deallocated"
        assert agent(arm) == "Not Ready"
    else:
        gone = [
            arm.call("GET", path, api="2024-03-02").status_code for path in (PATH, "disks/boot-os")
        ]
        assert [*gone, interface(arm).status_code] == [404, 404, 404]


def test_another_user_is_refused(arm: Driver, version: str) -> None:
    """A second PUT cannot change who the machine was made with, and the interface stays the same."""
    first = boot(arm, version).json()["properties"]
    assert boot(arm, version).json()["properties"]["vmId"] == first["vmId"]
    other = {"computerName": NAME, "adminUsername": "u2", "adminPassword": "Secret-7654321"}
    refused = arm.call("PUT", PATH, body_of(arm, version, osProfile=other))
    assert error(refused) == (409, "PropertyChangeNotAllowed")
    assert arm.get(PATH)["properties"]["networkProfile"] == first["networkProfile"]


def test_its_password_is_nowhere(arm: Driver, version: str) -> None:
    """Neither answered nor in any file; nor that of a script's user."""
    boot(arm, version)
    arm.pass_time(minutes=3)
    arm.put(COMMAND, script(runAsUser="u", runAsPassword="Secret-1234567"))
    told = arm.call("GET", PATH).text + arm.call("GET", COMMAND).text
    files = [path for path in arm.cloud.folder.rglob("*") if path.is_file()]
    assert files
    assert "Secret-1234567" not in told
    assert not [path for path in files if b"Secret-1234567" in path.read_bytes()]


def script(**properties: Any) -> Any:
    """The body of a run command."""
    return {"location": "eastus2", "properties": {"source": {"script": "check"}} | properties}


def executed(arm: Driver) -> Any:
    """The instance view of the run command."""
    return arm.get(COMMAND, expand="instanceView")["properties"]["instanceView"]


def test_a_script_runs_when_the_agent_is_ready(arm: Driver, version: str) -> None:
    """Pending, Running, Succeeded; its operation ends with it; without $expand there is no view."""
    boot(arm, version)
    made = arm.put(COMMAND, script())
    assert made.status_code == 201
    assert executed(arm)["executionState"] == "Pending"
    arm.cloud.set_profile(machines=Machines(exit_code=7))
    arm.pass_time(minutes=3)
    assert arm.operation(made)["status"] == "Succeeded"
    assert (executed(arm)["executionState"], executed(arm)["exitCode"]) == ("Succeeded", 0)
    assert "instanceView" not in arm.get(COMMAND)["properties"]


def test_a_script_that_fails(arm: Driver, version: str) -> None:
    """Exit code and output are in the view, the output cut to its last 4,096 bytes; the command itself succeeded."""
    boot(arm, version)
    arm.pass_time(minutes=3)
    fault(arm, "script", method="PUT", size=3, message="x" * 5000 + "the end")
    arm.put(COMMAND, script())
    arm.pass_time(seconds=10)
    seen = executed(arm)
    assert (seen["executionState"], seen["exitCode"]) == ("Failed", 3)
    assert (len(seen["output"]), seen["output"][-7:]) == (4096, "the end")
    assert arm.state(COMMAND) == "Succeeded"


def test_a_script_that_takes_too_long(arm: Driver, version: str) -> None:
    """It is ended at its own limit."""
    boot(arm, version)
    arm.pass_time(minutes=3)
    arm.cloud.set_profile(machines=Machines(script_seconds=600))
    arm.put(COMMAND, script(timeoutInSeconds=60))
    arm.pass_time(seconds=59)
    assert executed(arm)["executionState"] == "Running"
    arm.pass_time(seconds=1)
    assert executed(arm)["executionState"] == "TimedOut"


def test_a_machine_without_a_way_out_says_nothing(arm: Driver, version: str) -> None:
    """The command stays Unknown, and fails at its limit."""
    boot(arm, version)
    arm.pass_time(minutes=3)
    fault(arm, "silent", method="PUT")
    arm.put(COMMAND, script(timeoutInSeconds=600))
    arm.pass_time(seconds=599)
    assert (arm.state(COMMAND), executed(arm)["executionState"]) == ("Creating", "Unknown")
    arm.pass_time(seconds=1)
    assert arm.state(COMMAND) == "Failed"


def test_a_script_needs_a_source_and_a_machine(arm: Driver, version: str) -> None:
    """Refused before anything is kept."""
    assert error(arm.call("PUT", COMMAND, script())) == (404, "ParentResourceNotFound")
    boot(arm, version)
    empty = {"location": "eastus2", "properties": {"source": {}}}
    assert error(arm.call("PUT", COMMAND, empty)) == (400, "InvalidParameter")


def log_of(arm: Driver) -> str:
    """The address of its serial log."""
    told = arm.call("POST", f"{PATH}/retrieveBootDiagnosticsData", api="2024-07-01")
    assert told.status_code == 200, told.text
    return str(told.json()["serialConsoleLogBlobUri"])


def fetched(arm: Driver, url: str, **headers: str) -> requests.Response:
    """A plain GET without a token."""
    return requests.get(url, headers=headers, verify=str(arm.cloud.ca_file), timeout=20)


def test_its_log_is_behind_a_signed_address(arm: Driver, version: str) -> None:
    """Read without a token; not with one, with another signature, for another file, or when the time is over."""
    boot(arm, version)
    arm.pass_time(minutes=3)
    url = log_of(arm)
    got = fetched(arm, url)
    assert (got.status_code, "is running" in got.text) == (200, True)
    token = str(arm.session.headers["Authorization"])
    assert fetched(arm, url, Authorization=token).status_code == 403
    assert fetched(arm, url.replace("sig=", "sig=0")).status_code == 403
    assert fetched(arm, url.replace(".serialconsole.log", ".screenshot.bmp")).status_code == 403
    arm.pass_time(hours=2)
    assert fetched(arm, url).status_code == 403


def test_its_log_goes_with_it_and_its_address_is_in_no_log(arm: Driver, version: str) -> None:
    """The request log has the path without the signature."""
    fault(arm, "timeout", method="PUT", message="kernel panic")
    boot(arm, version)
    arm.pass_time(minutes=25)
    url = log_of(arm)
    assert fetched(arm, url).text == "kernel panic"
    arm.call("DELETE", PATH)
    arm.pass_time(minutes=3)
    assert fetched(arm, url).status_code == 404
    lines = [
        line["path"] for line in arm.cloud.requests if "bootdiagnostics" in line["path"].lower()
    ]
    assert len(lines) >= 2
    assert not [line for line in lines if url.partition("sig=")[2] in line]


def test_a_machine_without_boot_diagnostics_has_no_log(arm: Driver, version: str) -> None:
    """It is refused."""
    boot(arm, version, diagnosticsProfile={})
    told = arm.call("POST", f"{PATH}/retrieveBootDiagnosticsData", api="2024-07-01")
    assert error(told) == (409, "OperationNotAllowed")
