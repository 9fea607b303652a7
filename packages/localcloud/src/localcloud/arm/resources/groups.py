"""Resource groups: writes, reads, lists and deletion with all that is in them."""

from __future__ import annotations

from localcloud.arm.protocol.call import Call, Reply
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.names import check_group
from localcloud.arm.provisioning.locking import check_locks
from localcloud.arm.provisioning.reads import page, unseen
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import provisioning
from localcloud.arm.state.world import World

GROUP = "Microsoft.Resources/resourceGroups"
# Answers name the type from here on.
_GROUPS_SINCE_TYPE = "2019-05-01"


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
    hidden = unseen(world)
    groups = [
        group
        for group in world.listed(f"/subscriptions/{call.target.subscription}/resourcegroups")
        if not hidden(group.id)
    ]
    return page(call, [_group_body(call, group) for group in groups], 1000)


def put_group(world: World, call: Call) -> Reply:
    """Create or update: at once, 201 or 200."""
    existing = world.find(call.target.group_id)
    sent = call.body.get("location") or (existing.location if existing else None)
    if existing is None:
        check_group(str(call.target.group))
    check_locks(world, call.target.group_id, "write")
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
    for resource in inside:
        world.announce(resource, call.correlation, call.client)
    world.bury([*reversed(inside), group], call.now, call.correlation)
    job = f"eyJqb2JJZCI6I{group.name.upper().encode().hex()}"
    location = f"{call.base}/subscriptions/{call.target.subscription}/operationresults/{job}"
    headers = {"Location": f"{location}?api-version={call.api}", "Retry-After": "15"}
    return Reply(202, None, headers)
