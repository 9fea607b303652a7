"""The owner of a machine. Nothing is ever deleted that this does not say is ours.

Ours is what the records name: the id, and the `vmId` that Azure gave to what we made. While a PUT's answer is still
missing, its `vmId` is not known; then a machine of the test's own name is ours if the record says that a PUT was about
to be sent, and it is made of this version and carries this test's tags. Tags alone never make anything ours.
"""

from datetime import datetime

from domain.boot_test.machine_body import tags_of
from domain.boot_test.names import TEST_TAG
from domain.boot_test.readings import MachineReading
from domain.boot_test.recorded import BootState, BootTest
from domain.facts import fact
from domain.ids import same_id
from domain.values import Json, Message


def is_ours(test: BootTest, state: BootState, reading: MachineReading) -> bool:
    """Return True if a machine that has the test's own id is the one that the records name."""
    return reading.vm_id in state.vm_ids or is_made_by_us(test, state, reading)


def is_made_by_us(test: BootTest, state: BootState, reading: MachineReading) -> bool:
    """Return True if a machine of the test's own id can only have come from a PUT of ours."""
    wanted = tags_of(test).items()
    return (
        state.intended_at is not None
        and same_id(reading.image_id, test.version_id)
        and all(reading.tags.get(name) == value for name, value in wanted)
    )


class Part(Message):
    """A network interface or a disk, as Azure answers it. `attached_to`: the machine that has it; `created`: of
    disks."""

    attached_to: str = ""
    created: datetime | None = None
    tags: dict[str, str] = {}


@fact
def part_of(body: Json) -> Part:
    """The part in the JSON of a network interface or a disk."""
    properties = body["properties"]
    machine = (properties.get("virtualMachine") or {}).get("id")
    made = properties.get("timeCreated")
    return Part(
        attached_to=str(body.get("managedBy") or machine or ""),
        created=datetime.fromisoformat(made) if made else None,
        tags=body.get("tags") or {},
    )


def stays_behind(test: BootTest, part: Part, began: datetime) -> bool:
    """Return True if a part that has the id of one of the test's is the test's: it hangs on no other machine, and was
    made after the test began, or carries its tag."""
    if part.attached_to and not same_id(part.attached_to, test.machine_id):
        return False
    if part.created is not None:
        return part.created >= began
    return part.tags.get(TEST_TAG) == test.id
