"""PUT, PATCH and DELETE of any kind of resource, in the order ARM checks things.

1. The resource group, then locks, then the parent must allow it.
2. The kind's own rules complete the body or refuse it.
3. The resource and its operation are kept together; the answer shows the pending state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from localcloud.arm.protocol import names
from localcloud.arm.protocol.call import Call, Reply
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.guids import guid
from localcloud.arm.protocol.regions import DISPLAY, short
from localcloud.arm.protocol.signing import Signer
from localcloud.arm.provisioning import operations
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.provisioning.locking import check_locks
from localcloud.arm.state.model import Change, Json, Resource
from localcloud.arm.state.states import envelope, exists_fully, is_pending
from localcloud.arm.state.world import World


def require_group(world: World, call: Call) -> None:
    """Raises ResourceGroupNotFound unless the path's group exists, if it has one."""
    if call.target.group is not None and world.find(call.target.group_id) is None:
        raise refusal("group missing", group=call.target.group)


def require_parent(world: World, call: Call) -> None:
    """Raises ParentResourceNotFound unless the parent of a nested resource exists."""
    if call.target.parent and world.find(call.target.parent) is None:
        raise refusal("parent missing", parent="/".join(call.target.names[:-1]))


def missing(call: Call) -> Exception:
    """ResourceNotFound, in the gateway's words."""
    pairs = zip(call.target.types, call.target.names, strict=False)
    path = "/".join(f"{kind}/{name}" for kind, name in pairs)
    return refusal(
        "resource missing", resource=f"{call.target.namespace}/{path}", group=call.target.group
    )


def put(world: World, call: Call, kind: Kind, signer: Signer) -> Reply:
    """Create or replace: 201 or 200 at once, the rest in the operation."""
    require_group(world, call)
    require_parent(world, call)
    check_locks(world, call.target.path, "write")
    existing = world.find(call.target.path)
    if existing is None:
        names.check(call)
        if kind.located:
            _check_location(call, kind)
    if existing is not None:
        _check_change(call, kind, existing)
    return _write(world, call, kind, signer, existing)


def _check_location(call: Call, kind: Kind) -> None:
    location = call.body.get("location")
    if not location:
        raise refusal("location missing")
    if not kind.synchronous and location not in DISPLAY:
        raise refusal("region", location=location, type=kind.type, locations=",".join(DISPLAY))


def patch(world: World, call: Call, kind: Kind, signer: Signer) -> Reply:
    """Change what the body names and keep the rest."""
    require_group(world, call)
    check_locks(world, call.target.path, "write")
    existing = world.find(call.target.path)
    if existing is None:
        raise missing(call)
    _check_change(call, kind, existing)
    tags = call.body.get("tags", existing.tags)
    whole: Json = {"location": existing.location, **({} if tags is None else {"tags": tags})}
    whole["properties"] = merge(existing.properties, call.body.get("properties") or {})
    merged = call.saying(existing.extras | call.body | whole)
    return _write(world, merged, kind, signer, existing)


def merge(old: Mapping[str, object], new: Mapping[str, object]) -> Json:
    """RFC 7386, but lists are replaced and null removes nothing: as ARM's providers do."""
    result: Json = dict(old)
    for key, value in new.items():
        before = result.get(key)
        both = isinstance(before, dict) and isinstance(value, dict)
        if value is not None:
            result[key] = merge(before, value) if both else value  # type: ignore[arg-type]  # both are mappings
    return result


def _check_change(call: Call, kind: Kind, existing: Resource) -> None:
    if existing.change == "Deleting" and is_pending(existing, call.now):
        noun = kind.noun.title()
        raise refusal(
            "marked for deletion", operation=f"Update Gallery Image {noun}", name=existing.name
        )
    sent = call.body.get("location")
    if sent and existing.location and short(str(sent)) != short(existing.location):
        raise refusal(
            "location changed",
            name=existing.name,
            location=existing.location,
            group=call.target.group,
            other=sent,
        )


