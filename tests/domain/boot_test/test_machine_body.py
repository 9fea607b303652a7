"""The machine is of exactly this version, fits its definition, and takes along all that it brings."""

from typing import Any

import pytest

from domain.boot_test.machine_body import (
    NETWORK_API,
    Credentials,
    command_body,
    machine_body,
    tags_of,
)
from domain.boot_test.terms import Priority
from tests.domain.boot_test.boots import MIGRATION, VERSION, a_model, a_test

SECRET = Credentials("b1", "u1", "Secret-1")


def body(**changes: Any) -> Any:
    """The body for a test with these changes; those of the model are named so."""
    test = a_test(**changes)
    return machine_body(test, SECRET)


def of_model(**changes: Any) -> Any:
    """The properties for a definition with these changes."""
    return body(model=a_model(**changes))["properties"]


def test_the_whole_body_of_a_plain_machine() -> None:
    """Nothing is left to the service's defaults that would outlive the test or open a door."""
    test = a_test(model=a_model(luns=(0,)))
    name = test.machine_id.rpartition("/")[2]
    kept = {"createOption": "FromImage", "deleteOption": "Delete"}
    address = {"name": "inside", "properties": {"primary": True, "subnet": {"id": test.subnet_id}}}
    interface = {"primary": True, "deleteOption": "Delete", "ipConfigurations": [address]}
    assert machine_body(test, SECRET) == {
        "location": "eastus2",
        "tags": tags_of(test),
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "storageProfile": {
                "imageReference": {"id": VERSION},
                "osDisk": {"name": f"{name}-os", **kept},
                "dataDisks": [{"lun": 0, "name": f"{name}-data-0", **kept}],
            },
            "networkProfile": {
                "networkApiVersion": "2020-11-01",
                "networkInterfaceConfigurations": [
                    {"name": f"{name}-nic", "tags": tags_of(test), "properties": interface}
                ],
            },
            "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
            "osProfile": {
                "computerName": "b1",
                "adminUsername": "u1",
                "adminPassword": "Secret-1",
                "allowExtensionOperations": True,
                "linuxConfiguration": {
                    "provisionVMAgent": True,
                    "disablePasswordAuthentication": False,
                },
            },
        },
    }
    assert NETWORK_API == "2020-11-01"


def test_everything_carries_the_tests_and_the_migrations_id() -> None:
    """A test alone says that it has none."""
    assert tags_of(a_test()) == {
        "galleryMigrator.bootTest": f"{MIGRATION}-boot-1",
        "galleryMigrator.bootTestOf": MIGRATION,
    }
    alone = a_test(id="boot-" + "0" * 32 + "-00000000")
    assert tags_of(alone)["galleryMigrator.bootTestOf"] == "none"


def test_windows_gets_its_own_configuration() -> None:
    """With its agent, and without updates that would restart it."""
    profile = of_model(os_type="windows")["osProfile"]
    assert profile["windowsConfiguration"] == {
        "provisionVMAgent": True,
        "enableAutomaticUpdates": False,
    }
    assert "linuxConfiguration" not in profile


def test_a_specialised_version_has_its_accounts_already() -> None:
    """Azure refuses others."""
    assert "osProfile" not in of_model(os_state="Specialized")


@pytest.mark.parametrize(
    ("named", "sent"),
    [
        ("TrustedLaunch", "TrustedLaunch"),
        ("trustedlaunch", "TrustedLaunch"),
        ("ConfidentialVM", "ConfidentialVM"),
        ("Standard", None),
        ("TrustedLaunchSupported", None),
        ("ConfidentialVMSupported", None),
        ("TrustedLaunchAndConfidentialVmSupported", None),
    ],
)
def test_the_security_type_is_the_definitions(named: str, sent: str | None) -> None:
    """One that is only supported is left out."""
    profile = of_model(security_type=named).get("securityProfile")
    firmware = {"secureBootEnabled": True, "vTpmEnabled": True}
    assert profile == ({"securityType": sent, "uefiSettings": firmware} if sent else None)


def test_a_confidential_machine_encrypts_its_state() -> None:
    """Azure demands it; of no other."""
    disk = of_model(security_type="ConfidentialVM")["storageProfile"]["osDisk"]
    assert disk["managedDisk"] == {
        "securityProfile": {"securityEncryptionType": "VMGuestStateOnly"}
    }
    assert "managedDisk" not in of_model(security_type="TrustedLaunch")["storageProfile"]["osDisk"]


@pytest.mark.parametrize(
    ("named", "sent"),
    [("NVMe", "NVMe"), ("SCSI, NVMe", None), ("scsi", None), ("", None), ("nvme", "NVMe")],
)
def test_the_disk_controller_is_named_where_there_is_one_only(named: str, sent: str | None) -> None:
    """SCSI is what Azure takes by itself."""
    assert of_model(disk_controllers=named)["storageProfile"].get("diskControllerType") == sent


def test_a_purchase_plan_goes_with_it() -> None:
    """Azure refuses a machine without it."""
    plan = {"name": "byol", "publisher": "p", "product": "x"}
    assert body(model=a_model(purchase_plan=plan))["plan"] == plan
    assert "plan" not in body()


def test_a_spot_machine_is_deleted_when_it_is_evicted() -> None:
    """At no more than the usual price; a regular one says nothing of it."""
    spot = body(priority=Priority.SPOT)["properties"]
    assert (spot["priority"], spot["evictionPolicy"]) == ("Spot", "Delete")
    assert spot["billingProfile"] == {"maxPrice": -1}
    assert "priority" not in body()["properties"]


def test_the_script_runs_for_as_long_as_there_is_time() -> None:
    """Azure answers at once."""
    test = a_test(script="true")
    assert command_body(test, 60) == {
        "location": "eastus2",
        "tags": tags_of(test),
        "properties": {
            "source": {"script": "true"},
            "asyncExecution": True,
            "timeoutInSeconds": 60,
        },
    }
