"""Disk encryption sets, which disks and regions of versions name."""

from __future__ import annotations

from localcloud.arm.protocol.call import Call
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.resources.untyped import extras_of
from localcloud.arm.state.model import Resource
from localcloud.arm.state.world import World


def _write(world: World, call: Call, _existing: Resource | None) -> Draft:
    inner = {k: v for k, v in (call.body.get("properties") or {}).items() if v is not None}
    return Draft(inner, world.seconds("disk", call.target.path), extras=extras_of(call.body))


KIND = Kind(
    "Microsoft.Compute/diskEncryptionSets",
    "disk",
    _write,
    family="DiskOperations",
    retry_after=2,
    created_status=202,
    updated_status=202,
    answers={"create": "Updating", "PUT": "Updating", "PATCH": "Updating"},
)
