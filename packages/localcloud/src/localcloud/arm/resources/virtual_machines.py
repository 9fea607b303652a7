"""Virtual machines, as sources of images and made from them (`docs/local-cloud.md`)."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.provisioning.captures import DATA_SIZE, DEALLOCATED, disk_size, os_type, size_of
from localcloud.arm.provisioning.image_references import (
    IMAGE,
    disks_of,
    id_of,
    require_image,
    with_exact_version,
)
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.resources import machine_fates
from localcloud.arm.resources.disks import attached
from localcloud.arm.resources.machine_deletion import end_together, take_along
from localcloud.arm.resources.machine_networks import with_interfaces
from localcloud.arm.resources.machine_views import stands_still, view_of
from localcloud.arm.resources.untyped import extras_of
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import properties
from localcloud.arm.state.world import ENDS, World

MACHINE_TYPE = "Microsoft.Compute/virtualMachines"


def _machine(world: World, call: Call, existing: Resource | None) -> Draft:
    sent = dict(call.body.get("properties") or {})
    top = extras_of(call.body)
    image = None
    if existing is None:
        image = _image(world, call, sent)
        machine_fates.check(world, call, image)
    else:
        _check_change(existing, sent)
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
    inner["networkProfile"] = _network(world, call, probe, old, sent)
    if not inner["networkProfile"]:
        del inner["networkProfile"]
    given = sent.get("storageProfile") or old.get("storageProfile") or {}
    named = _with_disks_of(image, with_exact_version(world, call, given))
    inner["storageProfile"] = _named_disks(probe, named)
    revealed = {"storageProfile": _with_disks(world, probe, inner["storageProfile"])}
    if existing is not None:
        seconds = world.seconds("machine", call.target.path)
        return Draft(inner, seconds, revealed=revealed, extras=top, hidden=existing.hidden)
    fate = machine_fates.fate(world, call, sent)
    if moment := fate.marks.get(ENDS):
        end_together(world, replace(probe, properties=inner), moment)
    return Draft(
        inner,
        fate.seconds,
        revealed=revealed,
        extras=top,
        hidden=fate.marks,
        failure=fate.failure,
    )


def _check_change(existing: Resource, sent: Json) -> None:
    """Raises PropertyChangeNotAllowed for another user than the machine was made with. Passwords are not kept, so
    another one is not noticed."""
    name = (sent.get("osProfile") or {}).get("adminUsername")
    if name and name != (existing.properties.get("osProfile") or {}).get("adminUsername", name):
        raise refusal("property changed", path="osProfile.adminUsername")


def _network(world: World, call: Call, machine: Resource, old: Json, sent: Json) -> Json:
    profile: Json = sent.get("networkProfile") or {}
    before: Json = old.get("networkProfile") or {}
    if before and (not profile or profile.get("networkInterfaceConfigurations")):
        return before
    return with_interfaces(world, call, machine, profile)


def _with_disks_of(image: Resource | None, profile: Json) -> Json:
    """The profile with the data disks of its image that it does not name: recorded, they come all the same."""
    sent = list(profile.get("dataDisks") or [])
    if image is None or image.type == IMAGE:
        return profile
    sizes = {disk.lun: disk.gigabytes for disk in disks_of(image)}
    named = {disk.get("lun") for disk in sent}
    disks = [
        ({"diskSizeGB": sizes[disk["lun"]]} if disk.get("lun") in sizes else {}) | disk
        for disk in sent
    ]
    disks += [
        {"lun": lun, "createOption": "FromImage", "diskSizeGB": size}
        for lun, size in sizes.items()
        if lun is not None and lun not in named
    ]
    system = profile.get("osDisk") or {"createOption": "FromImage"}
    if sizes.get(None):
        system = {"diskSizeGB": sizes[None]} | system
    return profile | {"osDisk": system, "dataDisks": disks}


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


def _image(world: World, call: Call, sent: Json) -> Resource | None:
    """The image of a new machine, if it names one of this tenant's. Raises NotFound, or GalleryImageNotFound, for one
    that is not in the machine's region."""
    named = id_of(sent.get("storageProfile"))
    if not named:
        return None
    image = require_image(world, call, named)
    security = (sent.get("securityProfile") or {}).get("securityType")
    if image.type == IMAGE and security == "TrustedLaunch":
        raise refusal("trusted launch")
    return image


def _show_machine(resource: Resource, call: Call) -> Json:
    """With `$expand=instanceView` also whether it runs, which `az vm create` asks for."""
    inner = properties(resource, call.now)
    if stands_still(resource, call.now):
        inner = inner | {"storageProfile": _deallocated(inner.get("storageProfile") or {})}
    if not call.expands("instanceView"):
        return inner
    return inner | {"instanceView": view_of(resource, call.now)}


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
    erase=take_along,
    family="operations",
    nested_go=True,
)
