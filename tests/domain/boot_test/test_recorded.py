"""The changes of a test's record: only the newest run writes, what was first stands, and all ends when all is gone."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.boot_test.recorded import (
    BootOutcome,
    BootSnapshot,
    BootStage,
    BootState,
    asked_again,
    came_up,
    found_again,
    gone,
    intend,
    intend_deletion,
    intend_script,
    left_behind,
    owned,
    restart,
    settle,
    stop,
)
from domain.migration.latch import MOST_RESTARTS_KEPT, Halt, Restart
from tests.domain.boot_test.boots import GROUP, MIGRATION, NOW, a_model, a_test, a_verdict

LATER = NOW + timedelta(minutes=1)
NEW = BootState()
JUDGED = BootState(verdict=a_verdict())
DONE = BootState(verdict=a_verdict(), gone_at=NOW)

WRITES: list[Callable[[BootState, int], BootState | Halt]] = [
    lambda state, run: intend(state, run, NOW),
    lambda state, run: owned(state, run, "v"),
    lambda state, run: came_up(state, run, NOW),
    lambda state, run: intend_script(state, run, NOW),
    lambda state, run: settle(state, run, a_verdict()),
    lambda state, run: intend_deletion(state, run, NOW),
    lambda state, run: gone(state, run, NOW),
    lambda state, run: left_behind(state, run, "why"),
]


def held(state: BootState | Halt) -> BootState:
    """The state that a change leads to."""
    assert isinstance(state, BootState)
    return state


@pytest.mark.parametrize("write", WRITES)
def test_only_the_newest_run_writes_and_only_until_all_is_gone(
    write: Callable[[BootState, int], BootState | Halt],
) -> None:
    """An older one's steps may still run somewhere."""
    assert write(BootState(run=2), 1) is Halt.SUPERSEDED
    assert write(DONE, 1) is Halt.ENDED


def test_what_was_first_stands() -> None:
    """Limits count from the first time."""
    for change, name in (
        (intend, "intended_at"),
        (came_up, "up_at"),
        (intend_script, "script_at"),
    ):
        once = held(change(NEW, 1, NOW))
        assert getattr(once, name) == NOW
        assert held(change(once, 1, LATER)) == once


def test_nothing_is_made_behind_a_verdict() -> None:
    """Neither a machine nor a script."""
    assert intend(JUDGED, 1, NOW) is Halt.TOO_LATE
    assert intend_script(JUDGED, 1, NOW) is Halt.TOO_LATE


def test_nothing_is_deleted_before_a_verdict() -> None:
    """Nor is all of it gone then."""
    assert intend_deletion(NEW, 1, NOW) is Halt.TOO_LATE
    assert gone(NEW, 1, NOW) is Halt.TOO_LATE
    begun = held(intend_deletion(JUDGED, 1, NOW))
    assert begun.deletion_at == NOW
    assert held(intend_deletion(begun, 1, LATER)).deletion_at == NOW


def test_the_first_verdict_holds() -> None:
    """Whatever a later look says."""
    failed = a_verdict(BootOutcome.FAILED)
    assert held(settle(NEW, 1, failed)).verdict == failed
    assert held(settle(JUDGED, 1, failed)) == JUDGED


def test_a_machine_is_ours_once() -> None:
    """And so is a second one, of a PUT that came late."""
    one = held(owned(NEW, 1, "v"))
    assert one.vm_ids == ("v",)
    assert held(owned(one, 1, "v")) == one
    assert held(owned(one, 1, "w")).vm_ids == ("v", "w")


def test_what_is_left_is_said_until_it_is_gone() -> None:
    """Then nothing is."""
    left = held(left_behind(JUDGED, 1, "a disk"))
    assert left.left == "a disk"
    ended = held(gone(left, 1, LATER))
    assert (ended.left, ended.gone_at) == ("", LATER)


def test_the_stage_is_what_was_written_last() -> None:
    """In this order."""
    states = [
        NEW,
        BootState(intended_at=NOW),
        BootState(intended_at=NOW, script_at=NOW),
        BootState(intended_at=NOW, script_at=NOW, verdict=a_verdict()),
        DONE,
    ]
    assert [state.stage for state in states] == list(BootStage)
    assert (NEW.started, NEW.stopped_run, NEW.run) == (False, 0, 1)


