"""Virtual machines, as far as images and versions are made from them (`docs/local-cloud.md`)."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.provisioning.captures import DATA_SIZE, DEALLOCATED, disk_size, os_type, size_of
from localcloud.arm.provisioning.image_references import (
    IMAGE,
    id_of,
    require_image,
    with_exact_version,
)
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.resources.disks import attached, release
from localcloud.arm.resources.untyped import extras_of
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import properties
from localcloud.arm.state.world import World

MACHINE_TYPE = "Microsoft.Compute/virtualMachines"


def _machine(world: World, call: Call, existing: Resource | None) -> Draft:
    sent = dict(call.body.get("properties") or {})
    top = extras_of(call.body)
    if existing is None:
        _check_image(world, call, sent)
    old: Json = existing.properties if existing else {}
    random = world.random(call.target.path)
    inner: Json = {
        "vmId": str(UUID(int=random.getrandbits(128), version=4)),
        "timeCreated": arm_time(call.now),
    } | old | sent  # fmt: skip
    probe = Resource(
        existing.id if existing else call.target.path, MACHINE_TYPE, call.body.get("location"),
        inner, existing.created if existing else call.now,
    )  # fmt: skip
    given = sent.get("storageProfile") or old.get("storageProfile") or {}
    inner["storageProfile"] = _named_disks(probe, with_exact_version(world, call, given))
    revealed = {"storageProfile": _with_disks(world, probe, inner["storageProfile"])}
    hidden = existing.hidden if existing else {}
    seconds = world.seconds("machine", call.target.path)
    return Draft(inner, seconds, revealed=revealed, extras=top, hidden=hidden)


def _named_disks(machine: Resource, profile: Json) -> Json:
    """Every managed disk gets a name and an id, as the service gives them."""
    disks = machine.id.rsplit("/", 2)[0] + "/disks/"

    def named(disk: Json, name: str) -> Json:
        kept = {k: v for k, v in disk.items() if v is not None}
        kept["name"] = kept.get("name") or name
        # An ephemeral disk lies on the host: there is no disk resource.
        if kept.get("vhd") or kept.get("diffDiskSettings"):
            return kept
        managed = {k: v for k, v in (kept.get("managedDisk") or {}).items() if v is not None}
        kept["managedDisk"] = {
            "storageAccountType": "Premium_LRS",
            "id": disks + kept["name"],
        } | managed
        return kept

    os_disk = {"osType": os_type(machine)} | (
        profile.get("osDisk") or {"createOption": "FromImage"}
    )
    data = [
        named(disk, f"{machine.name}_disk{disk['lun'] + 2}")
        for disk in profile.get("dataDisks") or []
    ]
    os_name = f"{machine.name}_OsDisk_1"
    return profile | {"osDisk": named(os_disk, os_name), "dataDisks": data}


def _with_disks(world: World, machine: Resource, profile: Json) -> Json:
    """The profile with every size, as the machine shows it when it runs; new disks come into being."""

    def made(disk: Json, usual: int) -> Json:
        managed = (disk.get("managedDisk") or {}).get("id")
        known = world.find(managed) if managed else None
        size = disk.get("diskSizeGB") or (known and size_of(world, known)) or usual
        if managed and known is None:
            world.save(attached(world, machine, disk, int(size)))
        return disk | {"diskSizeGB": size}

    os_size = disk_size(world, [], profile["osDisk"].get("osType"))
    data = [made(disk, DATA_SIZE) for disk in profile["dataDisks"]]
    return profile | {"osDisk": made(profile["osDisk"], os_size), "dataDisks": data}


def _check_image(world: World, call: Call, sent: Json) -> None:
    """Raises NotFound, or GalleryImageNotFound, for an image that is not in the machine's region."""
    named = id_of(sent.get("storageProfile"))
    if not named:
        return
    image = require_image(world, call, named)
    security = (sent.get("securityProfile") or {}).get("securityType")
    if image.type == IMAGE and security == "TrustedLaunch":
        raise refusal("trusted launch")


def _show_machine(resource: Resource, call: Call) -> Json:
    """With `$expand=instanceView` also whether it runs, which `az vm create` asks for."""
    inner = properties(resource, call.now)
    stopped = bool(resource.hidden.get(DEALLOCATED))
    if stopped:
        inner = inner | {"storageProfile": _deallocated(inner.get("storageProfile") or {})}
    if not call.expands("instanceView"):
        return inner
    state = str(inner["provisioningState"]).lower()
    states = (
        (f"ProvisioningState/{state}", f"Provisioning {state}"),
        ("PowerState/deallocated", "VM deallocated")
        if stopped
        else ("PowerState/running", "VM running"),
    )
    statuses = [{"code": code, "level": "Info", "displayStatus": text} for code, text in states]
    return inner | {"instanceView": {"statuses": statuses}}


def _deallocated(profile: Json) -> Json:
    """Recorded: without a size and a type of storage for its managed disks."""

    def shown(disk: Json) -> Json:
        if not disk.get("managedDisk"):
            return disk
        managed = {k: v for k, v in disk["managedDisk"].items() if k != "storageAccountType"}
        return {k: v for k, v in disk.items() if k != "diskSizeGB"} | {"managedDisk": managed}

    data = [shown(disk) for disk in profile.get("dataDisks") or []]
    return profile | {"osDisk": shown(profile.get("osDisk") or {}), "dataDisks": data}


def after_action(machine: Resource, name: str) -> Resource:
    """Return the machine after `deallocate` or `start`; other actions change nothing."""
    marks = {"deallocate": True, "start": False}
    if machine.type != MACHINE_TYPE or name not in marks:
        return machine
    return replace(machine, hidden=machine.hidden | {DEALLOCATED: marks[name]})


KIND = Kind(
    MACHINE_TYPE,
    "machine",
    _machine,
    show=_show_machine,
    erase=release,
    family="operations",
)
