"""The fate of a virtual machine, decided when it is made: refused, failed, its agent ready or not, evicted.

The profile's `Machines` say it, and faults of the kind `machine` change those for one call. What is decided is kept
with the machine as moments, so that every later answer is computed from them and the time of the request.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.machine_refusals import FAILURES
from localcloud.arm.protocol.regions import short
from localcloud.arm.provisioning.image_references import VERSION
from localcloud.arm.state.model import Failure, Json, Resource
from localcloud.arm.state.world import ENDS, World

# Keys of a machine's hidden marks.
AGENT, EVICTED, SERIAL_LOG = "agent", "evicted", "serial log"


class Fate(NamedTuple):
    """Seconds until the provisioning ends, its failure if it has one, and the marks that are kept."""

    seconds: float
    failure: Failure | None
    marks: Json


def check(world: World, call: Call, image: Resource | None) -> None:
    """Raises the refusal that the profile or the image's purchase plan has for a new machine."""
    inner = call.body.get("properties") or {}
    size = str((inner.get("hardwareProfile") or {}).get("vmSize") or "")
    if world.profile.machines.refusal:
        raise refusal(
            f"machine {world.profile.machines.refusal}",
            name=call.target.name,
            region=short(str(call.body.get("location", ""))),
            size=size,
            family=size.replace("Standard_", "standard").replace("_v", "v") + "Family",
            subscription=call.target.subscription,
        )
    if image is not None and _plan_of(world, image) and not call.body.get("plan"):
        raise refusal("machine plan", id=call.target.path)


def _plan_of(world: World, image: Resource) -> Json | None:
    """The purchase plan of the definition that a version belongs to."""
    definition = world.find(image.id.rsplit("/", 2)[0]) if image.type == VERSION else None
    plan: Json | None = definition.properties.get("purchasePlan") if definition else None
    return plan


def fate(world: World, call: Call, spot: Json) -> Fate:
    """The fate of a new machine; `spot`: its properties, which name its priority and eviction policy."""
    machines = world.profile.machines
    kind = "machine timeout" if machines.failure == "timeout" else "machine"
    seconds = world.seconds(kind, call.target.path)
    ready = call.now + timedelta(seconds=seconds)
    late = machines.agent_seconds
    failed = _failure(machines.failure, call.target.name)
    never = late is None or failed is not None
    marks: Json = {AGENT: None if never else _later(ready, late or 0.0)}
    if machines.serial_log:
        marks[SERIAL_LOG] = machines.serial_log
    if machines.evicted_after is not None and spot.get("priority") == "Spot":
        deleted = spot.get("evictionPolicy") == "Delete"
        marks[ENDS if deleted else EVICTED] = _later(ready, machines.evicted_after)
    return Fate(seconds, failed, marks)


def _failure(name: str, machine: str) -> Failure | None:
    if not name:
        return None
    code, text = FAILURES[name]
    return Failure(code, text.format(name=machine))


def _later(moment: datetime, seconds: float) -> str:
    return (moment + timedelta(seconds=seconds)).isoformat()


def is_over(machine: Resource, mark: str, now: datetime) -> bool:
    """Return True if the moment of a mark has come."""
    moment = machine.hidden.get(mark)
    return moment is not None and now >= datetime.fromisoformat(moment)


def has_agent(machine: Resource, now: datetime) -> bool:
    """Return True if its agent is ready; one that was put there directly always is."""
    return AGENT not in machine.hidden or is_over(machine, AGENT, now)
