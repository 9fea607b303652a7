"""The rows of Resource Graph's tables, made of the resources that it has heard of.

Which table holds a type:
https://learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from localcloud.arm.resources import scale_set_instances
from localcloud.arm.resources.groups import GROUP
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import properties

_TOP = ("kind", "managedBy", "sku", "plan", "identity", "zones", "extendedLocation")
COLUMNS = (
    *("id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId"),
    *("managedBy", "sku", "plan", "properties", "tags", "identity", "zones", "extendedLocation"),
)
TABLES = dict.fromkeys(
    ("resources", "computeresources", "batchresources", "resourcecontainers"), COLUMNS
)
_BATCH = "microsoft.batch/batchaccounts/pools"
_SETS = scale_set_instances.SET_TYPE.lower()
# Child types that are rows of `resources`; others (nodeTypes, customImages) are not on that page.
_CHILDREN = frozenset(
    {
        "microsoft.compute/galleries/images",
        "microsoft.compute/galleries/images/versions",
        "microsoft.compute/galleries/applications",
        "microsoft.compute/galleries/applications/versions",
        "microsoft.devtestlab/labs/virtualmachines",
    }
)
_APART = ("microsoft.resources/", "microsoft.authorization/")


def rows(
    table: str, seen: Iterable[Resource], moment: datetime, tenant: str, children: Collection[str]
) -> Iterator[Json]:
    """The rows of a table. children: types that `resources` holds beside the known ones."""
    for resource in seen:
        if table == "computeresources" and resource.type.lower() == _SETS:
            for instance in scale_set_instances.of(resource, moment):
                yield _row(instance, moment, tenant)
        elif _table(resource, children) == table:
            yield _row(resource, moment, tenant)


def _table(resource: Resource, children: Collection[str]) -> str | None:
    kind = resource.type.lower()
    if kind == GROUP.lower():
        return "resourcecontainers"
    if kind == _BATCH:
        return "batchresources"
    if kind.startswith(_APART):
        return None
    indexed = kind.count("/") == 1 or kind in _CHILDREN or kind in children
    return "resources" if indexed else None


def subscription_row(subscription: str, tenant: str) -> Json:
    """A subscription among the resource containers."""
    made = dict.fromkeys(COLUMNS)
    return made | {
        "id": f"/subscriptions/{subscription}",
        "name": "Local cloud",
        "type": "microsoft.resources/subscriptions",
        "tenantId": tenant,
        "kind": "",
        "location": "",
        "resourceGroup": "",
        "subscriptionId": subscription,
        "managedBy": "",
        "properties": {"state": "Enabled"},
    }


def _row(resource: Resource, moment: datetime, tenant: str) -> Json:
    """Types and groups are in lower case, whatever the id says."""
    parts = resource.id.split("/")
    group = parts[4].lower() if len(parts) > 4 else ""
    kind = resource.type.lower()
    if kind == GROUP.lower():
        kind = "microsoft.resources/subscriptions/resourcegroups"
    top = {name: resource.extras.get(name) for name in _TOP}
    return {
        "id": resource.id,
        "name": resource.name if "instanceId" not in resource.extras else resource.extras["name"],
        "type": kind,
        "tenantId": tenant,
        "location": (resource.location or "").lower(),
        "resourceGroup": group,
        "subscriptionId": parts[2],
        **top,
        "kind": top["kind"] or "",
        "managedBy": top["managedBy"] or "",
        "properties": properties(resource, moment),
        "tags": dict(resource.tags) if resource.tags is not None else None,
    }
