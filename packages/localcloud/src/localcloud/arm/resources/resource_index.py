"""The subscription-wide index of resources: `GET …/resources`."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote_plus

from localcloud.arm.protocol.call import Call, Reply
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.provisioning.reads import page, unseen
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import envelope, properties
from localcloud.arm.state.world import World

_FILTER = re.compile(r"(\w+)\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)
_FIELDS = {"resourcegroup", "name", "resourcetype", "location", "tagname", "tagvalue"}


def list_resources(world: World, call: Call) -> Reply:
    """The index: `$filter` on resourceGroup, name, resourceType, location; `$expand=createdTime`."""
    wanted = _conditions(unquote_plus(call.query.get("$filter", "")))
    scope = (
        call.target.group_id if call.target.group else f"/subscriptions/{call.target.subscription}"
    )
    prefix = f"{scope}/".lower()
    hidden = unseen(world)
    resources = world.every(
        lambda r: r.key.startswith(prefix) and _is_indexed(r) and not hidden(r.id)
    )
    expanded = {word.strip().lower() for word in call.query.get("$expand", "").split(",")}
    lines = [_index_line(r, call, expanded) for r in resources if _passes(r, wanted)]
    return page(call, lines, world.profile.resource_page_size)


def _is_indexed(resource: Resource) -> bool:
    """Groups, deployments and extensions of resources (locks) are in no index."""
    apart = resource.type.lower().startswith("microsoft.resources/")
    return not apart and resource.key.count("/providers/") == 1


def _conditions(text: str) -> dict[str, str]:
    conditions = {
        key.lower(): value.replace("''", "'").lower() for key, value in _FILTER.findall(text)
    }
    if text.strip() and (not conditions or not conditions.keys() <= _FIELDS):
        raise refusal("value", value=text, parameter="$filter")
    return conditions


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
