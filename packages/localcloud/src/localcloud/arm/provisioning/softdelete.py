"""Soft delete of image versions: kept for a while when the gallery asks for it, and restored."""

from __future__ import annotations

from dataclasses import replace

from localcloud.arm.protocol.call import Call, Reply
from localcloud.arm.protocol.signing import Signer
from localcloud.arm.provisioning import writes
from localcloud.arm.provisioning.kinds import Kind
from localcloud.arm.state.model import Resource
from localcloud.arm.state.world import World

_VERSION = "Microsoft.Compute/galleries/images/versions"


def delete(world: World, call: Call, kind: Kind, signer: Signer) -> Reply:
    """A version of a gallery with soft delete is marked to be kept; the answer is the same."""
    existing = world.find(call.target.path)
    if existing is not None and kind.type == _VERSION and _keeps(world, call):
        world.save(replace(existing, hidden=existing.hidden | {"soft delete": True}))
    return writes.delete(world, call, kind, signer)


def _keeps(world: World, call: Call) -> bool:
    # The path ends with /images/I/versions/V.
    gallery = world.find(call.target.path.rsplit("/", 4)[0])
    policy = gallery.properties.get("softDeletePolicy") if gallery else None
    asked = call.query.get("forceDelete", call.query.get("bypassSoftDelete", "")).lower()
    return bool(policy and policy.get("isSoftDeleteEnabled")) and asked != "true"


def put(world: World, call: Call, kind: Kind, signer: Signer) -> Reply:
    """A PUT without content on a soft-deleted version restores it: location and tags only."""
    buried = world.find_soft_deleted(call.target.path) if kind.type == _VERSION else None
    if buried is None:
        return writes.put(world, call, kind, signer)
    inner = call.body.get("properties") or {}
    source = (inner.get("storageProfile") or {}).get("source")
    if source and not inner.get("restore"):
        world.bury([buried], call.now, call.correlation)
        return writes.put(world, call, kind, signer)
    world.save(_alive(buried))
    return writes.put(world, call, kind, signer)


def _alive(version: Resource) -> Resource:
    return replace(version, soft_deleted=None, change="None", ready=None, born=True)
