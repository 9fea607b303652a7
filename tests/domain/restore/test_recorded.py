"""One row holds every run of a restore: which run counts, what was sent, how it ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.migration.lapses import LAPSES_AFTER
from domain.migration.latch import MOST_RESTARTS_KEPT, Halt, Restart
from domain.restore.recorded import (
    IMAGE,
    Restore,
    RestoreEnd,
    RestoreState,
    answered,
    begin,
    close,
    delete_key,
    finish,
    implied_end,
    intend,
    know,
    make_key,
    newest,
    restart,
    settle,
    stop,
    take_back,
)
from tests.builders import NOW
from tests.domain.restore.values import a_restore, a_write

LATER = NOW + timedelta(minutes=7)
DONE = RestoreEnd(state=RestoreState.RESTORED, reason="the image is there again", at=NOW)
AGAIN = Restart(run=2, at=LATER, cause="it failed", mark="m")
DISK = a_restore().plan.disks[0].disk.name
MAKE = make_key(DISK)


def held(found: Restore | Halt) -> Restore:
    """A change that must be allowed."""
    assert isinstance(found, Restore), found
    return found


def test_a_write_is_intended_before_it_is_sent() -> None:
    """The first time it began stands; one that is intended again may have arrived before."""
    first = held(intend(a_restore(), 1, MAKE, NOW)).writes[MAKE]
    assert (first.run, first.at, first.began, first.repeated) == (1, NOW, NOW, False)
    assert (first.answered, first.may_come) == (False, True)
    again = held(intend(a_restore(writes={MAKE: first}), 1, MAKE, LATER)).writes[MAKE]
    assert (again.at, again.began, again.repeated) == (LATER, NOW, True)


@pytest.mark.parametrize(
    ("changes", "halt"),
    [({"finished": DONE}, Halt.ENDED), ({"run": 2}, Halt.SUPERSEDED)],
)
def test_a_run_that_does_not_count_changes_nothing(changes: dict[str, object], halt: Halt) -> None:
    """A later run stands, or it has ended."""
    restore = a_restore(**changes)
    assert restore.halt(1) is halt
    assert intend(restore, 1, IMAGE, NOW) is halt
    assert know(restore, 1, {DISK: "u"}) is halt
    assert settle(restore, 1, DONE) is halt
    assert a_restore().halt(1) is None


def test_what_azure_took_is_not_on_its_way() -> None:
    """With its operation and correlation id; of an earlier run's write nothing is written."""
    sent = held(intend(a_restore(), 1, MAKE, NOW))
    write = held(answered(sent, 1, MAKE, "https://operation", "by")).writes[MAKE]
    assert (write.answered, write.may_come) == (True, False)
    assert (write.operation_url, write.correlation_id) == ("https://operation", "by")
    assert answered(sent, 2, MAKE, None, None) is Halt.SUPERSEDED
    assert answered(sent, 1, IMAGE, None, None) is Halt.SUPERSEDED


def test_a_refused_write_is_taken_back_by_its_own_run() -> None:
    """Unless an earlier one may have arrived."""
    other = {IMAGE: a_write()}
    sent = held(intend(a_restore(writes=other), 1, MAKE, NOW))
    assert held(take_back(sent, 1, MAKE)).writes == other
    assert take_back(sent, 2, MAKE) is Halt.SUPERSEDED
    assert take_back(sent, 1, "something") is Halt.SUPERSEDED
    assert take_back(held(intend(sent, 1, MAKE, LATER)), 1, MAKE) is Halt.SUPERSEDED


def test_ours_are_the_disks_whose_put_may_have_been_sent() -> None:
    """And no other of the plan."""
    restore = a_restore(writes={MAKE: a_write(), IMAGE: a_write(), delete_key("x"): a_write()})
    assert [disk.disk.name for disk in restore.begun_disks] == [DISK]
    assert len(restore.plan.disks) == 3


def test_a_disk_may_come_for_a_quarter_of_an_hour() -> None:
    """Counted from the last write of which nobody knows; of what was answered, once, none comes."""
    sure, unsure = a_write(), a_write(answered=False, at=LATER)
    assert a_restore(writes={MAKE: sure}).arrived_by is None
    assert a_restore(writes={IMAGE: unsure, delete_key(DISK): unsure}).arrived_by is None
    both = a_restore(writes={MAKE: a_write(repeated=True), make_key("y"): unsure})
    assert both.arrived_by == LATER + LAPSES_AFTER
    assert a_restore(writes={MAKE: a_write(repeated=True)}).arrived_by == NOW + LAPSES_AFTER
    system, data = both.plan.disks[:2]
    assert (both.may_come_again(system), both.may_come_again(data)) == (True, False)
    assert not a_restore(writes={MAKE: sure}).may_come_again(system)


