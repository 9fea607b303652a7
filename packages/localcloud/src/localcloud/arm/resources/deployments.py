"""Template deployments, as far as they create resources: `az vm create` works through them.

The resources of the template are written when the deployment is accepted; expressions in them
(`[parameters('x')]`) are filled in for parameters and resource ids only.
"""

from __future__ import annotations

from datetime import timedelta

from localcloud.arm.protocol import paths
from localcloud.arm.protocol.call import Call, Reply
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.incoming import settled
from localcloud.arm.protocol.signing import Signer
from localcloud.arm.protocol.spelling import spelt
from localcloud.arm.protocol.timestamps import arm_time, ticks
from localcloud.arm.provisioning.writes import missing, put, require_group
from localcloud.arm.resources import virtual_machines
from localcloud.arm.resources.untyped import anything
from localcloud.arm.state.model import Json, Operation, Resource
from localcloud.arm.state.states import provisioning
from localcloud.arm.state.world import World

TYPE = "Microsoft.Resources/deployments"


def answer(world: World, call: Call, signer: Signer) -> Reply:
    """PUT starts, GET shows, `operationStatuses` reports."""
    require_group(world, call)
    if call.target.kind.endswith("operationstatuses"):
        return _status(world, call)
    if call.method == "PUT":
        return _start(world, call, signer)
    deployment = world.find(call.target.path)
    if deployment is None:
        raise missing(call)
    if call.method == "DELETE":
        world.bury([deployment], call.now, call.correlation)
        return Reply(204)
    return Reply(200, _body(deployment, provisioning(deployment, call.now)))


def _start(world: World, call: Call, signer: Signer) -> Reply:
    inner = call.body.get("properties") or {}
    template = inner.get("template") or {}
    made = [_create(world, call, signer, item) for item in template.get("resources") or []]
    end = max((r.ready for r in made if r and r.ready), default=call.now)
    number = f"{ticks(call.now):020d}"
    operation = Operation(number, call.target.path, "deployment", "", call.now, end)
    existing = world.find(call.target.path)
    shown = {
        "parameters": inner.get("parameters") or {},
        "mode": str(inner.get("mode", "Incremental")).capitalize(),
        "timestamp": arm_time(call.now),
        "correlationId": call.correlation,
        "outputResources": [{"id": r.id} for r in made if r],
    }
    deployment = Resource(
        call.target.path, TYPE, None, shown, call.now, change="Creating",
        ready=end + timedelta(seconds=1), operation=number,
    )  # fmt: skip
    world.save(deployment, operation=operation)
    url = f"{call.base}{call.target.path}/operationStatuses/{number}?api-version={call.api}"
    body = _body(deployment, "Accepted")
    return Reply(200 if existing else 201, body, {"Azure-AsyncOperation": url})


def _body(deployment: Resource, state: str) -> Json:
    inner = deployment.properties | {"provisioningState": state}
    if state != "Succeeded":
        inner.pop("outputResources")
    return {"id": deployment.id, "name": deployment.name, "type": TYPE, "properties": inner}


def _create(world: World, call: Call, signer: Signer, item: Json) -> Resource | None:
    names = str(item["name"]).split("/")
    space, *types = str(item["type"]).split("/")
    inside = "/".join(f"{kind}/{name}" for kind, name in zip(types, names, strict=False))
    path = f"{call.target.group_id}/providers/{space}/{inside}"
    target = paths.parse(path)
    if target is None or target.kind == "microsoft.resources/deployments":
        return None
    kind = (
        virtual_machines.KIND
        if target.kind == virtual_machines.KIND.type.lower()
        else anything(target.type)
    )
    body = {k: v for k, v in item.items() if k not in ("apiVersion", "dependsOn", "type", "name")}
    body = settled(body)
    sub = call._replace(method="PUT", target=target, body=body, api=str(item.get("apiVersion", "")))
    put(world, spelt(sub), kind, signer)
    return world.find(path)


def _status(world: World, call: Call) -> Reply:
    operation = world.operations.get(call.target.name)
    if operation is None:
        raise refusal("operation missing")
    if call.now >= operation.end:
        return Reply(200, {"status": "Succeeded"})
    return Reply(200, {"status": "Running" if call.now > operation.start else "Accepted"})
