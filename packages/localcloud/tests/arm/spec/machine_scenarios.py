"""Requests of the real SDK for a machine that is made from an image version, booted, asked and deleted."""

from __future__ import annotations

from collections.abc import Callable

from packages.localcloud.tests.arm.spec.bodies import make_definition, make_image, version_body
from packages.localcloud.tests.arm.spec.traffic import GROUP, NOW, REGION, Body, Traffic, refused

NETWORKS = "2024-05-01"


def network(traffic: Traffic) -> str:
    """A network with one subnet; the subnet's id."""
    path = f"{traffic.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Network"
    body: Body = {"location": REGION, "properties": {"subnets": [{"name": "tests"}]}}
    traffic.send("PUT", f"{path}/virtualNetworks/net?api-version={NETWORKS}", body)
    traffic.send("GET", f"{path}/virtualNetworks/net?api-version={NETWORKS}")
    return f"{path}/virtualNetworks/net/subnets/tests"


def machine_body(version: str, subnet: str, name: str) -> Body:
    """A machine that takes its network interface and its disks along when it is deleted."""
    address = {"name": "address", "properties": {"primary": True, "subnet": {"id": subnet}}}
    interface = {
        "name": f"{name}-nic",
        "properties": {"primary": True, "deleteOption": "Delete", "ipConfigurations": [address]},
    }
    return {
        "location": REGION,
        "tags": {"test": name},
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "storageProfile": {
                "imageReference": {"id": version},
                "osDisk": {
                    "name": f"{name}-os",
                    "createOption": "FromImage",
                    "deleteOption": "Delete",
                },
                "dataDisks": [{"lun": 0, "createOption": "FromImage", "deleteOption": "Delete"}],
            },
            "osProfile": {
                "computerName": name,
                "adminUsername": "u1",
                "adminPassword": "Secret-1234567",
            },
            "networkProfile": {
                "networkApiVersion": "2020-11-01",
                "networkInterfaceConfigurations": [interface],
            },
            "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        },
    }


def booted(traffic: Traffic) -> None:
    """From the version to the machine, its views, its log, a script, and its end."""
    client = traffic.client
    image, subnet = make_image(traffic, "boot-source"), network(traffic)
    names = make_definition(traffic, "booted")
    body = version_body(image)
    versions = client.gallery_image_versions
    traffic.finish(versions.begin_create_or_update(*names, "1.0.0", body, **NOW))
    version = versions.get(*names, "1.0.0").id or ""
    machines, commands = client.virtual_machines, client.virtual_machine_run_commands
    wanted = machine_body(version, subnet, "boot")
    elsewhere: Body = wanted | {"location": "westus2"}
    refused(machines.begin_create_or_update, GROUP, "boot", elsewhere, **NOW)
    traffic.finish(machines.begin_create_or_update(GROUP, "boot", wanted, **NOW))
    machines.get(GROUP, "boot", expand="instanceView")
    machines.instance_view(GROUP, "boot")
    machines.retrieve_boot_diagnostics_data(GROUP, "boot")
    script: Body = {"location": REGION, "properties": {"source": {"script": "true"}}}
    traffic.finish(commands.begin_create_or_update(GROUP, "boot", "check", script, **NOW))
    commands.get_by_virtual_machine(GROUP, "boot", "check", expand="instanceView")
    list(commands.list_by_virtual_machine(GROUP, "boot"))
    tags: Body = {"tags": {"x": "y"}}
    traffic.finish(commands.begin_update(GROUP, "boot", "check", tags, **NOW))
    traffic.finish(commands.begin_delete(GROUP, "boot", "check", **NOW))
    interface = f"{subnet.split('/virtualNetworks/')[0]}/networkInterfaces/boot-nic"
    traffic.send("GET", f"{interface}?api-version={NETWORKS}")
    traffic.finish(machines.begin_delete(GROUP, "boot", **NOW))
    traffic.send("GET", f"{interface}?api-version={NETWORKS}")


SCENARIOS: tuple[Callable[[Traffic], None], ...] = (booted,)