def _write(
    world: World, call: Call, kind: Kind, signer: Signer, existing: Resource | None
) -> Reply:
    draft = kind.write(world, call, existing)
    resource = _changed(call, kind, draft, existing)
    if kind.synchronous:
        world.save(resource)
        return _accepted(call, kind, resource, existing, {}, draft.answer)
    operation = operations.begin(
        call,
        name=resource.operation,
        resource=resource.id,
        family=kind.family,
        location=str(resource.location),
        end=resource.ready or call.now,
        failure=resource.failure,
        retry_after=kind.retry_after,
        output=kind.family == "DiskOperations",
    )
    world.save(resource, operation=operation)
    headers = operations.headers(world, call, operation, signer, updates=existing is not None)
    return _accepted(call, kind, resource, existing, headers, draft.answer)


def _changed(call: Call, kind: Kind, draft: Draft, existing: Resource | None) -> Resource:
    """The resource with its pending change. A creation under way goes on, and so does its fate; it ends when it would
    have ended, unless the write adds regions."""
    end = draft.end or call.now + timedelta(seconds=draft.seconds)
    failure = draft.failure
    change: Change = "Updating" if existing else "Creating"
    if existing and existing.ready and existing.change == "Creating" and call.now < existing.ready:
        adds = {r.name for r in draft.regions} - {r.name for r in existing.regions}
        end, change = max(end, existing.ready) if adds else existing.ready, "Creating"
        failure = failure or existing.failure
    return Resource(
        id=existing.id if existing else call.target.path,
        type=kind.type,
        location=call.body.get("location") or (existing.location if existing else None),
        properties=draft.properties,
        created=existing.created if existing else call.now,
        tags=call.body.get("tags"),
        extras=draft.extras,
        revealed=draft.revealed,
        hidden=draft.hidden,
        change="None" if kind.synchronous else change,
        ready=None if kind.synchronous else end,
        failure=failure,
        born=existing is not None and exists_fully(existing, call.now),
        operation=None if kind.synchronous else guid(),
        regions=draft.regions,
    )


def _accepted(
    call: Call,
    kind: Kind,
    resource: Resource,
    existing: Resource | None,
    headers: Json,
    answer: str | None,
) -> Reply:
    inner = kind.show(resource, call)
    state = answer or kind.answers.get(call.method if existing else "create")
    if state:
        inner = inner | {"provisioningState": state}
    status = kind.updated_status if existing else kind.created_status
    if existing and not kind.synchronous and operations.is_first(call, kind.family):
        status = 202
    return Reply(status, envelope(resource, inner, call.target.path), headers)


def delete(world: World, call: Call, kind: Kind, signer: Signer) -> Reply:
    """202 with Azure-AsyncOperation and Location; 204 when there is nothing to delete."""
    require_group(world, call)
    existing = world.find(call.target.path)
    if existing is None:
        return Reply(204)
    check_locks(world, call.target.path, "delete")
    nested = [] if kind.nested_go else list(world.below(existing.id))
    if nested:
        shown = ", ".join(child.split("/providers/", 1)[-1] for child in nested[:5])
        raise refusal("children", children=shown)
    kind.erase(world, call, existing)
    if existing.change != "Deleting":
        world.announce(existing, call.correlation, call.client)
    if kind.synchronous:
        world.bury([existing], call.now, call.correlation)
        return Reply(kind.delete_status)
    return _begin_delete(world, call, kind, signer, existing)


def _begin_delete(
    world: World, call: Call, kind: Kind, signer: Signer, existing: Resource
) -> Reply:
    seconds = world.seconds(
        f"{kind.noun} delete" if kind.family != "DiskOperations" else "disk", existing.id
    )
    under_way = existing.change == "Deleting" and existing.ready
    operation = operations.begin(
        call,
        resource=existing.id,
        family=kind.family,
        location=str(existing.location),
        end=under_way or call.now + timedelta(seconds=seconds),
        retry_after=None if kind.family == "DiskOperations" else kind.retry_after,
    )
    hidden = existing.hidden | {"deleted by": call.correlation}
    going = replace(
        existing,
        change="Deleting",
        ready=operation.end,
        failure=None,
        operation=operation.id,
        hidden=hidden,
    )
    world.save(going, operation=operation)
    return Reply(202, None, operations.headers(world, call, operation, signer))
