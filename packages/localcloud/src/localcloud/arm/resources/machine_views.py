"""The instance view of a machine: whether it runs, what its agent says, its disks."""

from __future__ import annotations

from datetime import datetime

from localcloud.arm.protocol.call import Call, Reply
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.provisioning.captures import DEALLOCATED
from localcloud.arm.provisioning.writes import missing
from localcloud.arm.resources.machine_fates import AGENT, EVICTED, has_agent, is_over
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.states import exists_fully, properties, provisioning
from localcloud.arm.state.world import World

_READY = {
    "code": "ProvisioningState/succeeded",
    "level": "Info",
    "displayStatus": "Ready",
    "message": "Guest Agent is running",
}
_NOT_READY = {
    "code": "ProvisioningState/Unavailable",
    "level": "Warning",
    "displayStatus": "Not Ready",
    "message": "VM status blob is found but not yet populated.",
}


def stands_still(machine: Resource, now: datetime) -> bool:
    """Return True if somebody has deallocated it, or Azure has evicted it."""
    return bool(machine.hidden.get(DEALLOCATED)) or is_over(machine, EVICTED, now)


def view_of(machine: Resource, now: datetime) -> Json:
    """The instance view at a moment."""
    model = properties(machine, now)
    view: Json = {"statuses": [_provisioned(machine, now), _power(machine, now)]}
    if not exists_fully(machine, now) and not machine.failure:
        return view
    if AGENT in machine.hidden:
        view |= _guest(machine, model, now)
    return view


def _guest(machine: Resource, model: Json, now: datetime) -> Json:
    """The part of the view that its agent brings."""
    ready = has_agent(machine, now) and not stands_still(machine, now)
    status = dict(_READY if ready else _NOT_READY) | {"time": arm_time(now)}
    version = "2.12.0.2" if ready else "Unknown"
    guest: Json = {"vmAgent": {"vmAgentVersion": version, "statuses": [status]}}
    if ready:
        guest["vmAgent"]["extensionHandlers"] = []
        computer = (model.get("osProfile") or {}).get("computerName")
        guest |= {"computerName": computer} if computer else {}
    storage = model.get("storageProfile") or {}
    disks = [storage.get("osDisk") or {}, *(storage.get("dataDisks") or [])]
    made = _status("ProvisioningState/succeeded", "Provisioning succeeded", now)
    guest["disks"] = [{"name": d["name"], "statuses": [made]} for d in disks if d.get("name")]
    diagnostics = (model.get("diagnosticsProfile") or {}).get("bootDiagnostics") or {}
    # With managed storage there are no addresses in the view: they are asked for.
    return guest | ({"bootDiagnostics": {}} if diagnostics.get("enabled") else {})


def _provisioned(machine: Resource, now: datetime) -> Json:
    state = provisioning(machine, now)
    if state == "Failed" and machine.failure:
        code = f"ProvisioningState/failed/{machine.failure.code}"
        failed = _status(code, "Provisioning failed", machine.ready or now, "Error")
        return failed | {"message": machine.failure.message}
    return _status(f"ProvisioningState/{state.lower()}", f"Provisioning {state.lower()}", None)


def _power(machine: Resource, now: datetime) -> Json:
    if stands_still(machine, now):
        return _status("PowerState/deallocated", "VM deallocated", None)
    return _status("PowerState/running", "VM running", None)


def _status(code: str, text: str, at: datetime | None, level: str = "Info") -> Json:
    status = {"code": code, "level": level, "displayStatus": text}
    return status | ({"time": arm_time(at)} if at else {})


def instance_view(world: World, call: Call) -> Reply:
    """GET of `…/virtualMachines/{name}/instanceView`."""
    if call.method != "GET":
        raise refusal("method", method=call.method)
    machine = world.find(call.target.path.rsplit("/", 1)[0])
    if machine is None:
        raise missing(call)
    return Reply(200, view_of(machine, call.now))
