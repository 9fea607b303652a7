"""The end of all that a boot test made: machine, network interface, disks, deleted and confirmed gone.

Ours is what the records name. A machine of the test's name with another `vmId` is somebody else's, and so is a part
that hangs on another machine; both are left alone.
"""

import logging
from collections.abc import Iterator
from datetime import datetime

from activities.boot_test_activity import implements_test, tester_of
from arm.client import ArmClient
from arm.parts import delete_part, read_part
from arm.virtual_machines import begin_machine_deletion, read_machine
from domain.boot_test.judging import APPEARS_WITHIN
from domain.boot_test.messages import DELETE_MACHINE, BootStep, MachineGone
from domain.boot_test.ownership import Part, is_ours, part_of, stays_behind
from domain.boot_test.recorded import (
    BootSnapshot,
    BootState,
    gone,
    intend_deletion,
    left_behind,
    owned,
)
from domain.migration.latch import Halt
from domain.resource_ids import parse_resource_id
from domain.results import ActivityError
from services.dependencies import Dependencies

log = logging.getLogger("gallery_migrator")


@implements_test(DELETE_MACHINE)
def delete_machine(
    request: BootStep, snapshot: BootSnapshot, app: Dependencies
) -> MachineGone | ActivityError | Halt:
    """Delete what is still there of the test, and say whether all of it is gone. Running again does no harm."""
    held = app.records.change_boot_state(
        request.test_id, lambda state: intend_deletion(state, request.run, request.at)
    )
    if isinstance(held, Halt):
        return held
    left = "" if held.intended_at is None else "; ".join(_left(request, snapshot, app))

    def ended(state: BootState) -> BootState | Halt:
        run = request.run
        return left_behind(state, run, left) if left else gone(state, run, request.at)

    after = app.records.change_boot_state(request.test_id, ended)
    return after if isinstance(after, Halt) else MachineGone(gone=not left, left=left)


def _left(request: BootStep, snapshot: BootSnapshot, app: Dependencies) -> Iterator[str]:
    """Yield what is still there, each with what is done about it."""
    test, state, tester = snapshot.test, snapshot.state, tester_of(app)
    machine = parse_resource_id(test.machine_id)
    reading = read_machine(tester, machine)
    if reading is not None and is_ours(test, state, reading):
        vm_id = reading.vm_id
        owner = app.records.change_boot_state(test.id, lambda s: owned(s, request.run, vm_id))
        if not isinstance(owner, Halt) and reading.provisioning_state != "Deleting":
            log.info("%s: the machine %s (%s) is deleted", test.id, machine.name, vm_id)
            begin_machine_deletion(tester, machine)
        yield f"the machine {machine.name} is {reading.provisioning_state}"
        return
    began = state.intended_at or request.at
    if reading is None and not state.vm_ids and request.at - began < APPEARS_WITHIN:
        # A PUT that was sent may not show yet.
        yield f"the machine {machine.name} may still appear"
        return
    for part_id in test.part_ids:
        yield from _left_part(tester, part_id, snapshot, began)


def _left_part(
    tester: ArmClient, part_id: str, snapshot: BootSnapshot, began: datetime
) -> Iterator[str]:
    resource = parse_resource_id(part_id)
    body = read_part(tester, resource)
    if body is None:
        return
    part: Part = part_of(body)
    if not stays_behind(snapshot.test, part, began):
        return
    if not part.attached_to:
        log.warning("%s: %s was left behind and is deleted", snapshot.test.id, resource.name)
        delete_part(tester, resource)
    yield f"{resource.kind} {resource.name} was left behind"
