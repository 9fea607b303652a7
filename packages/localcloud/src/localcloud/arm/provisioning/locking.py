"""Management locks, as far as they stand in the way of a write or a deletion."""

from __future__ import annotations

from localcloud.arm.protocol.errors import refusal
from localcloud.arm.state.world import World

LOCK_TYPE = "Microsoft.Authorization/locks"
STOPS = {"CanNotDelete": {"delete"}, "ReadOnly": {"delete", "write"}}
_SEGMENT = "/providers/microsoft.authorization/locks"


def check_locks(world: World, resource_id: str, action: str) -> None:
    """Raises ScopeLocked when a lock on the resource or above it forbids the action.

    A lock is no obstacle to its own change or removal.
    """
    if not world.of_type(LOCK_TYPE) or _SEGMENT in resource_id.lower():
        return
    scopes = _scopes(resource_id)
    locked = [
        scope
        for scope in scopes
        for lock in world.listed(scope + _SEGMENT)
        if action in STOPS.get(str(lock.properties.get("level")), set())
    ]
    if locked:
        raise refusal("locked", scope=resource_id, action=action, locks=",".join(locked))


def _scopes(resource_id: str) -> list[str]:
    parts = resource_id.split("/")
    return ["/".join(parts[:end]) for end in range(3, len(parts) + 1, 2)]
