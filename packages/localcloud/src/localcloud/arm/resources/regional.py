"""Lists of machines and scale sets in one location: `…/locations/{location}/virtualMachines`."""

from __future__ import annotations

from localcloud.arm.protocol.call import Call, Reply
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.regions import short
from localcloud.arm.provisioning.kinds import Kind
from localcloud.arm.provisioning.reads import page, unseen
from localcloud.arm.state.states import envelope
from localcloud.arm.state.world import World


def listing(world: World, call: Call, kind: Kind) -> Reply:
    """The resources of the kind in the subscription and the location of the path."""
    if call.method != "GET":
        raise refusal("method", method=call.method)
    prefix = f"/subscriptions/{call.target.subscription}/".lower()
    here, hidden = short(call.target.names[0]), unseen(world)
    found = [
        resource
        for resource in world.of_type(kind.type)
        if resource.key.startswith(prefix)
        and short(str(resource.location)) == here
        and not hidden(resource.id)
    ]
    lines = [envelope(resource, kind.show(resource, call)) for resource in found]
    return page(call, lines, world.profile.page_size)
