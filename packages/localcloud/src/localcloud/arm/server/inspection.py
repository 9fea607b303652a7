"""The answer of `GET /state`: everything with its state, and what is gone."""

from __future__ import annotations

from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.provisioning.replication import status
from localcloud.arm.resources import scale_set_instances
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import envelope, properties
from localcloud.arm.state.world import World


def whole_state(world: World) -> Json:
    """Resources with states and replication per region; tombstones with time and correlation.

    The machines of uniform scale sets, which are no resources of their own, are under `instances` of
    their set.
    """
    resources = [described(world, resource) for resource in world.every()]
    return {
        "resources": resources,
        "deleted": [
            {
                "id": stone.id,
                "type": stone.type,
                "time": arm_time(stone.gone),
                "correlationId": stone.correlation,
                "resource": stone.body,
            }
            for stone in world.tombstones
        ],
    }


def described(world: World, resource: Resource) -> Json:
    """One resource with its state."""
    now = world.now()
    inner = properties(resource, now)
    if resource.regions:
        inner["replicationStatus"] = status(resource.regions, now)
    body = envelope(resource, inner)
    body["createdTime"] = arm_time(resource.created)
    if resource.type == scale_set_instances.SET_TYPE:
        machines = scale_set_instances.of(resource, now)
        body["instances"] = [envelope(each, properties(each, now)) for each in machines]
    if resource.failure and inner["provisioningState"] == "Failed":
        body["failure"] = resource.failure.as_json()
    return body
