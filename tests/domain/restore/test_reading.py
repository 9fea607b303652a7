"""A disk on the way is used, and deleted, only if it is the one that was made here."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import UnexpectedResponseError
from domain.facts import image_facts
from domain.restore.reading import DiskFacts, disk_facts, made_by, problem_with, why_kept
from domain.restore.recorded import IMAGE, Restore, make_key
from domain.values import Json
from tests import builders as b
from tests.domain.restore.values import a_plan, a_restore, a_write

SYSTEM, DATA = a_restore().plan.disks[0], a_restore().plan.disks[2]


def a_disk(lun: int | None = None, size: int = 127, **changes: Any) -> DiskFacts:
    """A disk that is there as planned; `changes` to its properties."""
    reference = {"id": a_plan().version_id.upper()} | ({} if lun is None else {"lun": lun})
    inner = {
        "provisioningState": "Succeeded",
        "uniqueId": "u1",
        "diskSizeGB": size,
        "creationData": {"createOption": "FromImage", "galleryImageReference": reference},
    }
    top = {"managedBy": changes.pop("managedBy", None)}
    return disk_facts({"properties": {**inner, **changes}, **top})


def begun(**changes: Any) -> Restore:
    """A restore that has made its disks."""
    writes = {make_key(disk.disk.name): a_write() for disk in a_restore().plan.disks}
    return a_restore(**{"writes": writes, "unique_ids": {SYSTEM.disk.name: "u1"}, **changes})


def test_the_facts_of_a_disk() -> None:
    """Left out is nothing; what cannot be a disk is refused."""
    told = a_disk(3, 50, managedBy="/vm")
    assert told == DiskFacts(
        state="Succeeded",
        unique_id="u1",
        size_gb=50,
        made_of=a_plan().version_id.upper(),
        lun=3,
        attached_to="/vm",
    )
    assert disk_facts({"properties": {"provisioningState": "Creating"}}).in_the_making
    assert not told.in_the_making
    with pytest.raises(UnexpectedResponseError):
        disk_facts({"error": {}})


def test_what_was_planned_may_become_the_image() -> None:
    """With the size of the image's disk, where that is known."""
    assert problem_with(a_disk(), SYSTEM) == problem_with(a_disk(3, 50), DATA) == ""
    unknown = SYSTEM.model_copy(update={"size_gb": None})
    assert problem_with(a_disk(size=1), unknown) == ""
    assert problem_with(a_disk(size=128), SYSTEM).endswith(
        "has 128 GB, and the image's disk had 127"
    )


@pytest.mark.parametrize("lun", [0, 3])
def test_another_disk_under_the_name_may_not(lun: int) -> None:
    """Made of another disk of the version, of another version, or of nothing."""
    for facts in (a_disk(lun), a_disk(creationData={"createOption": "Empty"})):
        assert "another disk" in problem_with(facts, SYSTEM)
        assert why_kept(facts, SYSTEM, begun()) == "is another disk than the one that was made here"


def test_a_failed_disk_is_no_source() -> None:
    """Azure's state is told."""
    assert problem_with(a_disk(provisioningState="Failed"), SYSTEM).endswith("-os is Failed")


def test_only_our_own_unused_disk_is_deleted() -> None:
    """By Azure's id where that is known; one in use is left, and so is one whose name is not ours to give."""
    assert why_kept(a_disk(), SYSTEM, begun()) == ""
    assert why_kept(a_disk(3, 50), DATA, begun()) == ""
    assert why_kept(a_disk(managedBy="/vm"), SYSTEM, begun()) == "is attached to /vm"
    anew = a_disk(uniqueId="u2")
    assert why_kept(anew, SYSTEM, begun()) == "was made anew by somebody else"
    assert why_kept(anew, SYSTEM, begun(unique_ids={})) == ""
    stolen = SYSTEM.disk.model_copy(update={"text": SYSTEM.disk.text.replace("-os", "-data")})
    planned = SYSTEM.model_copy(update={"disk": stolen})
    assert "another disk" in why_kept(a_disk(), planned, begun())
    assert "another disk" in why_kept(a_disk(), SYSTEM, begun(attempt=2))


def test_a_put_of_ours_that_came_late_made_it_anew() -> None:
    """It is ours to delete."""
    late = begun(writes={make_key(SYSTEM.disk.name): a_write(repeated=True)})
    assert why_kept(a_disk(uniqueId="u2"), SYSTEM, late) == ""


def made_of(body: Json) -> bool:
    """Return True if a restore that has sent its image has made this one."""
    return made_by(begun(writes={IMAGE: a_write()}), image_facts(body, None))


def test_an_image_is_ours_by_its_sources_and_our_record() -> None:
    """All of them, and only after its PUT may have been sent."""
    ours = b.image_body() | a_restore().plan.image_body
    ours["properties"] = {**ours["properties"], "provisioningState": "Succeeded"}
    assert made_of(ours)
    assert not made_by(begun(), image_facts(ours, None))
    assert not made_of(b.image_body())
    storage = ours["properties"]["storageProfile"]
    fewer = storage | {"dataDisks": storage["dataDisks"][:1]}
    assert not made_of({**ours, "properties": {**ours["properties"], "storageProfile": fewer}})


def test_an_image_of_nothing_known_is_not_ours() -> None:
    """A disk that names no source has none in common with ours."""
    storage = b.storage_profile({"managedDisk": None})
    assert not made_of(b.image_body(storageProfile=storage))
