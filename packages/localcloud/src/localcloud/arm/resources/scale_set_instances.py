"""The machines of scale sets, as they are listed below the set (`virtualMachineScaleSets/virtualMachines`).

Those of a uniform set are no resources of their own: they are kept with the set, each with the model
that it was made from. Those of a flexible set are machines, which this list only points at.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import md5
from uuid import UUID

from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import provisioning
from localcloud.arm.state.world import World

SET_TYPE = "Microsoft.Compute/virtualMachineScaleSets"
TYPE = f"{SET_TYPE}/virtualMachines"
# A uniform set's hidden list of its machines.
KEPT = "instances"


def is_flexible(scale_set: Resource) -> bool:
    """Return True if the set's machines are resources of their own."""
    return scale_set.properties.get("orchestrationMode") == "Flexible"


def capacity(scale_set: Resource) -> int:
    """The number of machines that the set shall have."""
    return int((scale_set.extras.get("sku") or {}).get("capacity") or 0)


def kept(scale_set: Resource) -> list[Json]:
    """The machines of a uniform set; of one that was put there directly, as many as it says, of its model."""
    known = scale_set.hidden.get(KEPT)
    if known is not None or is_flexible(scale_set):
        return list(known or [])
    profile = scale_set.properties.get("virtualMachineProfile") or {}
    return grown([], capacity(scale_set), profile, scale_set.created, scale_set.created)


def grown(
    instances: list[Json], wanted: int, profile: Json, now: datetime, ready: datetime
) -> list[Json]:
    """The machines after the capacity was set: the highest ids go, new ones are made of this model."""
    left = instances[:wanted]
    first = max((int(instance["id"]) for instance in instances), default=-1) + 1
    return left + [
        {
            "id": str(first + number),
            "profile": profile,
            "created": now.isoformat(),
            "ready": ready.isoformat(),
        }
        for number in range(wanted - len(left))
    ]


def of(scale_set: Resource, moment: datetime) -> list[Resource]:
    """The machines of a uniform set as they are listed at a moment."""
    return [_listed(scale_set, instance, moment) for instance in kept(scale_set)]


def _listed(scale_set: Resource, instance: Json, moment: datetime) -> Resource:
    profile = instance["profile"]
    name = f"{scale_set.name}_{instance['id']}"
    ready = datetime.fromisoformat(instance["ready"])
    going = provisioning(scale_set, moment) == "Deleting"
    state = "Deleting" if going else "Creating" if moment < ready else "Succeeded"
    sku = scale_set.extras.get("sku") or {}
    latest = profile == (scale_set.properties.get("virtualMachineProfile") or {})
    return Resource(
        id=f"{scale_set.id}/virtualMachines/{instance['id']}",
        type=TYPE,
        location=scale_set.location,
        properties={
            "latestModelApplied": latest,
            "modelDefinitionApplied": "VirtualMachineScaleSet",
            "vmId": _guid(f"{scale_set.key}/{name}"),
            "hardwareProfile": {},
            "storageProfile": _storage(scale_set, name, profile.get("storageProfile") or {}),
            "timeCreated": arm_time(datetime.fromisoformat(instance["created"])),
        },
        created=datetime.fromisoformat(instance["created"]),
        tags=scale_set.tags,
        extras={
            "name": name,
            "instanceId": instance["id"],
            "sku": {key: sku[key] for key in ("name", "tier") if key in sku},
        },
        change="None" if state == "Succeeded" else "Deleting" if going else "Creating",
        ready=scale_set.ready if going else ready,
    )


def _guid(text: str) -> str:
    """A guid that is the same for the same text, in every process."""
    return str(UUID(bytes=md5(text.encode(), usedforsecurity=False).digest(), version=4))


def _storage(scale_set: Resource, name: str, model: Json) -> Json:
    """The disks of one machine: those of the model, each with a name and an id."""
    disks = scale_set.id.rsplit("/", 2)[0] + "/disks/"

    def named(disk: Json, disk_name: str) -> Json:
        managed = {"storageAccountType": "Standard_LRS"} | (disk.get("managedDisk") or {})
        made = disk | {"name": disk_name}
        # An ephemeral disk lies on the host: there is no disk resource.
        return (
            made
            if disk.get("diffDiskSettings")
            else made | {"managedDisk": managed | {"id": disks + disk_name}}
        )

    os_disk = named(model.get("osDisk") or {"createOption": "FromImage"}, f"{name}_OsDisk_1")
    data = [named(disk, f"{name}_disk{disk['lun'] + 2}") for disk in model.get("dataDisks") or []]
    return model | {"osDisk": os_disk, "dataDisks": data}


def machines_of(world: World, scale_set: Resource) -> list[Resource]:
    """The machines that belong to a flexible set."""
    return [
        machine
        for machine in world.of_type("Microsoft.Compute/virtualMachines")
        if set_of(machine) == scale_set.key
    ]


def set_of(machine: Resource) -> str:
    """The key of the set that a machine belongs to, "" for none."""
    named = machine.properties.get("virtualMachineScaleSet") or {}
    return str(named.get("id") or "").lower()


def pointing(scale_set: Resource, machines: Iterable[Resource]) -> list[Resource]:
    """The machines of a flexible set as they are listed below it."""
    told = ("vmId", "hardwareProfile", "storageProfile", "timeCreated")
    return [
        Resource(
            id=f"{scale_set.id}/virtualMachines/{machine.name}",
            type=TYPE,
            location=machine.location,
            properties={
                key: value
                for key, value in (machine.properties | machine.revealed).items()
                if key in told
            }
            | {"virtualMachineResourceId": machine.id},
            created=machine.created,
            tags=machine.tags,
            extras={"instanceId": machine.name},
            change=machine.change,
            ready=machine.ready,
            failure=machine.failure,
        )
        for machine in machines
    ]
