"""Management locks, as far as they stand in the way of a write or a deletion."""

from __future__ import annotations

from localcloud.arm.call import Call
from localcloud.arm.errors import refusal
from localcloud.arm.kinds import Draft, Kind
from localcloud.arm.model import Json, Resource
from localcloud.arm.world import World

TYPE = "Microsoft.Authorization/locks"
_SEGMENT = "/providers/microsoft.authorization/locks"
_STOPS = {"CanNotDelete": {"delete"}, "ReadOnly": {"delete", "write"}}


def _write(_world: World, call: Call, _existing: Resource | None) -> Draft:
    sent = call.body.get("properties") or {}
    level = str(sent.get("level"))
    if level not in _STOPS:
        raise refusal("value", value=level, parameter="properties.level")
    return Draft({"level": level} | ({"notes": sent["notes"]} if sent.get("notes") else {}), 0)


def _show(resource: Resource, _call: Call) -> Json:
    """A lock has no provisioningState."""
    return dict(resource.properties)


def listing(world: World, call: Call) -> list[Resource]:
    """The locks at a scope and below it."""
    prefix = f"{call.target.scope}/".lower()
    return [lock for lock in world.of_type(TYPE) if lock.key.startswith(prefix)]


def check_locks(world: World, resource_id: str, action: str) -> None:
    """Raises ScopeLocked when a lock on the resource or above it forbids the action.

    A lock is no obstacle to its own change or removal.
    """
    if not world.of_type(TYPE) or _SEGMENT in resource_id.lower():
        return
    scopes = _scopes(resource_id)
    locked = [
        scope
        for scope in scopes
        for lock in world.listed(scope + _SEGMENT)
        if action in _STOPS.get(str(lock.properties.get("level")), set())
    ]
    if locked:
        raise refusal("locked", scope=resource_id, action=action, locks=",".join(locked))


def _scopes(resource_id: str) -> list[str]:
    parts = resource_id.split("/")
    return ["/".join(parts[:end]) for end in range(3, len(parts) + 1, 2)]


KIND = Kind(TYPE, "other", _write, show=_show, synchronous=True, located=False, delete_status=200)
