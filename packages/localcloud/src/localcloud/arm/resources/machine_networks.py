"""The network interfaces that machines make from `networkInterfaceConfigurations`; those that they name are left as
they are."""

from __future__ import annotations

from dataclasses import replace

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.world import World

INTERFACE = "Microsoft.Network/networkInterfaces"


def with_interfaces(world: World, call: Call, machine: Resource, profile: Json) -> Json:
    """The network profile with the interfaces in the place of their configurations, each of which comes into being.

    Raises InvalidResourceReference for a subnet that is not there.
    """
    wanted = profile.get("networkInterfaceConfigurations")
    if not wanted:
        return profile
    if not profile.get("networkApiVersion"):
        raise refusal("required", parameter="networkProfile.networkApiVersion")
    made = [_interface(world, call, machine, each) for each in wanted]
    for interface in made:
        world.save(interface)
    named = [
        {
            "id": interface.id,
            "properties": {
                "primary": bool((each.get("properties") or {}).get("primary", True)),
                "deleteOption": (each.get("properties") or {}).get("deleteOption", "Detach"),
            },
        }
        for interface, each in zip(made, wanted, strict=True)
    ]
    return {"networkInterfaces": named}


def _interface(world: World, call: Call, machine: Resource, wanted: Json) -> Resource:
    group = machine.id.split("/providers/", 1)[0]
    interface = f"{group}/providers/{INTERFACE}/{wanted.get('name')}"
    inner = wanted.get("properties") or {}
    addresses = []
    for number, each in enumerate(inner.get("ipConfigurations") or []):
        asked = each.get("properties") or {}
        subnet = str((asked.get("subnet") or {}).get("id") or "")
        if not _is_there(world, subnet):
            raise refusal("reference missing", reference=subnet, id=interface)
        shown = {
            "subnet": {"id": subnet},
            "primary": bool(asked.get("primary", number == 0)),
            "privateIPAllocationMethod": "Dynamic",
            "privateIPAddress": f"10.0.0.{4 + world.random(interface).randrange(250)}",
        }
        addresses.append({"name": each.get("name"), "properties": shown})
    properties: Json = {"ipConfigurations": addresses, "virtualMachine": {"id": machine.id}}
    tags = wanted.get("tags")
    return Resource(
        interface, INTERFACE, machine.location, properties, call.now, tags=tags, born=True
    )


def _is_there(world: World, subnet: str) -> bool:
    """Return True if the network that it is part of has it, or it was put there alone."""
    if world.find(subnet) is not None:
        return True
    network = world.find(subnet.rsplit("/subnets/", 1)[0])
    names = (network.properties.get("subnets") or []) if network else []
    return any(str(each.get("name")).lower() == subnet.rsplit("/", 1)[-1].lower() for each in names)


def released(interface: Resource) -> Resource:
    """The interface, of no machine any more."""
    kept = {k: v for k, v in interface.properties.items() if k != "virtualMachine"}
    return replace(interface, properties=kept)
