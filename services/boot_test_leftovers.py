"""Leftovers of boot tests that have finished: found by tags, believed by the records.

A PUT that was held up may arrive when the test has ended and everything was confirmed gone. Tags only say where to
look; what is found is ours if the record of its test says so, and then the test is open again.
"""

import logging
from datetime import datetime

from arm.client import ArmClient
from arm.parts import read_part
from arm.tagged_resources import read_tagged
from arm.virtual_machines import read_machine
from domain.boot_test.names import TEST_TAG
from domain.boot_test.ownership import is_ours, part_of, stays_behind
from domain.boot_test.recorded import BootSnapshot, found_again
from domain.ids import same_id
from domain.resource_ids import parse_resource_id
from domain.values import Json
from services.dependencies import Dependencies

log = logging.getLogger("gallery_migrator")


def reopen_tests_of_leftovers(app: Dependencies, at: datetime) -> None:
    """Open those tests again of which something is there although they are finished. Raises what Azure raises."""
    group = app.settings.boot_test_resource_group
    if app.tester is None or not group:
        return
    for resource in read_tagged(app.tester, group, TEST_TAG):
        _look_at(app, app.tester, resource, at)


def _look_at(app: Dependencies, tester: ArmClient, resource: Json, at: datetime) -> None:
    resource_id, test_id = str(resource.get("id")), str((resource.get("tags") or {}).get(TEST_TAG))
    snapshot = app.records.boot_snapshot(test_id)
    if snapshot is None:
        log.warning(
            "%s: tagged as of a boot test that is not in these records; left alone", resource_id
        )
        return
    if snapshot.state.gone_at is None:
        return
    if not _is_of(tester, snapshot, resource_id):
        log.warning("%s: tagged as of %s, and not its own; left alone", resource_id, test_id)
        return
    log.error("%s: %s was found after all of it was gone", test_id, resource_id)
    why = f"{resource_id} was found after the test had ended"
    app.records.reopen_boot_test(test_id, at)
    app.records.change_boot_state(test_id, lambda state: found_again(state, why))


def _is_of(tester: ArmClient, snapshot: BootSnapshot, resource_id: str) -> bool:
    """Return True if the records say that it is the test's own."""
    test, state = snapshot.test, snapshot.state
    if same_id(resource_id, test.machine_id):
        reading = read_machine(tester, parse_resource_id(test.machine_id))
        return reading is not None and is_ours(test, state, reading)
    part_id = next((part for part in test.part_ids if same_id(part, resource_id)), None)
    body = read_part(tester, parse_resource_id(part_id)) if part_id else None
    began = state.intended_at
    return body is not None and began is not None and stays_behind(test, part_of(body), began)