def test_a_later_run_of_the_migration_makes_a_new_run() -> None:
    """The first ask makes none, and the same run may ask twice."""
    first = asked_again(NEW, 1)
    assert (first.run, first.owner_run, first.started) == (1, 1, True)
    assert asked_again(first, 1) == first
    second = asked_again(first, 2)
    assert (second.run, second.owner_run) == (2, 2)
    assert asked_again(second, 1) == second


def a_restart(run: int = 2) -> Restart:
    """A start by the sweep."""
    return Restart(run=run, at=NOW, cause="it vanished", mark="m")


def test_of_two_sweeps_one_wins() -> None:
    """Whatever changed since it was looked at makes the other lose."""
    again = held(restart(NEW, NEW, a_restart()))
    assert (again.run, again.restarts, again.verdict) == (2, (a_restart(),), None)
    assert restart(again, NEW, a_restart()) is Halt.SUPERSEDED
    assert stop(again, NEW) is Halt.SUPERSEDED
    assert restart(DONE, DONE, a_restart()) is Halt.SUPERSEDED
    assert stop(DONE, DONE) is Halt.SUPERSEDED
    assert held(stop(again, again)).stopped_run == 2


def test_a_restart_may_settle_what_has_no_verdict() -> None:
    """And changes none that stands."""
    unknown = a_verdict(BootOutcome.INCONCLUSIVE)
    assert held(restart(NEW, NEW, a_restart(), unknown)).verdict == unknown
    assert held(restart(JUDGED, JUDGED, a_restart(), unknown)).verdict == JUDGED.verdict


def test_the_last_restarts_are_kept() -> None:
    """However long something is left behind."""
    many = BootState(restarts=tuple(a_restart(n) for n in range(MOST_RESTARTS_KEPT)))
    kept = held(restart(many, many, a_restart(99))).restarts
    assert (len(kept), kept[0].run, kept[-1].run) == (MOST_RESTARTS_KEPT, 1, 99)


def test_a_test_of_which_something_is_found_is_open_again() -> None:
    """Under a new run, which deletes it."""
    ended = DONE.model_copy(update={"deletion_at": NOW, "vm_ids": ("v",)})
    again = found_again(ended, "a machine")
    assert (again.gone_at, again.left, again.run) == (None, "a machine", 2)
    assert (again.deletion_at, again.verdict, again.vm_ids) == (None, DONE.verdict, ("v",))


def test_a_test_names_all_that_it_makes() -> None:
    """Machine, interface, a disk for the system and for each LUN, all in the group of the tests."""
    test = a_test(model=a_model(luns=(0, 3)))
    machine = test.machine_id.rpartition("/")[2]
    assert test.machine_id == f"{GROUP}/providers/Microsoft.Compute/virtualMachines/{machine}"
    assert test.part_ids == (
        f"{GROUP}/providers/Microsoft.Network/networkInterfaces/{machine}-nic",
        f"{GROUP}/providers/Microsoft.Compute/disks/{machine}-os",
        f"{GROUP}/providers/Microsoft.Compute/disks/{machine}-data-0",
        f"{GROUP}/providers/Microsoft.Compute/disks/{machine}-data-3",
    )
    assert test.migration_id == MIGRATION


def test_a_result_is_there_with_the_verdict() -> None:
    """With all that others ask of it."""
    test = a_test()
    assert BootSnapshot(test=test, state=NEW).result is None
    state = JUDGED.model_copy(update={"left": "a disk"})
    result = BootSnapshot(test=test, state=state).result
    assert result is not None
    assert (result.test_id, result.version_id, result.region) == (
        test.id,
        test.version_id,
        test.region,
    )
    assert (result.published_date, result.left) == (test.published_date, "a disk")
    assert result.machine_id == test.machine_id
    assert result.words == "boot test passed in eastus2: seen"


def test_the_deadline_counts_from_the_first_put() -> None:
    """Before it there is none."""
    assert BootSnapshot(test=a_test(), state=NEW).deadline is None
    begun = BootSnapshot(test=a_test(), state=BootState(intended_at=NOW))
    assert begun.deadline == NOW + timedelta(minutes=30)
