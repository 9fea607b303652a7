"""Ours is what the records name; tags alone make nothing ours."""

from datetime import timedelta
from typing import Any

import pytest

from domain.boot_test.machine_body import tags_of
from domain.boot_test.ownership import Part, is_ours, part_of, stays_behind
from domain.boot_test.readings import MachineReading
from domain.boot_test.recorded import BootState
from domain.errors import UnexpectedResponseError
from tests.domain.boot_test.boots import NOW, VERSION, a_test

TEST = a_test()


def machine(**changes: Any) -> MachineReading:
    """The machine as our PUT makes it."""
    fields = {"vm_id": "v", "image_id": VERSION, "tags": tags_of(TEST)}
    return MachineReading.model_validate(fields | {"provisioning_state": "Succeeded"} | changes)


def test_a_machine_whose_vm_id_is_in_the_record_is_ours() -> None:
    """Whatever its tags are by now."""
    state = BootState(intended_at=NOW, vm_ids=("u", "v"))
    assert is_ours(TEST, state, machine(tags={}, image_id=""))
    assert not is_ours(TEST, state, machine(vm_id="w", tags={}))


def test_one_whose_put_was_not_answered_is_ours_by_all_that_it_is() -> None:
    """The intent, the version without case, and the tags."""
    begun = BootState(intended_at=NOW)
    assert is_ours(TEST, begun, machine(image_id=VERSION.upper()))
    assert is_ours(TEST, begun, machine(tags={**tags_of(TEST), "more": "x"}))
    assert not is_ours(TEST, BootState(), machine())
    assert not is_ours(TEST, begun, machine(image_id=f"{VERSION}0"))
    for name in tags_of(TEST):
        assert not is_ours(TEST, begun, machine(tags={**tags_of(TEST), name: "other"}))
    assert not is_ours(TEST, begun, machine(tags={}))


@pytest.mark.parametrize(
    ("part", "ours"),
    [
        (Part(created=NOW), True),
        (Part(created=NOW - timedelta(seconds=1)), False),
        (Part(created=NOW, attached_to=TEST.machine_id.upper()), True),
        (Part(created=NOW, attached_to=f"{TEST.machine_id}0"), False),
        (Part(tags=tags_of(TEST)), True),
        (Part(tags={"galleryMigrator.bootTest": "another"}), False),
        (Part(), False),
        (Part(tags=tags_of(TEST), created=NOW - timedelta(seconds=1)), False),
    ],
)
def test_a_part_of_the_tests_name_is_ours_if_it_is_young_or_tagged(part: Part, ours: bool) -> None:
    """And hangs on no other machine."""
    assert stays_behind(TEST, part, NOW) is ours


def test_disks_and_interfaces_say_who_has_them() -> None:
    """Each in its own place."""
    disk = {"managedBy": "m", "properties": {"timeCreated": NOW.isoformat()}}
    assert part_of(disk) == Part(attached_to="m", created=NOW)
    interface = {"tags": {"a": "b"}, "properties": {"virtualMachine": {"id": "m"}}}
    assert part_of(interface) == Part(attached_to="m", tags={"a": "b"})
    assert part_of({"properties": {}}) == Part()
    with pytest.raises(UnexpectedResponseError):
        part_of({})
