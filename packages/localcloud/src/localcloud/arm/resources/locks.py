"""Management locks, which stop writes and deletions (`provisioning/locking.py`).

A list at a scope has the locks at it, above it and below it; with `$filter=atScope()` those below are
left out. (Get-AzResourceLock's documentation says so of the two; a lock's id says where it sits.)
"""

from __future__ import annotations

from localcloud.arm.protocol import paths
from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.provisioning.locking import LOCK_TYPE, STOPS
from localcloud.arm.provisioning.writes import missing
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.world import World


def _write(world: World, call: Call, _existing: Resource | None) -> Draft:
    if call.target.scope.count("/") > 4 and world.find(call.target.scope) is None:
        place = paths.parse(call.target.scope)
        raise missing(call if place is None else call._replace(target=place))
    sent = call.body.get("properties") or {}
    level = str(sent.get("level"))
    if level not in STOPS:
        raise refusal("value", value=level, parameter="properties.level")
    return Draft({"level": level} | ({"notes": sent["notes"]} if sent.get("notes") else {}), 0)


def _show(resource: Resource, _call: Call) -> Json:
    """A lock has no provisioningState."""
    return dict(resource.properties)


def listing(world: World, call: Call) -> list[Resource]:
    """The locks at a scope, above it (those it inherits) and, without `atScope()`, below it."""
    scope = f"{call.target.scope}/".lower()
    below = call.query.get("$filter", "").replace(" ", "").lower() != "atscope()"
    return [
        lock
        for lock in world.of_type(LOCK_TYPE)
        if scope.startswith(f"{at(lock)}/") or (below and at(lock).startswith(scope))
    ]


def at(lock: Resource) -> str:
    """The key of what a lock is on."""
    return lock.key.rpartition("/providers/")[0]


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
