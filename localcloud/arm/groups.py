"""Subscriptions, tenants, resource groups and the subscription-wide index of resources."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote_plus

from localcloud.arm import versionlists
from localcloud.arm.call import Call, Reply
from localcloud.arm.errors import refusal
from localcloud.arm.locks import check_locks
from localcloud.arm.model import Json, Resource
from localcloud.arm.names import check_group
from localcloud.arm.reads import page
from localcloud.arm.regions import DISPLAY
from localcloud.arm.states import envelope, properties, provisioning
from localcloud.arm.timestamps import arm_time
from localcloud.arm.world import World

GROUP = "Microsoft.Resources/resourceGroups"
_GROUPS_SINCE_TYPE = "2019-05-01"  # answers name the type from here on
_PROVIDER_TYPES = {
    "microsoft.compute": [
        *(
            (kind.partition("/")[2], versions[::-1])
            for kind, versions in versionlists.SUPPORTED.items()
            if not kind.endswith("/share")
        ),
        ("virtualMachines", ["2026-04-01", "2024-07-01"]),
        ("disks", ["2026-03-02", "2024-03-02"]),
        ("snapshots", ["2026-03-02", "2024-03-02"]),
    ],
    "microsoft.network": [
        ("virtualNetworks", ["2024-05-01", "2022-01-01"]),
        ("virtualNetworks/subnets", ["2024-05-01", "2022-01-01"]),
        ("networkInterfaces", ["2024-05-01", "2022-01-01"]),
    ],
}
_FILTER = re.compile(r"(\w+)\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)
_FIELDS = {"resourcegroup", "name", "resourcetype", "location", "tagname", "tagvalue"}


def subscription(call: Call, tenant: str) -> Json:
    """One subscription, as `az account list` reads it."""
    name = call.target.subscription
    return subscription_body(name, tenant)


def subscription_body(name: str, tenant: str) -> Json:
    """Its body in lists and alone."""
    return {
        "id": f"/subscriptions/{name}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": name,
        "tenantId": tenant,
        "displayName": "Local cloud",
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def tenant_body(tenant: str) -> Json:
    """The one tenant."""
    return {
        "id": f"/tenants/{tenant}",
        "tenantId": tenant,
        "countryCode": "US",
        "displayName": "Local cloud",
        "domains": ["local.onmicrosoft.com"],
        "tenantCategory": "Home",
        "defaultDomain": "local.onmicrosoft.com",
        "tenantType": "AAD",
    }


def locations(call: Call) -> Json:
    """The regions of a subscription."""
    scope = f"/subscriptions/{call.target.subscription}/locations/"
    return {
        "value": [
            {
                "id": scope + key,
                "name": key,
                "type": "Region",
                "displayName": name,
                "regionalDisplayName": name,
                "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
            }
            for key, name in DISPLAY.items()
        ]
    }


def _group_body(call: Call, group: Resource) -> Json:
    body: Json = {"id": group.id, "name": group.name}
    if call.api >= _GROUPS_SINCE_TYPE:
        body["type"] = GROUP
    body["location"] = group.location
    if group.tags is not None:
        body["tags"] = dict(group.tags)
    return body | {"properties": {"provisioningState": provisioning(group, call.now)}}


def get_group(world: World, call: Call) -> Reply:
    """One resource group; HEAD answers 204."""
    group = world.find(call.target.group_id)
    if call.method == "HEAD":
        return Reply(204 if group else 404)
    if group is None:
        raise refusal("group missing", group=call.target.group)
    return Reply(200, _group_body(call, group))


def list_groups(world: World, call: Call) -> Reply:
    """All resource groups of the subscription."""
    groups = world.listed(f"/subscriptions/{call.target.subscription}/resourcegroups")
    return page(call, [_group_body(call, group) for group in groups], 1000)


def put_group(world: World, call: Call) -> Reply:
    """Create or update: at once, 201 or 200."""
    existing = world.find(call.target.group_id)
    sent = call.body.get("location") or (existing.location if existing else None)
    if existing is None:
        check_group(str(call.target.group))
    if not sent:
        raise refusal("location missing")
    location = str(sent)
    if existing and location != existing.location:
        raise refusal(
            "location changed",
            name=existing.name,
            location=existing.location,
            group=existing.name,
            other=location,
        )
    tags = call.body.get("tags", existing.tags if existing and call.method == "PATCH" else None)
    group = Resource(
        id=existing.id if existing else call.target.group_id,
        type=GROUP,
        location=location,
        properties={},
        created=existing.created if existing else call.now,
        tags=tags,
    )
    world.save(group)
    return Reply(200 if existing else 201, _group_body(call, group))


def delete_group(world: World, call: Call) -> Reply:
    """202 with a Location that answers 200 at once: all that is in it is gone."""
    group = world.find(call.target.group_id)
    if group is None:
        raise refusal("group missing", group=call.target.group)
    check_locks(world, group.id, "delete")
    inside = world.every(lambda r: r.key.startswith(group.key + "/"))
    for resource in inside:
        check_locks(world, resource.id, "delete")
    world.bury([*reversed(inside), group], call.now, call.correlation)
    job = f"eyJqb2JJZCI6I{group.name.upper().encode().hex()}"
    location = f"{call.base}/subscriptions/{call.target.subscription}/operationresults/{job}"
    headers = {"Location": f"{location}?api-version={call.api}", "Retry-After": "15"}
    return Reply(202, None, headers)


def list_resources(world: World, call: Call) -> Reply:
    """The index: `$filter` on resourceGroup, name, resourceType, location; `$expand=createdTime`."""
    wanted = _conditions(unquote_plus(call.query.get("$filter", "")))
    scope = (
        call.target.group_id if call.target.group else f"/subscriptions/{call.target.subscription}"
    )
    prefix = f"{scope}/".lower()
    found = world.every(lambda r: r.key.startswith(prefix) and _is_indexed(r))
    expanded = {word.strip().lower() for word in call.query.get("$expand", "").split(",")}
    lines = [_index_line(r, call, expanded) for r in found if _passes(r, wanted)]
    return page(call, lines, world.profile.resource_page_size)


def _is_indexed(resource: Resource) -> bool:
    """Groups, deployments and extensions of resources (locks) are in no index."""
    apart = resource.type.lower().startswith("microsoft.resources/")
    return not apart and resource.key.count("/providers/") == 1


def _conditions(text: str) -> dict[str, str]:
    found = {key.lower(): value.replace("''", "'").lower() for key, value in _FILTER.findall(text)}
    if text.strip() and (not found or not found.keys() <= _FIELDS):
        raise refusal("value", value=text, parameter="$filter")
    return found


def _passes(resource: Resource, wanted: dict[str, str]) -> bool:
    has = {
        "resourcegroup": resource.key.partition("/resourcegroups/")[2].partition("/")[0],
        "name": resource.name.lower(),
        "resourcetype": resource.type.lower(),
        "location": str(resource.location).lower(),
    }
    tags = {key.lower(): value.lower() for key, value in (resource.tags or {}).items()}
    if "tagname" in wanted:
        value = wanted.get("tagvalue")
        if wanted["tagname"] not in tags or value not in (None, tags[wanted["tagname"]]):
            return False
    return all(has[key] == value for key, value in wanted.items() if not key.startswith("tag"))


def _index_line(resource: Resource, call: Call, expanded: set[str]) -> Json:
    """A line names child resources by their whole path, `gallery/image/version`."""
    inner = properties(resource, call.now)
    body = envelope(replace(resource, extras=_top(resource)), {})
    body.pop("properties")
    body["name"] = "/".join(resource.id.split("/providers/", 1)[-1].split("/")[2::2])
    if "createdtime" in expanded:
        body["createdTime"] = arm_time(resource.created).replace("+00:00", "Z")
    if "changedtime" in expanded:
        body["changedTime"] = arm_time(resource.created).replace("+00:00", "Z")
    if "provisioningstate" in expanded:
        body["provisioningState"] = inner["provisioningState"]
    return body


def _top(resource: Resource) -> Json:
    return {k: resource.extras[k] for k in ("sku", "kind", "plan", "zones") if k in resource.extras}


def provider(call: Call, namespace: str) -> Json:
    """A registered resource provider with the types clients look for."""
    types = _PROVIDER_TYPES.get(namespace.lower(), [])
    return {
        "id": f"/subscriptions/{call.target.subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": [
            {"resourceType": name, "locations": list(DISPLAY.values()), "apiVersions": versions}
            for name, versions in types
        ],
    }
