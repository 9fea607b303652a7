"""The sweep: what died is started again, what cannot go on gets its one outcome, and people are told of it.

The durable extension is played (`extension.py`); records, client and sweep are real.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

import clock
from domain.approval.decisions import ApprovalState, Verdict
from domain.approval.statement import KeptStatement
from domain.ids import replication_instance_id
from domain.migration.latch import Effect, Intent, Latch, cancel
from domain.migration.recorded import (
    AcceptedRequest,
    Approval,
    ReceivedDecision,
    Snapshot,
    State,
)
from domain.migration.restarting import HANGS_AFTER, Runtime
from domain.migration.stages import Outcome, Stage
from domain.notices.notice import ASKING, END, REMINDER, STALLED, Notice
from records.migrations import MARK_EVERY
from records.store import RecordsUnavailableError
from services.notifications import TRIES_WARNED
from services.posting import NoAnswerError
from tests import builders as b
from tests.app import app, forget, records
from tests.triggers.extension import Extension
from triggers.timers.carrying_on import GRACE
from triggers.timers.sweep import TELLING_GRACE, sweep

pytestmark = pytest.mark.usefixtures("own_records")

A_DAY_LATER = b.NOW + timedelta(days=1)


class Time:
    """The app's time, long after everything that was accepted."""

    def __init__(self) -> None:
        self.at = A_DAY_LATER

    def now(self) -> datetime:
        """The moment that it is."""
        return self.at

    def pass_by(self, **delta: float) -> None:
        """Later."""
        self.at += timedelta(**delta)


@pytest.fixture
def time() -> Iterator[Time]:
    """The app's time."""
    moving = Time()
    clock.use(moving.now)
    yield moving
    clock.use(clock._wall_clock)


@pytest.fixture(autouse=True)
def extension(time: Time) -> Extension:
    """An extension that knows no orchestration."""
    return Extension()


def started(**request: Any) -> AcceptedRequest:
    """A migration whose orchestration was started."""
    accepted = b.an_acceptance(**request)
    records().accept(accepted)
    records().mark_started(accepted.id, b.NOW)
    return accepted


def written(accepted: AcceptedRequest) -> Snapshot:
    snapshot = records().snapshot(accepted.id)
    assert snapshot is not None
    return snapshot


def swept(extension: Extension, accepted: AcceptedRequest, sweeps: int = 1) -> Snapshot:
    """The migration after so many sweeps at once."""

    async def work(client: Any) -> None:
        await asyncio.gather(*(sweep(client) for _ in range(sweeps)))

    asyncio.run(extension.play(work))
    return written(accepted)


def is_open(accepted: AcceptedRequest) -> bool:
    return accepted.id in [row[0] for row in records().open_migrations()]


def in_stage(accepted: AcceptedRequest, stage: Stage, **more: Any) -> None:
    records().change_state(accepted.id, lambda _: State(stage=stage, **more))


def write_latch(accepted: AcceptedRequest, **changes: Any) -> None:
    records().change_latch(accepted.id, lambda latch: latch.model_copy(update=changes))


# -- what the extension says ------------------------------------------------------------------------------------


def test_an_extension_that_cannot_answer_closes_nothing(extension: Extension, time: Time) -> None:
    """Its storage is down for a moment: the migration runs on, and nothing is said of it."""
    time.at = b.NOW + timedelta(hours=2)
    accepted = started()
    extension.broken = True
    snapshot = swept(extension, accepted)
    assert (snapshot.finished, snapshot.latch) == (None, Latch())
    assert snapshot.state == State()
    assert extension.asked == []


