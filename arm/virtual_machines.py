"""Virtual machines (https://learn.microsoft.com/rest/api/compute/virtual-machines), those of flexible sets too."""

from arm.client import ArmClient
from arm.lists import Patience, read_compute_list
from arm.requests import ArmResponse, begin, read_or_none
from domain.boot_test.readings import MachineReading, machine_reading
from domain.resource_ids import ResourceId
from domain.values import Json


def read_machines(arm: ArmClient, subscription: str, patience: Patience) -> list[Json]:
    """All virtual machines of a subscription."""
    return read_compute_list(patience, arm.compute(subscription).virtual_machines.list_all)


def read_machine(arm: ArmClient, machine: ResourceId) -> MachineReading | None:
    """A machine with its instance view, or None if it is not there."""
    body = read_or_none(
        arm.compute(machine.subscription).virtual_machines.get,
        machine.resource_group,
        machine.name,
        expand="instanceView",
    )
    return None if body is None else machine_reading(body)


def put_machine(arm: ArmClient, machine: ResourceId, body: Json) -> ArmResponse:
    """Send a new machine's PUT and return at once. Not if there is one, where Azure heeds that
    (docs/platform-notes.md#a-put-that-must-not-overwrite)."""
    return begin(
        arm.compute(machine.subscription).virtual_machines.begin_create_or_update,
        machine.resource_group,
        machine.name,
        body=body,
        headers={"If-None-Match": "*"},
    )


def begin_machine_deletion(arm: ArmClient, machine: ResourceId) -> ArmResponse:
    """Send a machine's DELETE and return at once. What its model says is deleted with it goes too."""
    delete = arm.compute(machine.subscription).virtual_machines.begin_delete
    return begin(delete, machine.resource_group, machine.name)
