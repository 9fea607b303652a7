"""Scale sets (`Microsoft.Compute/virtualMachineScaleSets`), uniform and flexible: as far as they use images.

A set's model names the image for machines to come; machines that are there keep the one they were made
from until they are upgraded (at once where the upgrade policy is Automatic).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from localcloud.arm.protocol import paths
from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.provisioning.image_references import (
    disks_of,
    id_of,
    require_image,
    with_exact_version,
)
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.resources import scale_set_instances, virtual_machines
from localcloud.arm.resources.untyped import extras_of
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import properties
from localcloud.arm.state.world import World

TYPE = scale_set_instances.SET_TYPE
# Which api-version was the first to know a property (azure-mgmt-compute's models); older ones omit it.
_SINCE = {"orchestrationMode": "2020-12-01", "timeCreated": "2021-11-01"}


def _write(world: World, call: Call, existing: Resource | None) -> Draft:
    sent = {k: v for k, v in (call.body.get("properties") or {}).items() if v is not None}
    old: Json = existing.properties if existing else {}
    top = extras_of(call.body)
    mode = sent.get("orchestrationMode") or old.get("orchestrationMode") or "Uniform"
    if old and mode != old["orchestrationMode"]:
        raise refusal("property changed", path="properties.orchestrationMode")
    inner = _usual(world, call, mode) | old | sent | {"orchestrationMode": mode}
    if model := inner.get("virtualMachineProfile"):
        changed = model != old.get("virtualMachineProfile")
        inner["virtualMachineProfile"] = _completed(world, call, model) if changed else model
    top["sku"] = top.get("sku") or (existing.extras.get("sku") if existing else None) or {}
    seconds = world.seconds("machine", call.target.path)
    wanted = Resource(
        existing.id if existing else call.target.path, TYPE, call.body.get("location"), inner,
        existing.created if existing else call.now, extras=top,
    )  # fmt: skip
    ready = call.now + timedelta(seconds=seconds)
    hidden = _machines(world, call, existing, wanted, ready)
    return Draft(inner, seconds, extras=top, hidden=hidden)


def _usual(world: World, call: Call, mode: str) -> Json:
    """Return the properties that Azure fills in (recorded for uniform sets)."""
    random = world.random(call.target.path)
    usual: Json = {
        "singlePlacementGroup": mode == "Uniform",
        "uniqueId": str(UUID(int=random.getrandbits(128), version=4)),
        "timeCreated": arm_time(call.now),
    }
    return usual | ({"overprovision": True} if mode == "Uniform" else {})


def _completed(world: World, call: Call, model: Json) -> Json:
    """Recorded: the model gets the sizes of the image's disks, and the data disks that it brings."""
    storage = dict(model.get("storageProfile") or {})
    if not id_of(storage):
        return model
    image = require_image(world, call, id_of(storage))
    system, *data = disks_of(image)
    storage["osDisk"] = {"createOption": "FromImage", "diskSizeGB": system.gigabytes} | {
        k: v for k, v in (storage.get("osDisk") or {}).items() if v is not None
    }
    if data and not storage.get("dataDisks"):
        kind = (storage["osDisk"].get("managedDisk") or {}).get("storageAccountType")
        storage["dataDisks"] = [
            {
                "lun": disk.lun,
                "createOption": "FromImage",
                "caching": disk.caching,
                "managedDisk": {"storageAccountType": kind or "Standard_LRS"},
                "diskSizeGB": disk.gigabytes,
            }
            for disk in data
        ]
    return model | {"storageProfile": with_exact_version(world, call, storage)}


