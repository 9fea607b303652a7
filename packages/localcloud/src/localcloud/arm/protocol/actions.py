"""The right that a call needs: its action, in the words of Azure's roles, and the scope at which it is needed.

https://learn.microsoft.com/azure/role-based-access-control/role-definitions#actions
"""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.arm.protocol import paths
from localcloud.arm.protocol.paths import Target

_VERBS = {"GET": "read", "HEAD": "read", "DELETE": "delete", "POST": "action"}
_SUBSCRIPTIONS, _GROUPS = "Microsoft.Resources/subscriptions", "resourceGroups"
# Whoever has any right in the tenant may list what they see of these.
_FREE = {"/subscriptions", "/tenants"}
_GRAPH = "/providers/microsoft.resourcegraph/resources"


@dataclass(frozen=True, slots=True)
class Need:
    """An action and the scope of it."""

    action: str
    scope: str


def need_of(method: str, raw_path: str) -> Need | None:
    """Return the right that a call needs; None when it needs none."""
    path = raw_path.partition("?")[0]
    target = paths.parse(path)
    if target is not None:
        verb = _VERBS.get(method.upper(), "write")
        return Need(f"{_kind(target)}/{verb}", _scope(target))
    bare = path.rstrip("/").lower()
    if bare == _GRAPH:
        # A query changes nothing, whatever its method.
        return Need("Microsoft.ResourceGraph/resources/read", "/")
    if bare in _FREE:
        return None
    return Need(f"{path.removeprefix('/providers/')}/{_VERBS.get(method.upper(), 'write')}", path)


def _kind(target: Target) -> str:
    if target.namespace:
        return target.type
    if target.kind == "":
        return _SUBSCRIPTIONS
    if target.kind == _GROUPS.lower():
        return f"{_SUBSCRIPTIONS}/{_GROUPS}"
    within = () if target.group is None else (_GROUPS,)
    return "/".join((_SUBSCRIPTIONS, *within, *target.types))


def _scope(target: Target) -> str:
    """The right to list, and to act on a resource, is needed on what the path belongs to."""
    if not target.is_collection:
        return target.path
    if target.namespace and len(target.types) == 1:
        return target.path.rpartition("/providers/")[0]
    return target.path.rpartition("/")[0]