def test_an_extension_that_does_not_say_how_a_child_stands_closes_nothing(
    extension: Extension, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without knowing that a person terminated it, the sweep cannot decide between a restart and an end."""
    accepted = started()
    extension.stands(accepted.id, Runtime.FAILED, b.NOW)
    status = extension._status

    async def half(request: Any) -> Any:
        extension.broken = request.match_info["id"] != accepted.id
        return await status(request)

    monkeypatch.setattr(extension, "_status", half)
    snapshot = swept(extension, accepted)
    assert (snapshot.latch, extension.asked) == (Latch(), [])


def test_what_was_accepted_and_never_started_is_started(extension: Extension) -> None:
    """Its starter died: it is its first run."""
    accepted = b.an_acceptance()
    records().accept(accepted)
    snapshot = swept(extension, accepted)
    assert extension.did("start") == [accepted.id]
    assert (snapshot.latch.run, snapshot.started) == (1, True)


def test_what_runs_is_left_alone(extension: Extension, time: Time) -> None:
    """Nothing is asked of it, nothing written."""
    time.at = b.NOW + timedelta(hours=2)
    accepted = started()
    extension.stands(accepted.id, Runtime.RUNNING, time.at)
    before = written(accepted)
    assert swept(extension, accepted) == before
    assert extension.asked == []


def test_what_was_just_accepted_is_left_to_its_starter(extension: Extension, time: Time) -> None:
    """For two minutes; the extension may not know it yet."""
    accepted = started()
    time.at = accepted.accepted_at + timedelta(minutes=2)
    swept(extension, accepted)
    assert extension.did("start") == []


# -- started again ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["failed", "vanished"])
def test_what_died_is_started_again(extension: Extension, how: str) -> None:
    """As the next run, under its id, with a line that says so."""
    accepted = started()
    in_stage(accepted, Stage.REPLICATION)
    if how == "failed":
        extension.stands(accepted.id, Runtime.FAILED, b.NOW, "Non-Deterministic workflow detected")
    snapshot = swept(extension, accepted)
    assert extension.did("start") == [accepted.id]
    [start] = snapshot.latch.restarts
    assert start.version == app().version
    assert (snapshot.latch.run, start.run, start.at) == (2, 2, A_DAY_LATER)
    [line] = snapshot.state.timeline
    assert (line.step, line.stage) == ("restart 2", Stage.REPLICATION)
    assert line.text == f"started again (run 2): {start.cause}"
    assert how in start.cause
    assert snapshot.finished is None


def test_two_sweeps_at_once_start_it_once(extension: Extension) -> None:
    """Of two hosts one wins; the other does nothing at all."""
    accepted = started()
    extension.stands(accepted.id, Runtime.FAILED, b.NOW)
    snapshot = swept(extension, accepted, sweeps=4)
    assert extension.did("start") == [accepted.id]
    assert snapshot.latch.run == 2
    assert len(snapshot.latch.restarts) == len(snapshot.state.timeline) == 1


def test_a_restart_is_counted_before_it_is_done(extension: Extension, time: Time) -> None:
    """A start that does not arrive is tried again after its delay, as another run."""
    accepted = started()
    extension.stands(accepted.id, Runtime.FAILED, b.NOW)
    assert swept(extension, accepted).latch.run == 2
    assert swept(extension, accepted).latch.run == 2
    time.pass_by(minutes=1)
    assert swept(extension, accepted).latch.run == 3
    assert extension.did("start") == [accepted.id] * 2


def test_what_does_not_come_further_is_ended(
    extension: Extension, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After as many restarts as the setting says; with the end that the record implies."""
    monkeypatch.setenv("RESTART_LIMIT", "3")
    accepted = started(deletion={"enabled": True})
    in_stage(accepted, Stage.APPROVAL)
    extension.stands(accepted.id, Runtime.FAILED, b.NOW, "out of memory")
    for _ in range(4):
        snapshot = swept(extension, accepted)
        time.pass_by(hours=1)
    assert len(extension.did("start")) == 3
    assert snapshot.finished is not None
    assert (snapshot.finished.outcome, snapshot.stage) == (Outcome.KEPT, Stage.FINISHED)
    assert "3 times without coming further (out of memory)" in snapshot.finished.reason
    assert [line.step for line in snapshot.state.timeline][-1] == "finished"
    assert not is_open(accepted)


def test_what_hangs_is_terminated_and_started_again(extension: Extension, time: Time) -> None:
    """The record says first that the app itself did it, so that it is taken for no person's wish."""
    accepted = started()
    extension.stands(accepted.id, Runtime.RUNNING, time.at - HANGS_AFTER - timedelta(seconds=1))
    snapshot = swept(extension, accepted)
    assert (extension.did("terminate"), snapshot.latch.stopped_run) == ([accepted.id], 1)
    extension.stands(accepted.id, Runtime.TERMINATED, time.at)
    snapshot = swept(extension, accepted)
    assert extension.did("start") == [accepted.id]
    assert (snapshot.finished, snapshot.latch.run) == (None, 2)
    assert "hung" in snapshot.state.timeline[0].text


def test_what_a_person_terminates_later_is_ended_all_the_same(
    extension: Extension, time: Time
) -> None:
    """The run that the app terminated was another one."""
    accepted = started()
    write_latch(accepted, run=2, stopped_run=1)
    extension.stands(accepted.id, Runtime.TERMINATED, time.at)
    assert swept(extension, accepted).finished is not None


def test_a_child_that_moves_keeps_its_parent(extension: Extension, time: Time) -> None:
    """It polls for days, its parent waits in silence."""
    accepted = started()
    extension.stands(accepted.id, Runtime.RUNNING, time.at - timedelta(days=9))
    child = replication_instance_id(accepted.id, "promotion")
    extension.stands(child, Runtime.RUNNING, time.at)
    swept(extension, accepted)
    assert extension.asked == []


def test_a_later_run_stands_so_the_old_ones_end_is_none(extension: Extension) -> None:
    """It returned that it is over; nobody started the later one yet."""
    accepted = started()
    write_latch(accepted, run=2)
    extension.stands(accepted.id, Runtime.COMPLETED, b.NOW, {"over": True})
    snapshot = swept(extension, accepted)
    assert extension.did("start") == [accepted.id]
    assert (snapshot.finished, snapshot.latch.run) == (None, 3)


# -- ended ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["parent", "child"])
def test_what_a_person_terminated_is_closed(extension: Extension, who: str) -> None:
    """That is respected: nothing is started again, and people are told."""
    accepted = started()
    in_stage(accepted, Stage.REPLICATION)
    if who == "parent":
        extension.stands(accepted.id, Runtime.TERMINATED, b.NOW, "enough")
    else:
        extension.stands(accepted.id, Runtime.FAILED, b.NOW, "the child was terminated")
        child = replication_instance_id(accepted.id, "replication")
        extension.stands(child, Runtime.TERMINATED, b.NOW, "enough")
    snapshot = swept(extension, accepted)
    assert snapshot.finished is not None
    assert (snapshot.finished.outcome, snapshot.finished.at) == (Outcome.FAILED, A_DAY_LATER)
    assert "was terminated" in snapshot.finished.reason
    assert extension.did("start") == []
    assert not is_open(accepted)
    [entry] = records().recent(stage=None, outcome=None, limit=9, after="")[0]
    assert (entry.stage, entry.outcome) == (Stage.FINISHED, Outcome.FAILED)


def test_an_image_that_may_be_deleted_is_not_told_as_kept(extension: Extension) -> None:
    """Its DELETE was about to be sent."""
    accepted = started(deletion={"enabled": True})
    in_stage(accepted, Stage.DELETION)
    write_latch(accepted, effects={Effect.DELETION: Intent(run=1, at=b.NOW, began=b.NOW)})
    extension.stands(accepted.id, Runtime.TERMINATED, b.NOW)
    finished = swept(extension, accepted).finished
    assert finished is not None
    assert (finished.outcome, finished.result["image"]) == (Outcome.KEPT, "unknown")


def test_what_completed_without_an_outcome_is_closed(extension: Extension) -> None:
    """Records that were put back from a copy."""
    accepted = started()
    extension.stands(accepted.id, Runtime.COMPLETED, b.NOW, {"outcome": "completed"})
    finished = swept(extension, accepted).finished
    assert finished is not None
    assert "without an outcome" in finished.reason
    assert extension.asked == []


def test_a_migration_that_moves_while_it_is_looked_at_is_not_closed(
    extension: Extension, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was written meanwhile says that somebody is at it."""
    accepted = started()
    extension.stands(accepted.id, Runtime.TERMINATED, b.NOW)
    status = extension._status

    async def then_moved(request: Any) -> Any:
        write_latch(accepted, effects={Effect.VERSION: Intent(run=1, at=b.NOW, began=b.NOW)})
        return await status(request)

    monkeypatch.setattr(extension, "_status", then_moved)
    assert swept(extension, accepted).finished is None


def test_what_is_suspended_is_reported_once(extension: Extension, time: Time) -> None:
    """And left, however long."""
    accepted = started()
    extension.stands(accepted.id, Runtime.SUSPENDED, b.NOW)
    for _ in range(3):
        snapshot = swept(extension, accepted)
        time.pass_by(days=2)
    stalled, suspended = snapshot.state.warnings
    assert "stands still in the stage planning" in stalled
    assert "suspended" in suspended
    assert (snapshot.finished, extension.asked) == (None, [])


@pytest.mark.parametrize("how", [Runtime.SUSPENDED, Runtime.PENDING])
def test_21_what_waits_past_its_deadline_is_told_of(
    extension: Extension, time: Time, monkeypatch: pytest.MonkeyPatch, how: Runtime
) -> None:
    """Nobody waits in silence: a warning and a notice, once."""
    monkeypatch.setenv("NOTIFICATION_URL", "http://127.0.0.1:9/hook")
    monkeypatch.setenv("NOTIFICATION_SECRET", b.SECRET)
    forget()
    accepted = started(deletion={"enabled": True})
    approval = Approval(deadline=time.at + timedelta(days=1), fingerprint="f")
    in_stage(accepted, Stage.APPROVAL, approval=approval)
    extension.stands(accepted.id, how, time.at)
    assert STALLED not in swept(extension, accepted).notices
    time.pass_by(days=1, hours=1, seconds=1)
    extension.stands(accepted.id, how, time.at)
    for _ in range(2):
        snapshot = swept(extension, accepted)
    assert [w for w in snapshot.state.warnings if "stands still in the stage approval" in w]
    assert STALLED in snapshot.notices
    assert snapshot.finished is None


# -- told -------------------------------------------------------------------------------------------------------


def finished_untold(time: Time) -> AcceptedRequest:
    """A migration whose orchestration wrote the outcome and died."""
    accepted = started()
    write_latch(accepted, finished=b.an_end(Outcome.KEPT, reason="rejected", at=time.at))
    return accepted


def test_an_end_that_nobody_was_told_is_told(extension: Extension, time: Time) -> None:
    """Once its own orchestration has had its time; nobody is configured here, so it is only closed."""
    accepted = finished_untold(time)
    extension.stands(accepted.id, Runtime.RUNNING, time.at)
    time.pass_by(seconds=TELLING_GRACE.total_seconds())
    swept(extension, accepted)
    assert is_open(accepted)
    time.pass_by(seconds=1)
    snapshot = swept(extension, accepted)
    assert not is_open(accepted)
    assert extension.asked == []
    assert [line.text for line in snapshot.state.timeline] == ["kept: rejected"]


@pytest.mark.parametrize("how", [Runtime.FAILED, Runtime.TERMINATED, Runtime.MISSING])
def test_an_end_is_told_soon_when_nobody_is_left_to_tell_it(
    extension: Extension, time: Time, how: Runtime
) -> None:
    """An activity that it left in flight has its time all the same."""
    accepted = finished_untold(time)
    if how is not Runtime.MISSING:
        extension.stands(accepted.id, how, time.at)
    time.pass_by(seconds=GRACE.total_seconds())
    swept(extension, accepted)
    assert is_open(accepted)
    time.pass_by(seconds=1)
    swept(extension, accepted)
    assert not is_open(accepted)


def test_an_end_whose_line_is_missing_gets_it(extension: Extension, time: Time) -> None:
    """Whoever wrote the outcome died before the line; once."""
    accepted = finished_untold(time)
    for _ in range(2):
        snapshot = swept(extension, accepted)
    assert [line.step for line in snapshot.state.timeline] == ["finished"]
    [entry] = records().recent(stage=None, outcome=None, limit=9, after="")[0]
    assert (entry.outcome, entry.reason, entry.updated_at) == (Outcome.KEPT, "rejected", time.at)


def test_an_end_that_cannot_be_told_is_given_up_with_a_warning(
    extension: Extension, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a day of tries, with a warning before that; nothing of the address is told."""
    monkeypatch.setenv("NOTIFICATION_URL", "http://127.0.0.1:9/hook?key=s3cret")
    monkeypatch.setenv("NOTIFICATION_SECRET", b.SECRET)
    forget()
    accepted = finished_untold(time)
    time.pass_by(hours=1)
    bodies = set()
    for _ in range(TRIES_WARNED):
        snapshot = swept(extension, accepted)
        bodies.add(snapshot.notices[END].body)
        time.pass_by(minutes=5)
    assert "was not taken 6 times" in snapshot.state.warnings[-1]
    time.pass_by(hours=23, minutes=29, seconds=59)
    assert not swept(extension, accepted).notices[END].given_up
    assert is_open(accepted)
    time.pass_by(seconds=1)
    snapshot = swept(extension, accepted)
    bodies.add(snapshot.notices[END].body)
    assert len(bodies) == 1
    notice = snapshot.notices[END]
    assert (notice.tries, notice.taken, notice.given_up) == (TRIES_WARNED + 2, False, True)
    assert not is_open(accepted)
    assert "could not be sent" in snapshot.state.warnings[-1]
    assert "s3cret" not in str(snapshot.state.warnings)


def test_10_a_receiver_that_does_not_answer_is_asked_once_in_a_sweep(
    extension: Extension, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many notices wait for it; each of them waits for the next sweep, for as long as it matters."""
    asked: list[str] = []

    def silent(url: str, body: bytes, headers: Any) -> int:
        asked.append(headers["webhook-id"])
        raise NoAnswerError

    monkeypatch.setattr("services.receivers.post", silent)
    monkeypatch.setenv("NOTIFICATION_URL", "https://receiver.example/hook")
    monkeypatch.setenv("NOTIFICATION_SECRET", b.SECRET)
    forget()
    for number in range(5):
        accepted = b.an_acceptance(image_id=f"{b.IMAGE_ID}{number}")
        records().accept(accepted)
        records().mark_started(accepted.id, time.at)
        records().make_notice(accepted.id, ASKING, Notice(body="{}", made_at=time.at))
        approval = Approval(deadline=time.at + timedelta(days=1), fingerprint="f")
        in_stage(accepted, Stage.APPROVAL, approval=approval)
        extension.stands(accepted.id, Runtime.RUNNING, time.at)
    for sweeps in range(1, 4):
        swept(extension, accepted)
        assert len(asked) == sweeps
    assert not written(accepted).notices[ASKING].settled


def test_10_one_notice_that_a_receiver_cannot_take_holds_back_no_other(
    extension: Extension, time: Time, taking: Taking
) -> None:
    """It is asked about three in a sweep that fail; and what is late is given up, whether it was asked about or not."""
    for number in range(5):
        accepted = b.an_acceptance(image_id=f"{b.IMAGE_ID}{number}")
        records().accept(accepted)
        write_latch(accepted, finished=b.an_end(Outcome.KEPT, reason="rejected", at=time.at))
    time.pass_by(hours=1)
    taking.status = 503
    swept(extension, accepted)
    assert taking.kinds == [END] * 3
    time.pass_by(days=1)
    swept(extension, accepted)
    assert taking.kinds == [END] * 6
    assert records().open_migrations() == []


# -- reminded ---------------------------------------------------------------------------------------------------


class Taking:
    """A receiver that takes what is posted, or refuses it with a status; the kinds that it got, in order."""

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.status = 200

    def post(self, url: str, body: bytes, headers: Any) -> int:
        """Take a notice."""
        self.kinds.append(json.loads(body)["type"])
        return self.status


@pytest.fixture
def taking(monkeypatch: pytest.MonkeyPatch) -> Taking:
    """The configured receiver."""
    receiver = Taking()
    monkeypatch.setattr("services.receivers.post", receiver.post)
    monkeypatch.setenv("NOTIFICATION_URL", "https://receiver.example/hook")
    monkeypatch.setenv("NOTIFICATION_SECRET", b.SECRET)
    forget()
    return receiver


def asked(extension: Extension, time: Time, *, told: bool = True) -> AcceptedRequest:
    """A migration that asks for its approval from now on, for three days."""
    accepted = started(deletion={"enabled": True})
    deadline = time.at + timedelta(days=3)
    approval = Approval(deadline=deadline, asked_at=time.at, fingerprint="f")
    in_stage(accepted, Stage.APPROVAL, approval=approval)
    records().keep_statement(accepted.id, 1, KeptStatement(text="{}", asked_at=time.at))
    if told:
        records().make_notice(accepted.id, ASKING, Notice(kind=ASKING, taken=True))
    extension.stands(accepted.id, Runtime.RUNNING, time.at)
    return accepted


def test_people_are_reminded_before_the_deadline_each_time_once(
    extension: Extension, time: Time, taking: Taking
) -> None:
    """A day and two hours before it, however often the sweep comes, and whoever died meanwhile."""
    accepted = asked(extension, time)
    time.pass_by(days=1, hours=23, minutes=59)
    swept(extension, accepted)
    assert taking.kinds == []
    for _ in range(2):
        time.pass_by(minutes=1)
        extension.stands(accepted.id, Runtime.RUNNING, time.at)
        swept(extension, accepted)
        assert taking.kinds == [REMINDER]
    time.pass_by(hours=22)
    extension.stands(accepted.id, Runtime.RUNNING, time.at)
    for _ in range(2):
        kinds = swept(extension, accepted).notices
    assert taking.kinds == [REMINDER] * 2
    assert set(kinds) == {ASKING, f"{REMINDER}.P1D", f"{REMINDER}.PT2H"}


def test_a_reminder_that_was_not_taken_is_repeated_while_it_matters(
    extension: Extension, time: Time, taking: Taking
) -> None:
    """Not after the verdict: nobody is asked any more."""
    accepted = asked(extension, time)
    time.pass_by(days=2)
    extension.stands(accepted.id, Runtime.RUNNING, time.at)
    taking.status = 503
    for _ in range(2):
        swept(extension, accepted)
    assert taking.kinds == [REMINDER] * 2
    write_latch(accepted, verdict=Verdict(state=ApprovalState.APPROVED))
    swept(extension, accepted)
    assert taking.kinds.count(REMINDER) == 2


def test_who_has_decided_is_not_reminded(extension: Extension, time: Time, taking: Taking) -> None:
    """The verdict stands; the deadline is nobody's any more."""
    accepted = asked(extension, time)
    write_latch(accepted, verdict=Verdict(state=ApprovalState.APPROVED))
    time.pass_by(days=2)
    extension.stands(accepted.id, Runtime.RUNNING, time.at)
    swept(extension, accepted)
    assert REMINDER not in taking.kinds


def test_a_question_that_nobody_was_told_is_told(
    extension: Extension, time: Time, taking: Taking
) -> None:
    """The activity that should have told it never came to write it down; it gets two minutes."""
    accepted = asked(extension, time, told=False)
    time.pass_by(minutes=2)
    swept(extension, accepted)
    assert taking.kinds == []
    time.pass_by(seconds=1)
    for _ in range(2):
        swept(extension, accepted)
    assert taking.kinds == [ASKING]


@pytest.mark.parametrize("quiet", ["PT2H", ""])
def test_a_wait_for_what_nobody_could_be_told_is_woken(
    extension: Extension,
    time: Time,
    taking: Taking,
    monkeypatch: pytest.MonkeyPatch,
    quiet: str,
) -> None:
    """Once that is given up, so that it ends; not where nobody has to know, nor once somebody knew."""
    monkeypatch.setenv("QUIET_TIME", quiet)
    monkeypatch.setenv("SEALING_KEYS", b.SECRET)
    forget()
    taking.status = 503
    accepted = asked(extension, time, told=False)
    time.pass_by(hours=23, minutes=59)
    extension.stands(accepted.id, Runtime.RUNNING, time.at)
    swept(extension, accepted)
    assert extension.asked == []
    time.pass_by(minutes=1)
    extension.stands(accepted.id, Runtime.RUNNING, time.at)
    swept(extension, accepted)
    assert bool(extension.asked) is bool(quiet)


def test_a_wait_for_what_somebody_knows_is_left_alone(
    extension: Extension, time: Time, taking: Taking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receiver that answers for it has taken the notice."""
    monkeypatch.setenv("QUIET_TIME", "PT2H")
    monkeypatch.setenv("SEALING_KEYS", b.SECRET)
    forget()
    accepted = asked(extension, time, told=False)
    for hours in (1, 24):
        time.pass_by(hours=hours)
        extension.stands(accepted.id, Runtime.RUNNING, time.at)
        snapshot = swept(extension, accepted)
    assert extension.asked == []
    assert snapshot.notices[ASKING].taken_at == time.at - timedelta(hours=24)


# -- woken, and dropped -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["a decision", "a cancellation"])
def test_a_wait_that_did_not_hear_is_woken(extension: Extension, why: str) -> None:
    """The event was lost; hearing it twice is fine."""
    accepted = started(deletion={"enabled": True})
    approval = Approval(deadline=A_DAY_LATER + timedelta(days=1), fingerprint="f", round=3)
    in_stage(accepted, Stage.APPROVAL, approval=approval)
    extension.stands(accepted.id, Runtime.RUNNING, A_DAY_LATER)
    swept(extension, accepted)
    assert extension.asked == []
    if why == "a decision":
        records().receive(accepted.id, ReceivedDecision(decision=b.a_decision(), body_hash="h"))
    else:
        records().change_latch(accepted.id, lambda latch: cancel(latch, b.NOW))
    swept(extension, accepted)
    assert extension.did("raise") == [accepted.id]


def test_a_pointer_without_a_claim_is_dropped(extension: Extension) -> None:
    """Its starter died before it had the image."""
    records()._store.put("open", b.MIGRATION_ID, {"at": b.NOW.isoformat()})
    asyncio.run(extension.play(sweep))
    assert records().open_migrations() == []


def test_21_a_row_that_cannot_be_read_stops_neither_sweep_nor_the_others(
    extension: Extension,
) -> None:
    """Of the open pointers, and of what the sweep remembers itself."""
    accepted = b.an_acceptance()
    records().accept(accepted)
    store = records()._store
    for row, value in (("aaa", {}), ("bbb", {"at": 7}), (accepted.id, {"at": "yesterday"})):
        store.put("open", row, value)
    store.put("sweep", "last", {"at": None})
    store.put("sweep", "after", {})
    assert records().last_swept() is None
    asyncio.run(extension.play(sweep))
    assert extension.did("start") == [accepted.id]
    assert records().last_swept() is not None


def test_21_a_sweep_that_was_cut_off_goes_on_where_it_stopped(
    extension: Extension, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, the last are looked at too; one that is through begins from the first again."""
    ids = []
    for number in range(MARK_EVERY + 3):
        accepted = b.an_acceptance(image_id=f"{b.IMAGE_ID}{number}")
        records().accept(accepted)
        ids.append(accepted.id)
    mark = records().mark_sweeping

    def then_cut_off(migration: str) -> None:
        mark(migration)
        raise RecordsUnavailableError("the host ends it")

    with monkeypatch.context() as cut:
        cut.setattr(records(), "mark_sweeping", then_cut_off)
        with pytest.raises(RecordsUnavailableError):
            asyncio.run(extension.play(sweep))
    assert extension.did("start") == sorted(ids)[:MARK_EVERY]
    extension.asked.clear()
    asyncio.run(extension.play(sweep))
    order = extension.did("start")
    assert order[:3] == sorted(ids)[MARK_EVERY:]
    assert [migration for migration, *_ in records().begin_sweep(b.NOW)] == sorted(ids)


def test_one_that_cannot_be_looked_at_holds_up_no_other(
    extension: Extension, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked at the next time."""
    unreadable, accepted = started(), b.an_acceptance(image_id=b.IMAGE_ID + "b")
    records().accept(accepted)
    really = records().snapshot

    def snapshot(migration: str) -> Snapshot | None:
        if migration == unreadable.id:
            raise ValueError("a row that is none")
        return really(migration)

    with monkeypatch.context() as broken:
        broken.setattr(records(), "snapshot", snapshot)
        asyncio.run(extension.play(sweep))
    assert extension.did("start") == [accepted.id]
