"""Azure's answers about machines and run commands, cut down to facts."""

from typing import Any

import pytest

from domain.boot_test.readings import machine_reading, script_reading
from domain.errors import UnexpectedResponseError

AGENT = {"code": "ProvisioningState/succeeded", "displayStatus": "Ready", "message": "runs"}


def machine(statuses: Any = None, **changes: Any) -> dict[str, Any]:
    """A machine as Azure answers it."""
    view = {"statuses": statuses or [], "vmAgent": {"statuses": [AGENT]}}
    inner = {
        "vmId": "v",
        "provisioningState": "Succeeded",
        "storageProfile": {"imageReference": {"id": "image"}},
        "instanceView": view,
    }
    return {"tags": {"a": "b"}, "properties": inner | changes}


def test_all_of_a_machine_is_read() -> None:
    """Its own id, of what it is made, how it is."""
    statuses = [
        {"code": "PowerState/running"},
        {"code": "ProvisioningState/failed/OSProvisioningTimedOut", "message": "Too slow."},
    ]
    body = machine(statuses)
    body["properties"]["instanceView"]["vmAgent"]["statuses"].append({"displayStatus": "older"})
    read = machine_reading(body)
    assert (read.vm_id, read.image_id, read.tags) == ("v", "image", {"a": "b"})
    assert (read.provisioning_state, read.power) == ("Succeeded", "running")
    assert (read.agent, read.agent_message) == ("Ready", "runs")
    assert (read.error_code, read.error_message) == ("OSProvisioningTimedOut", "Too slow.")


@pytest.mark.parametrize(
    "changes",
    [
        {"instanceView": None},
        {"instanceView": {"statuses": None, "vmAgent": None}},
        {"instanceView": {"vmAgent": {"statuses": []}}},
    ],
)
def test_what_is_not_known_yet_is_empty(changes: dict[str, Any]) -> None:
    """A machine has no view while it is made."""
    read = machine_reading(machine(storageProfile=None, **changes) | {"tags": None})
    assert (read.power, read.agent, read.error_code, read.image_id) == ("", "", "", "")
    assert read.tags == {}


def test_a_success_has_no_error() -> None:
    """Nor a failure without a code one."""
    well = [{"code": "ProvisioningState/succeeded"}, {"code": "PowerState/running"}]
    read = machine_reading(machine(well))
    assert (read.error_code, read.power) == ("", "running")
    assert machine_reading(machine([{"code": "ProvisioningState/failed"}])).error_code == ""


@pytest.mark.parametrize("body", [{}, {"properties": {}}, {"properties": {"vmId": "v"}}])
def test_an_answer_that_is_no_machine_is_no_fact(body: dict[str, Any]) -> None:
    """Nor is it one of a command."""
    with pytest.raises(UnexpectedResponseError):
        machine_reading(body)
    with pytest.raises(UnexpectedResponseError):
        script_reading(body)


def command(**view: Any) -> dict[str, Any]:
    """A run command as Azure answers it."""
    return {"properties": {"provisioningState": "Succeeded", "instanceView": view}}


@pytest.mark.parametrize(("state", "code"), [("Succeeded", 0), ("failed", 3)])
def test_an_exit_code_is_one_when_the_script_has_ended(state: str, code: int) -> None:
    """Azure answers 0 before."""
    read = script_reading(command(executionState=state, exitCode=code, executionMessage="m"))
    assert (read.state, read.exit_code, read.message) == (state, code, "m")
    running = script_reading(command(executionState="Running", exitCode=0))
    assert running.exit_code is None


def test_both_streams_are_its_output() -> None:
    """Errors behind the rest."""
    assert script_reading(command(output="a", error="b")).output == "a\nb"
    assert script_reading(command(error="b")).output == "b"


def test_without_a_view_nothing_is_known() -> None:
    """As right after the PUT."""
    read = script_reading({"properties": {"provisioningState": "Creating"}})
    assert (read.provisioning_state, read.state, read.exit_code) == ("Creating", "Unknown", None)
    assert (read.output, read.message) == ("", "")