def _machines(
    world: World, call: Call, existing: Resource | None, wanted: Resource, ready: datetime
) -> Json:
    """The hidden part of the set: its machines, if it is uniform. Those of a flexible one are made here."""
    profile = wanted.properties.get("virtualMachineProfile")
    if not profile:
        return {}
    have = _count(world, existing)
    if scale_set_instances.capacity(wanted) > have and id_of(profile.get("storageProfile")):
        require_image(world, call, id_of(profile["storageProfile"]))
    if scale_set_instances.is_flexible(wanted):
        _resize(world, call, wanted)
        return {}
    before = scale_set_instances.kept(existing) if existing else []
    number = scale_set_instances.capacity(wanted)
    instances = scale_set_instances.grown(before, number, profile, call.now, ready)
    if (wanted.properties.get("upgradePolicy") or {}).get("mode") == "Automatic":
        instances = upgraded(instances, None, profile)
    return {scale_set_instances.KEPT: instances}


def _count(world: World, existing: Resource | None) -> int:
    if existing is None:
        return 0
    if scale_set_instances.is_flexible(existing):
        return len(scale_set_instances.machines_of(world, existing))
    return len(scale_set_instances.kept(existing))


def upgraded(instances: list[Json], which: set[str] | None, profile: Json) -> list[Json]:
    """The machines with the latest model in these, or in all of them."""
    return [
        instance | {"profile": profile} if which is None or instance["id"] in which else instance
        for instance in instances
    ]


def _resize(world: World, call: Call, scale_set: Resource) -> None:
    """Make or remove machines of a flexible set until it has as many as it shall have."""
    there = scale_set_instances.machines_of(world, scale_set)
    wanted = scale_set_instances.capacity(scale_set)
    if extra := there[wanted:]:
        world.bury(extra, call.now, call.correlation)
    for _ in range(wanted - len(there)):
        world.save(_machine(world, call, scale_set))


def _machine(world: World, call: Call, scale_set: Resource) -> Resource:
    """A machine of a flexible set, from its model."""
    target = _new_target(world, scale_set)
    name = target.name
    model = scale_set.properties["virtualMachineProfile"]
    inner: Json = {key: model[key] for key in ("storageProfile",) if key in model}
    if system := model.get("osProfile"):
        kept = {key: value for key, value in system.items() if key != "computerNamePrefix"}
        prefix = system.get("computerNamePrefix") or scale_set.name
        inner["osProfile"] = kept | {"computerName": f"{prefix}{name[-6:]}"}
    inner["hardwareProfile"] = {"vmSize": (scale_set.extras.get("sku") or {}).get("name")}
    inner["virtualMachineScaleSet"] = {"id": scale_set.id}
    body = {"location": scale_set.location, "properties": inner}
    asked = call._replace(method="PUT", target=target, body=body)
    draft = virtual_machines.KIND.write(world, asked, None)
    return Resource(
        target.path, virtual_machines.MACHINE_TYPE, scale_set.location, draft.properties, call.now,
        tags=scale_set.tags, extras=draft.extras, revealed=draft.revealed, hidden=draft.hidden,
        change="Creating", ready=call.now + timedelta(seconds=draft.seconds),
    )  # fmt: skip


def _new_target(world: World, scale_set: Resource) -> paths.Target:
    """The path of a machine with a name that none has: the set's and eight digits."""
    digits = world.random(scale_set.id)
    while True:
        name = f"{scale_set.name}_{digits.getrandbits(32):08x}"
        target = paths.parse(f"{scale_set.id.rsplit('/', 2)[0]}/virtualMachines/{name}")
        assert target is not None
        if world.find(target.path) is None:
            return target


def _show(resource: Resource, call: Call) -> Json:
    inner = properties(resource, call.now)
    return {key: inner[key] for key in inner if call.api >= _SINCE.get(key, "")}


def _erase(world: World, call: Call, existing: Resource) -> None:
    """The machines of a flexible set go with it."""
    if not scale_set_instances.is_flexible(existing):
        return
    for machine in scale_set_instances.machines_of(world, existing):
        end = call.now + timedelta(seconds=world.seconds("machine delete", machine.id))
        hidden = machine.hidden | {"deleted by": call.correlation}
        virtual_machines.KIND.erase(world, call, machine)
        world.save(replace(machine, change="Deleting", ready=end, failure=None, hidden=hidden))


KIND = Kind(TYPE, "machine", _write, show=_show, erase=_erase, family="operations")
