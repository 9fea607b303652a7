"""The body of a boot test's machine: of exactly this version, with nothing that outlives it.

No public address, no identity; network interface and disks go with it. Security type, disk controller and purchase plan
are as the definition says.
"""

from typing import NamedTuple

from domain.boot_test.names import MIGRATION_TAG, TEST_TAG, machine_name
from domain.boot_test.recorded import BootTest
from domain.boot_test.terms import Priority
from domain.ids import fold
from domain.values import Json

# Of the network provider, with which compute makes the interface: docs/platform-notes.md#interfaces-of-machines
NETWORK_API = "2020-11-01"
_TRUSTED_LAUNCH, _CONFIDENTIAL = "trustedlaunch", "confidentialvm"


class Credentials(NamedTuple):
    """A name for the machine and an account on it that nobody knows: made for one PUT and kept nowhere."""

    computer: str
    user: str
    password: str


def tags_of(test: BootTest) -> dict[str, str]:
    """The tags on everything that the test makes. They only find: what is ours, the records say."""
    return {TEST_TAG: test.id, MIGRATION_TAG: test.migration_id or "none"}


def machine_body(test: BootTest, credentials: Credentials) -> Json:
    """The body of the machine's PUT."""
    properties: Json = {
        "hardwareProfile": {"vmSize": test.vm_size},
        "storageProfile": _storage(test),
        "networkProfile": _network(test),
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        **_system(test, credentials),
        **_security(test),
        **_priority(test),
    }
    body: Json = {"location": test.region, "tags": tags_of(test), "properties": properties}
    plan = test.model.purchase_plan
    return body | ({"plan": plan} if plan else {})


def _storage(test: BootTest) -> Json:
    name = machine_name(test.id)
    kept = {"createOption": "FromImage", "deleteOption": "Delete"}
    system: Json = {"name": f"{name}-os", **kept}
    if _security_type(test) == _CONFIDENTIAL:
        encryption = {"securityEncryptionType": "VMGuestStateOnly"}
        system["managedDisk"] = {"securityProfile": encryption}
    data = [{"lun": lun, "name": f"{name}-data-{lun}", **kept} for lun in test.model.luns]
    storage: Json = {"imageReference": {"id": test.version_id}, "osDisk": system, "dataDisks": data}
    controllers = {fold(part.strip()) for part in test.model.disk_controllers.split(",")}
    only_nvme = "nvme" in controllers and "scsi" not in controllers
    return storage | ({"diskControllerType": "NVMe"} if only_nvme else {})


def _network(test: BootTest) -> Json:
    address = {"name": "inside", "properties": {"primary": True, "subnet": {"id": test.subnet_id}}}
    interface = {
        "name": f"{machine_name(test.id)}-nic",
        "tags": tags_of(test),
        "properties": {"primary": True, "deleteOption": "Delete", "ipConfigurations": [address]},
    }
    return {"networkApiVersion": NETWORK_API, "networkInterfaceConfigurations": [interface]}


def _system(test: BootTest, credentials: Credentials) -> Json:
    """Nothing for a specialised version: it has its accounts already, and Azure refuses others."""
    if test.model.os_state != "Generalized":
        return {}
    profile: Json = {
        "computerName": credentials.computer,
        "adminUsername": credentials.user,
        "adminPassword": credentials.password,
        "allowExtensionOperations": True,
    }
    if fold(test.model.os_type) == "windows":
        profile["windowsConfiguration"] = {
            "provisionVMAgent": True,
            "enableAutomaticUpdates": False,
        }
    else:
        profile["linuxConfiguration"] = {
            "provisionVMAgent": True,
            "disablePasswordAuthentication": False,
        }
    return {"osProfile": profile}


def _security_type(test: BootTest) -> str:
    return fold(test.model.security_type)


def _security(test: BootTest) -> Json:
    """A definition that only supports a security type makes machines without one."""
    names = {_TRUSTED_LAUNCH: "TrustedLaunch", _CONFIDENTIAL: "ConfidentialVM"}
    name = names.get(_security_type(test))
    if name is None:
        return {}
    firmware = {"secureBootEnabled": True, "vTpmEnabled": True}
    return {"securityProfile": {"securityType": name, "uefiSettings": firmware}}


def _priority(test: BootTest) -> Json:
    if test.priority is not Priority.SPOT:
        return {}
    # At most the price of a regular one.
    return {"priority": "Spot", "evictionPolicy": "Delete", "billingProfile": {"maxPrice": -1}}


def command_body(test: BootTest, seconds: int) -> Json:
    """The body of the run command's PUT: the script and how many seconds it may take. Azure answers at once, and the
    script is watched."""
    return {
        "location": test.region,
        "tags": tags_of(test),
        "properties": {
            "source": {"script": test.script},
            "asyncExecution": True,
            "timeoutInSeconds": seconds,
        },
    }
