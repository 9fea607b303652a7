"""Managed run commands: scripts that a machine's agent runs; how they end says the profile.

A script begins when the machine's agent is ready. Nothing is run here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.provisioning.kinds import Draft, Kind
from localcloud.arm.resources.machine_fates import AGENT
from localcloud.arm.state.model import Failure, Json, Resource
from localcloud.arm.state.states import properties
from localcloud.arm.state.world import ENDS, World

COMMAND_TYPE = "Microsoft.Compute/virtualMachines/runCommands"
_SOURCES = ("script", "scriptUri", "commandId", "galleryScriptReferenceId")
# Seconds that a script may take unless it says otherwise.
_USUAL_LIMIT = 5400
# Microsoft's page: the last 4,096 bytes of each stream are shown.
_SHOWN = 4096


def _command(world: World, call: Call, _existing: Resource | None) -> Draft:
    sent = {k: v for k, v in (call.body.get("properties") or {}).items() if v is not None}
    source = sent.get("source") or {}
    if not any(source.get(name) for name in _SOURCES):
        raise refusal("required", parameter="source.script")
    limit = int(sent.get("timeoutInSeconds") or 0) or _USUAL_LIMIT
    machines = world.profile.machines
    begins = _begins(world, call)
    ends = None
    if begins is not None and machines.script_seconds is not None:
        ends = begins + timedelta(seconds=min(machines.script_seconds, limit))
    overdue = (machines.script_seconds or 0) > limit
    over = begins if sent.get("asyncExecution") else ends
    marks: Json = {
        "begins": begins.isoformat() if begins and machines.script_seconds is not None else None,
        "script ends": ends.isoformat() if ends else None,
        "overdue": overdue,
        "exit code": machines.exit_code,
        "output": machines.output[-_SHOWN:],
        "error": machines.error[-_SHOWN:],
    }
    machine = world.find(call.target.parent)
    if machine is not None and ENDS in machine.hidden:
        marks[ENDS] = machine.hidden[ENDS]
    inner = {"asyncExecution": False, "timeoutInSeconds": 0} | sent
    end = over or call.now + timedelta(seconds=limit)
    failure = None if over else _NO_ANSWER
    return Draft(inner, 0.0, hidden=marks, end=max(end, call.now), failure=failure)


# Made up: there is no recording of a command whose machine never answers.
_NO_ANSWER = Failure(
    "VMAgentStatusCommunicationError",
    "The VM has reported nothing of the run command: its agent is not ready, or has no way to reach Azure.",
)


def _begins(world: World, call: Call) -> datetime | None:
    """Return when the agent can begin with it; None if it never can."""
    machine = world.find(call.target.parent)
    if machine is None or AGENT not in machine.hidden:
        return call.now
    ready = machine.hidden[AGENT]
    return max(call.now, datetime.fromisoformat(ready)) if ready else None


def _show(resource: Resource, call: Call) -> Json:
    inner = properties(resource, call.now)
    return (
        inner | {"instanceView": _view(resource, call.now)}
        if call.expands("instanceView")
        else inner
    )


def _view(resource: Resource, now: datetime) -> Json:
    """The state of the script at a moment."""
    marks = resource.hidden
    begins, ends = _moment(marks.get("begins")), _moment(marks.get("script ends"))
    if begins is None or now < begins:
        state = "Unknown" if begins is None else "Pending"
        return {
            "executionState": state,
            "executionMessage": "",
            "exitCode": 0,
            "output": "",
            "error": "",
        }
    view: Json = {"startTime": arm_time(begins), "output": "", "error": "", "exitCode": 0}
    if ends is None or now < ends:
        return view | {"executionState": "Running", "executionMessage": "Execution in progress"}
    if marks.get("overdue"):
        timed_out = {"executionState": "TimedOut", "executionMessage": "Execution timed out"}
        return view | timed_out | {"endTime": arm_time(ends)}
    code = int(marks.get("exit code") or 0)
    return view | {
        "executionState": "Failed" if code else "Succeeded",
        "executionMessage": "Execution completed",
        "exitCode": code,
        "output": marks.get("output") or "",
        "error": marks.get("error") or "",
        "endTime": arm_time(ends),
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


KIND = Kind(COMMAND_TYPE, "run command", _command, show=_show, family="operations")
