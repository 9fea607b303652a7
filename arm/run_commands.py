"""Managed run commands (https://learn.microsoft.com/rest/api/compute/virtual-machine-run-commands): scripts that a
machine's agent runs."""

from arm.client import ArmClient
from arm.requests import ArmResponse, begin, read_or_none
from domain.boot_test.readings import ScriptReading, script_reading
from domain.resource_ids import ResourceId
from domain.values import Json


def read_command(arm: ArmClient, machine: ResourceId, name: str) -> ScriptReading | None:
    """A run command with its instance view, or None if it is not there."""
    body = read_or_none(
        arm.compute(machine.subscription).virtual_machine_run_commands.get_by_virtual_machine,
        machine.resource_group,
        machine.name,
        name,
        expand="instanceView",
    )
    return None if body is None else script_reading(body)


def put_command(arm: ArmClient, machine: ResourceId, name: str, body: Json) -> ArmResponse:
    """Send a run command's PUT and return at once."""
    commands = arm.compute(machine.subscription).virtual_machine_run_commands
    names = (machine.resource_group, machine.name, name)
    return begin(commands.begin_create_or_update, *names, body=body)
