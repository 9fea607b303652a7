"""Virtual machines, disks, snapshots and everything else, kept generically.

Images and versions are made from these, so they exist here with what that needs; their other
behaviour is left out on purpose (`docs/local-cloud.md`).
"""

from __future__ import annotations

from uuid import UUID

from localcloud.arm.call import Call
from localcloud.arm.errors import refusal
from localcloud.arm.kinds import Draft, Kind
from localcloud.arm.machines import os_type, size_of
from localcloud.arm.model import Json, Resource
from localcloud.arm.regions import short
from localcloud.arm.replication import state as replication_state
from localcloud.arm.states import properties
from localcloud.arm.timestamps import arm_time
from localcloud.arm.world import World

_ENVELOPE = frozenset({"id", "name", "type", "location", "tags", "properties", "resources"})


def extras(body: Json) -> Json:
    """Top-level keys beside the usual ones: sku, plan, zones, identity, kind."""
    return {k: v for k, v in body.items() if k not in _ENVELOPE and v is not None}


def _any(_world: World, call: Call, _existing: Resource | None) -> Draft:
    inner = dict(call.body.get("properties") or {})
    return Draft(inner, 0, extras=extras(call.body))


def _disk(world: World, call: Call, existing: Resource | None) -> Draft:
    inner = {k: v for k, v in (call.body.get("properties") or {}).items() if v is not None}
    top = extras(call.body)
    name = str((top.get("sku") or {}).get("name") or "Standard_LRS")
    top["sku"] = {"name": name, "tier": name.partition("_")[0].replace("SSD", "")}
    probe = Resource(call.target.path, "", None, inner, call.now)
    size = inner.get("diskSizeGB") or size_of(world, probe)
    random = world.random(call.target.path)
    later: Json = {
        **({"diskSizeGB": size} if size else {}),
        "timeCreated": arm_time(existing.created if existing else call.now),
        "diskState": "Unattached",
        "uniqueId": str(UUID(int=random.getrandbits(128), version=4)),
    }
    return Draft(inner, world.seconds("disk", call.target.path), revealed=later, extras=top)


def _machine(world: World, call: Call, existing: Resource | None) -> Draft:
    sent = dict(call.body.get("properties") or {})
    top = extras(call.body)
    if existing is not None:
        return Draft(existing.properties | sent, world.seconds("machine", existing.id), extras=top)
    _check_image(world, call, sent)
    random = world.random(call.target.path)
    probe = Resource(call.target.path, "", None, sent, call.now)
    inner = sent | {
        "vmId": str(UUID(int=random.getrandbits(128), version=4)),
        "storageProfile": _named_disks(call, sent.get("storageProfile") or {}, os_type(probe)),
        "timeCreated": arm_time(call.now),
    }
    return Draft(inner, world.seconds("machine", call.target.path), extras=top)


def _named_disks(call: Call, profile: Json, os: str) -> Json:
    """Every disk gets a name and an id, as the service gives them."""
    disks = call.target.path.rsplit("/", 2)[0] + "/disks/"

    def named(disk: Json, name: str, size: int | None) -> Json:
        kept = {k: v for k, v in disk.items() if v is not None}
        kept["name"] = kept.get("name") or name
        managed = {k: v for k, v in (kept.get("managedDisk") or {}).items() if v is not None}
        kept["managedDisk"] = {
            "storageAccountType": "Premium_LRS",
            "id": disks + kept["name"],
        } | managed
        return kept if size is None else {"diskSizeGB": size} | kept

    name = call.target.name
    os_disk = named(
        {"osType": os} | (profile.get("osDisk") or {"createOption": "FromImage"}),
        f"{name}_OsDisk_1",
        None,
    )
    data = [
        named(disk, f"{name}_disk{disk['lun'] + 2}", None)
        for disk in profile.get("dataDisks") or []
    ]
    return profile | {"osDisk": os_disk, "dataDisks": data}


def _check_image(world: World, call: Call, sent: Json) -> None:
    reference = ((sent.get("storageProfile") or {}).get("imageReference") or {}).get("id", "")
    image = world.find(str(reference)) if reference else None
    if image is None:
        return
    security = (sent.get("securityProfile") or {}).get("securityType")
    if image.type == "Microsoft.Compute/images" and security == "TrustedLaunch":
        raise refusal("trusted launch")
    if image.regions and not _available(image, call):
        raise refusal("image not replicated", id=image.id, region=call.body.get("location"))


def _available(version: Resource, call: Call) -> bool:
    here = short(str(call.body.get("location", "")))
    return any(
        r.name == here and replication_state(r, call.now) == "Completed" for r in version.regions
    )


def _show_machine(resource: Resource, call: Call) -> Json:
    """With `$expand=instanceView` also whether it runs, which `az vm create` asks for."""
    inner = properties(resource, call.now)
    if not call.expands("instanceView"):
        return inner
    state = str(inner["provisioningState"]).lower()
    told = (
        (f"ProvisioningState/{state}", f"Provisioning {state}"),
        ("PowerState/running", "VM running"),
    )
    statuses = [{"code": code, "level": "Info", "displayStatus": text} for code, text in told]
    return inner | {"instanceView": {"statuses": statuses}}


MACHINE = Kind(
    "Microsoft.Compute/virtualMachines",
    "machine",
    _machine,
    show=_show_machine,
    family="operations",
)
DISK = Kind(
    "Microsoft.Compute/disks",
    "disk",
    _disk,
    family="DiskOperations",
    retry_after=2,
    created_status=202,
    updated_status=202,
    answers={"create": "Updating", "PUT": "Updating", "PATCH": "Updating"},
)


def anything(type_name: str) -> Kind:
    """A kind that keeps what it is sent and answers at once."""
    return Kind(type_name, "other", _any, synchronous=True, located=False, delete_status=200)
