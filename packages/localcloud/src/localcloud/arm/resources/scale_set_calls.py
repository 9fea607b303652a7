"""Calls on the machines of scale sets: lists, reads, deletions, and the upgrade to the latest model."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from localcloud.arm.protocol.call import Call, Reply
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.signing import Signer
from localcloud.arm.provisioning import operations
from localcloud.arm.provisioning.locking import check_locks
from localcloud.arm.provisioning.reads import page, unseen
from localcloud.arm.provisioning.writes import missing, require_group
from localcloud.arm.resources import scale_set_instances, scale_sets
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import envelope, properties
from localcloud.arm.state.world import World


def instances(world: World, call: Call, signer: Signer) -> Reply:
    """GET of the list or of one machine, DELETE of one."""
    scale_set = _set(world, call, 1 if call.target.is_collection else 2)
    found = _machines(world, call, scale_set)
    if call.target.is_collection and call.method == "GET":
        hidden = unseen(world)
        lines = [_body(call, machine) for machine in found if not hidden(machine.id)]
        return page(call, lines, world.profile.page_size)
    one = [machine for machine in found if machine.key == call.target.key]
    if not one:
        raise missing(call)
    if call.method == "GET":
        return Reply(200, _body(call, one[0]))
    if call.method == "DELETE":
        check_locks(world, scale_set.id, "delete")
        return _without(world, call, signer, scale_set, {call.target.name.lower()})
    raise refusal("method", method=call.method)


def delete_instances(world: World, call: Call, signer: Signer) -> Reply:
    """POST `delete` with `instanceIds`: these machines go, and the capacity with them."""
    scale_set = _set(world, call, 1)
    check_locks(world, scale_set.id, "delete")
    return _without(world, call, signer, scale_set, _named(call, scale_set))


def upgrade(world: World, call: Call, signer: Signer) -> Reply:
    """POST `manualupgrade` with `instanceIds` (`*`: all): these machines get the latest model."""
    scale_set = _set(world, call, 1)
    check_locks(world, scale_set.id, "write")
    model = scale_set.properties.get("virtualMachineProfile") or {}
    kept = scale_set_instances.kept(scale_set)
    hidden: Json = {
        scale_set_instances.KEPT: scale_sets.upgraded(kept, _named(call, scale_set), model)
    }
    return _changed(world, call, signer, replace(scale_set, hidden=scale_set.hidden | hidden))


def _set(world: World, call: Call, segments: int) -> Resource:
    """The set whose path is so many segments shorter. Raises ResourceNotFound."""
    require_group(world, call)
    scale_set = world.find(call.target.path.rsplit("/", segments)[0])
    if scale_set is None:
        raise missing(call)
    return scale_set


def _machines(world: World, call: Call, scale_set: Resource) -> list[Resource]:
    if scale_set_instances.is_flexible(scale_set):
        machines = scale_set_instances.machines_of(world, scale_set)
        return scale_set_instances.pointing(scale_set, machines)
    return scale_set_instances.of(scale_set, call.now)


def _body(call: Call, machine: Resource) -> Json:
    inner = properties(machine, call.now)
    if call.expands("instanceView"):
        state = ("PowerState/running", "VM running")
        inner["instanceView"] = {
            "statuses": [{"code": state[0], "level": "Info", "displayStatus": state[1]}]
        }
    return envelope(machine, inner)


def _named(call: Call, scale_set: Resource) -> set[str]:
    """The ids in the body. Raises InvalidParameter when there are none."""
    ids = call.body.get("instanceIds")
    if not isinstance(ids, list) or not ids:
        raise refusal("required", parameter="instanceIds")
    every = {instance["id"] for instance in scale_set_instances.kept(scale_set)}
    return every if "*" in ids else {str(name) for name in ids}


def _without(world: World, call: Call, signer: Signer, scale_set: Resource, ids: set[str]) -> Reply:
    machines = scale_set_instances.machines_of(world, scale_set)
    gone = [machine for machine in machines if machine.name.lower() in ids]
    if gone:
        world.bury(gone, call.now, call.correlation)
    kept = scale_set_instances.kept(scale_set)
    left = [instance for instance in kept if instance["id"] not in ids]
    number = scale_set_instances.capacity(scale_set) - (len(kept) - len(left)) - len(gone)
    sku = (scale_set.extras.get("sku") or {}) | {"capacity": max(number, 0)}
    hidden = scale_set.hidden | {scale_set_instances.KEPT: left}
    smaller = replace(scale_set, hidden=hidden, extras=scale_set.extras | {"sku": sku})
    return _changed(world, call, signer, smaller)


def _changed(world: World, call: Call, signer: Signer, scale_set: Resource) -> Reply:
    """202 with the operation that changes the set; what it changes is seen at once."""
    end = call.now + timedelta(seconds=world.seconds("machine", scale_set.id))
    operation = operations.begin(
        call,
        resource=scale_set.id,
        family="operations",
        location=str(scale_set.location),
        end=end,
    )
    world.save(scale_set, operation=operation)
    return Reply(202, None, operations.headers(world, call, operation, signer))
