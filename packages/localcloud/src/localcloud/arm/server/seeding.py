"""Resources put into the cloud directly, as if they had always been there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from localcloud.arm.protocol import paths
from localcloud.arm.protocol.incoming import settled
from localcloud.arm.protocol.regions import short
from localcloud.arm.protocol.timestamps import parse_time
from localcloud.arm.resources.groups import GROUP
from localcloud.arm.server.routing import KINDS
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.world import World

IMAGE = "Microsoft.Compute/images"
_ENVELOPE = frozenset(
    {"id", "name", "type", "location", "tags", "properties", "createdTime", "plan"}
)


def resource(world: World, body: Mapping[str, Any]) -> Resource:
    """Add a resource from a body as ARM would return it.

    `createdTime` (now when absent) is when it was made; `plan` on an image is the purchase plan
    of the machine it was captured from. Raises ValueError for a body that cannot be kept.
    """
    body = settled(body)
    target = paths.parse(str(body.get("id", "")))
    if target is None or target.is_collection:
        raise ValueError("id must be the id of an ARM resource")
    if target.group and world.find(target.group_id) is None:
        world.save(group(world, target.group_id, str(body.get("location") or "eastus2")))
    inner = dict(body.get("properties") or {})
    state = inner.pop("provisioningState", "Succeeded")
    if state not in ("Succeeded", None):
        raise ValueError("properties.provisioningState must be Succeeded")
    kind = KINDS.get(target.kind)
    type_name = GROUP if target.kind == "resourcegroups" else kind.type if kind else target.type
    if type_name == IMAGE:
        _check_image(body, inner)
    made = Resource(
        id=target.path,
        type=type_name,
        location=body.get("location"),
        properties=inner,
        created=_created(world, body),
        tags=body.get("tags"),
        extras={k: v for k, v in body.items() if k not in _ENVELOPE},
        revealed={"storageProfile": inner["storageProfile"]} if type_name == IMAGE else {},
        hidden={"plan": body["plan"]} if body.get("plan") else {},
        born=True,
    )
    world.save(made)
    return made


def _created(world: World, body: Mapping[str, Any]) -> datetime:
    given = body.get("createdTime")
    return parse_time(str(given)) if given else world.now()


def group(world: World, group_id: str, location: str) -> Resource:
    """Make a resource group, and return it."""
    return Resource(group_id, GROUP, short(location), {}, world.now())


def _check_image(body: Mapping[str, Any], inner: Json) -> None:
    profile = inner.get("storageProfile")
    if not body.get("location"):
        raise ValueError("location is missing")
    if not isinstance(profile, dict) or not isinstance(profile.get("osDisk"), dict):
        raise ValueError("properties.storageProfile.osDisk is missing")
    profile.setdefault("dataDisks", [])