def test_the_first_ids_that_azure_gave_are_known() -> None:
    """Whatever lies under the names later."""
    once = held(know(a_restore(), 1, {DISK: "u1"}))
    again = held(know(once, 1, {DISK: "u2", "other": "u3"}))
    assert again.unique_ids == {DISK: "u1", "other": "u3"}


def test_the_first_word_on_the_image_holds() -> None:
    """A run that comes to another one changes nothing."""
    settled = held(settle(a_restore(), 1, DONE))
    failed = DONE.model_copy(update={"state": RestoreState.FAILED})
    assert held(settle(settled, 1, failed)).settled == DONE
    assert settled.state is RestoreState.RUNNING


def test_it_ends_once_with_what_is_left() -> None:
    """By the run that counts, and after it is known what became of the image."""
    settled = held(settle(a_restore(), 1, DONE))
    ended = held(finish(settled, 1, LATER, ("disk",)))
    assert ended.finished == DONE.model_copy(update={"at": LATER, "left": ("disk",)})
    assert ended.state is RestoreState.RESTORED
    assert held(finish(ended, 1, LATER, ())) == ended
    assert finish(settled, 2, LATER, ()) is Halt.SUPERSEDED
    assert finish(a_restore(), 1, LATER, ()) is Halt.SUPERSEDED


def test_the_sweep_acts_on_what_it_saw() -> None:
    """Of two sweeps one wins, and what has happened meanwhile counts."""
    seen, changed = a_restore(), a_restore(started=True)
    again = held(restart(seen, seen, AGAIN))
    assert (again.run, again.restarts) == (2, (AGAIN,))
    assert held(stop(seen, seen)).stopped_run == seen.run == 1
    assert seen.stopped_run != seen.run
    assert held(close(seen, seen, DONE)).finished == DONE
    ended = a_restore(finished=DONE)
    for found in (
        restart(changed, seen, AGAIN),
        stop(changed, seen),
        close(changed, seen, DONE),
        restart(ended, ended, AGAIN),
        stop(ended, ended),
    ):
        assert found is Halt.SUPERSEDED
    many = a_restore(restarts=(AGAIN,) * MOST_RESTARTS_KEPT)
    last = AGAIN.model_copy(update={"run": 3})
    kept = held(restart(many, many, last)).restarts
    assert (len(kept), kept[-1]) == (MOST_RESTARTS_KEPT, last)
    assert begin(seen).started


def test_it_moves_on_by_what_was_sent_seen_and_settled() -> None:
    """A restart alone is no progress."""
    marks = [
        a_restore(),
        a_restore(writes={MAKE: a_write(answered=False)}),
        a_restore(writes={MAKE: a_write()}),
        a_restore(writes={MAKE: a_write()}, unique_ids={DISK: "u"}),
        a_restore(writes={MAKE: a_write()}, unique_ids={DISK: "u"}, settled=DONE),
    ]
    assert len({restore.mark for restore in marks}) == len(marks)
    assert a_restore(run=2, restarts=(AGAIN,), started=True).mark == a_restore().mark
    assert len(a_restore().mark) == 16


def test_the_newest_attempt_counts() -> None:
    """Whatever order they are read in."""
    first, second = a_restore(), a_restore(attempt=2)
    assert newest([second, first]) == newest([first, second]) == second
    assert newest([]) is None


def test_an_end_is_implied_by_what_was_sent() -> None:
    """The image may have been made, or not; the disks that may be there are named."""
    disk = a_restore().plan.disks[0].disk.text
    nothing = implied_end(a_restore(), "was terminated", "by ada", LATER)
    told = "the orchestration was terminated (by ada); the image was not made; ask for the restore again"
    assert (nothing.state, nothing.reason, nothing.at) == (RestoreState.FAILED, told, LATER)
    assert nothing.left == ()
    sent = implied_end(a_restore(writes={MAKE: a_write(), IMAGE: a_write()}), "vanished", "", LATER)
    assert sent.reason.startswith("the orchestration vanished; the image may have been made")
    assert sent.left == (disk,)
    settled = a_restore(settled=DONE, writes={MAKE: a_write()})
    known = implied_end(settled, "hung", "", LATER)
    assert (known.state, known.at, known.left) == (RestoreState.RESTORED, LATER, (disk,))
    assert known.reason == (
        "the image is there again; the orchestration hung before the disks made on the way were gone"
    )
