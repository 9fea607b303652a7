"""The deletion of a machine: what goes with it (`deleteOption`, its run commands), and what stays.

What goes is gone when the machine is. Everything of it that stays belongs to nobody then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from localcloud.arm.protocol.call import Call
from localcloud.arm.resources.disks import DISK_TYPE, released
from localcloud.arm.resources.machine_networks import INTERFACE
from localcloud.arm.resources.machine_networks import released as unused
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import is_pending
from localcloud.arm.state.world import ENDS, World


def take_along(world: World, call: Call, machine: Resource) -> None:
    """Begin the deletion of what goes with a machine whose own deletion begins; let go of the rest."""
    if machine.change == "Deleting" and is_pending(machine, call.now):
        return
    # The same draw as that of the machine's own deletion.
    end = call.now + timedelta(seconds=world.seconds("machine delete", machine.id))
    going = set() if world.profile.machines.leaves else doomed(machine)
    for part in parts(world, machine):
        if part.key in going or part.key.startswith(machine.key + "/"):
            world.save(_going(part, end, call.correlation))
        elif part.type == DISK_TYPE:
            world.save(released(part))
        else:
            world.save(unused(part))


def parts(world: World, machine: Resource) -> list[Resource]:
    """Its disks, its interfaces and what is nested in it."""
    disks = [d for d in world.of_type(DISK_TYPE) if d.extras.get("managedBy") == machine.id]
    interfaces = [
        each
        for each in world.of_type(INTERFACE)
        if (each.properties.get("virtualMachine") or {}).get("id") == machine.id
    ]
    nested = [found for key in world.below(machine.id) if (found := world.find(key))]
    return [*disks, *interfaces, *nested]


def doomed(machine: Resource) -> set[str]:
    """The keys of what its model says is deleted with it."""
    model: Json = machine.properties | machine.revealed
    storage = model.get("storageProfile") or {}
    disks = [storage.get("osDisk") or {}, *(storage.get("dataDisks") or [])]
    named = [
        (disk.get("managedDisk") or {}).get("id")
        for disk in disks
        if disk.get("deleteOption") == "Delete"
    ]
    named += [
        each.get("id")
        for each in (model.get("networkProfile") or {}).get("networkInterfaces") or []
        if (each.get("properties") or {}).get("deleteOption") == "Delete"
    ]
    return {str(name).lower() for name in named if name}


def _going(part: Resource, end: datetime, correlation: str) -> Resource:
    hidden = part.hidden | {"deleted by": correlation}
    return replace(part, change="Deleting", ready=end, failure=None, hidden=hidden)


def end_together(world: World, machine: Resource, moment: str) -> None:
    """Let what is deleted with an evicted machine end when it does."""
    going = doomed(machine)
    for part in parts(world, machine):
        if part.key in going:
            world.save(replace(part, hidden=part.hidden | {ENDS: moment}))
