"""Management locks, which stop writes and deletions (`provisioning/locking.py`)."""

from __future__ import annotations

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.provisioning.locking import LOCK_TYPE, STOPS
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.world import World


def _write(_world: World, call: Call, _existing: Resource | None) -> Draft:
    sent = call.body.get("properties") or {}
    level = str(sent.get("level"))
    if level not in STOPS:
        raise refusal("value", value=level, parameter="properties.level")
    return Draft({"level": level} | ({"notes": sent["notes"]} if sent.get("notes") else {}), 0)


def _show(resource: Resource, _call: Call) -> Json:
    """A lock has no provisioningState."""
    return dict(resource.properties)


def listing(world: World, call: Call) -> list[Resource]:
    """The locks at a scope and below it."""
    prefix = f"{call.target.scope}/".lower()
    return [lock for lock in world.of_type(LOCK_TYPE) if lock.key.startswith(prefix)]


KIND = Kind(
    LOCK_TYPE,
    "other",
    _write,
    show=_show,
    synchronous=True,
    located=False,
    delete_status=200,
    listing=listing,
)
