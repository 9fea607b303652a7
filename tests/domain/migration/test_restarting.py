"""The sweep's action on an orchestration without an outcome goes by its state, its restarts, and its age."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.migration.latch import Effect, Intent, Latch, Restart
from domain.migration.polling import RegionStatus
from domain.migration.recorded import Ruling, Snapshot, State, TimelineEntry
from domain.migration.restarting import (
    HANGS_AFTER,
    LONGEST_DELAY,
    LONGEST_TEXT,
    LONGEST_TIMER,
    OTHER_CODE,
    OTHERS_FIRST,
    Decision,
    EndIt,
    OrchestrationState,
    Report,
    RestartPolicy,
    Runtime,
    StartAgain,
    Step,
    delay_after,
    for_people,
    implied_end,
    judge_orchestration,
    progress_mark,
)
from domain.migration.stages import ImageFate, Outcome, Stage
from tests import builders as b
from tests.builders import NOW

POLICY = RestartPolicy(limit=3, delay=timedelta(minutes=1))
NO_CHILDREN = (OrchestrationState(Runtime.MISSING), OrchestrationState(Runtime.MISSING))
SENT = Intent(run=1, at=NOW, began=NOW)
LONG_AGO = NOW - HANGS_AFTER - timedelta(seconds=1)
RECENTLY = NOW - HANGS_AFTER + timedelta(seconds=1)


def a_snapshot(
    stage: Stage = Stage.REPLICATION, *, deletion: bool = False, **more: Any
) -> Snapshot:
    """A migration that was started; `more` by field."""
    values = {
        "accepted": b.an_acceptance(deletion={"enabled": deletion}),
        "started": True,
        "state": State(stage=stage),
        "plan": b.a_plan(),
    }
    return Snapshot(**{**values, **more})


def restarts(number: int, snapshot: Snapshot, at: datetime = NOW, **more: Any) -> Latch:
    """So many restarts in a row since the migration moved on last."""
    values = {"at": at, "cause": "c", "mark": progress_mark(snapshot), **more}
    return Latch(
        run=number + 1, restarts=tuple(Restart(run=n + 2, **values) for n in range(number))
    )


def judged(
    parent: OrchestrationState,
    children: tuple[OrchestrationState, ...] = NO_CHILDREN,
    snapshot: Snapshot | None = None,
    now: datetime = NOW,
    policy: RestartPolicy = POLICY,
) -> Decision:
    return judge_orchestration(snapshot or a_snapshot(), parent, children, now, policy)


def seen(
    runtime: Runtime, text: str = "", at: datetime | None = NOW, **more: Any
) -> OrchestrationState:
    return OrchestrationState(runtime, text, at, **more)


# -- by how it stands -------------------------------------------------------------------------------------------

CHILD_TERMINATED = (seen(Runtime.TERMINATED), OrchestrationState(Runtime.MISSING))
KINDS: dict[
    str, tuple[OrchestrationState, tuple[OrchestrationState, ...], Step | type[Decision]]
] = {
    "pending": (seen(Runtime.PENDING), NO_CHILDREN, Step.LEAVE),
    "running": (seen(Runtime.RUNNING), NO_CHILDREN, Step.LEAVE),
    "continued as new": (seen(Runtime.CONTINUED), NO_CHILDREN, Step.LEAVE),
    "suspended": (seen(Runtime.SUSPENDED), NO_CHILDREN, Report),
    "suspended for long": (seen(Runtime.SUSPENDED, at=LONG_AGO), NO_CHILDREN, Report),
    "its child is suspended": (
        seen(Runtime.RUNNING, at=LONG_AGO),
        (seen(Runtime.SUSPENDED, at=LONG_AGO),),
        Report,
    ),
    "failed with a suspended child": (
        seen(Runtime.FAILED),
        (seen(Runtime.SUSPENDED),),
        StartAgain,
    ),
    "failed": (seen(Runtime.FAILED, "Non-Deterministic"), NO_CHILDREN, StartAgain),
    "failed with its child": (seen(Runtime.FAILED), (seen(Runtime.FAILED),), StartAgain),
    "failed beside a child that runs": (
        seen(Runtime.FAILED),
        (seen(Runtime.RUNNING),),
        StartAgain,
    ),
    "vanished": (seen(Runtime.MISSING, at=None), NO_CHILDREN, StartAgain),
    "terminated": (seen(Runtime.TERMINATED), NO_CHILDREN, EndIt),
    "canceled": (seen(Runtime.CANCELED), NO_CHILDREN, EndIt),
    "died of a terminated child": (seen(Runtime.FAILED), CHILD_TERMINATED, EndIt),
    "died of a canceled child": (seen(Runtime.FAILED), (seen(Runtime.CANCELED),), EndIt),
    "runs beside a terminated child": (seen(Runtime.RUNNING), CHILD_TERMINATED, Step.LEAVE),
    "completed without an outcome": (seen(Runtime.COMPLETED), NO_CHILDREN, EndIt),
    "completed since a later run stands": (
        seen(Runtime.COMPLETED, superseded=True),
        NO_CHILDREN,
        StartAgain,
    ),
    "hangs": (seen(Runtime.RUNNING, at=LONG_AGO), NO_CHILDREN, Step.TERMINATE),
    "pending for ever": (seen(Runtime.PENDING, at=LONG_AGO), NO_CHILDREN, Step.TERMINATE),
    "quiet, not for long enough": (seen(Runtime.RUNNING, at=RECENTLY), NO_CHILDREN, Step.LEAVE),
    "quiet beside a child that moves": (
        seen(Runtime.RUNNING, at=LONG_AGO),
        (seen(Runtime.CONTINUED, at=RECENTLY),),
        Step.LEAVE,
    ),
    "quiet as its child is": (
        seen(Runtime.RUNNING, at=LONG_AGO),
        (seen(Runtime.RUNNING, at=LONG_AGO),),
        Step.TERMINATE,
    ),
    "quiet since nobody knows when": (seen(Runtime.RUNNING, at=None), NO_CHILDREN, Step.LEAVE),
}


@pytest.mark.parametrize(("parent", "children", "kind"), KINDS.values(), ids=KINDS)
def test_what_is_done_goes_by_how_it_stands(
    parent: OrchestrationState,
    children: tuple[OrchestrationState, ...],
    kind: Step | type[Decision],
) -> None:
    """An end by a person is respected, a dead orchestration is started again, one that may move is left."""
    decision = judged(parent, children)
    assert (decision if isinstance(decision, Step) else type(decision)) == kind


def test_every_state_is_judged() -> None:
    """Those that the extension has, and that it knows none."""
    assert {parent.runtime for parent, _, _ in KINDS.values()} == set(Runtime)


def test_what_was_never_started_is_begun() -> None:
    """No run is counted for it."""
    judgement = judged(OrchestrationState(Runtime.MISSING), snapshot=a_snapshot(started=False))
    assert judgement == Step.BEGIN


def test_what_waits_for_its_longest_timer_does_not_hang() -> None:
    """A day of silence is a day's timer."""
    assert HANGS_AFTER > LONGEST_TIMER
    assert judged(seen(Runtime.RUNNING, at=NOW - LONGEST_TIMER)) == Step.LEAVE


def test_what_nothing_has_moved_for_25_hours_hangs() -> None:
    """And not a moment earlier (docs/operations.md, "When an orchestration dies")."""
    quiet = seen(Runtime.RUNNING, at=NOW - timedelta(hours=25))
    assert judged(quiet) == Step.LEAVE
    assert judged(quiet, now=NOW + timedelta(microseconds=1)) == Step.TERMINATE


@pytest.mark.parametrize("children", [NO_CHILDREN, CHILD_TERMINATED])
def test_what_the_app_itself_terminated_is_started_again(
    children: tuple[OrchestrationState, ...],
) -> None:
    """Its run says so; the cause names it."""
    judgement = judged(
        seen(Runtime.TERMINATED), children, a_snapshot(latch=Latch(run=2, stopped_run=2))
    )
    assert isinstance(judgement, StartAgain)
    assert (judgement.start.run, "hung" in judgement.start.cause) == (3, True)


def test_what_a_person_terminated_after_the_app_had_is_ended() -> None:
    """The app had terminated an earlier run."""
    judgement = judged(
        seen(Runtime.TERMINATED), snapshot=a_snapshot(latch=Latch(run=3, stopped_run=2))
    )
    assert isinstance(judgement, EndIt)


# -- the restart that is written --------------------------------------------------------------------------------


def test_a_restart_says_which_run_when_and_why() -> None:
    """Number, time, the extension's words, and how far the migration had come."""
    judgement = judged(seen(Runtime.FAILED, "Non-Deterministic  workflow\ndetected"))
    assert judgement == StartAgain(
        Restart(
            run=2,
            at=NOW,
            cause="its orchestration failed (Non-Deterministic workflow detected)",
            mark=progress_mark(a_snapshot()),
        )
    )


@pytest.mark.parametrize(
    ("runtime", "word"),
    [
        (Runtime.FAILED, "failed"),
        (Runtime.MISSING, "vanished"),
        (Runtime.COMPLETED, "was replaced"),
    ],
)
def test_a_restart_names_what_happened(runtime: Runtime, word: str) -> None:
    """In a word, without empty brackets."""
    judgement = judged(seen(runtime, superseded=True))
    assert isinstance(judgement, StartAgain)
    assert judgement.start.cause == f"its orchestration {word}"


def test_other_code_is_no_fault_and_is_not_counted() -> None:
    """A deployment may come more often than the limit; the delay grows all the same."""
    text = f"{OTHER_CODE}: Orchestration version did not comply with Worker Versioning"
    judgement = judged(seen(Runtime.FAILED, text))
    assert isinstance(judgement, StartAgain)
    assert not judgement.start.counted
    snapshot = a_snapshot()
    often = a_snapshot(latch=restarts(9, snapshot, NOW - LONGEST_DELAY, counted=False))
    assert isinstance(judged(seen(Runtime.FAILED, text), snapshot=often), StartAgain)
    just = a_snapshot(latch=restarts(9, snapshot, counted=False))
    assert judged(seen(Runtime.FAILED, text), snapshot=just) == Step.LEAVE


@pytest.mark.parametrize(("version", "later"), [("1.0", OTHERS_FIRST), ("2.0", 0), ("", 0)])
def test_a_host_whose_version_did_not_hold_lets_others_try_first(version: str, later: int) -> None:
    """For ten first delays more than them; started before versions were kept: for no longer."""
    latch = restarts(2, a_snapshot(), version=version)
    policy = POLICY._replace(version="1.0")
    due = NOW + timedelta(minutes=2 + later)
    ended = seen(Runtime.FAILED, f"{OTHER_CODE}: …")
    early = due - timedelta(seconds=1)
    snapshot = a_snapshot(latch=latch)
    assert judged(ended, snapshot=snapshot, now=early, policy=policy) == Step.LEAVE
    judgement = judged(ended, snapshot=snapshot, now=due, policy=policy)
    assert isinstance(judgement, StartAgain)
    assert judgement.start.version == "1.0"


def test_what_died_of_itself_does_not_wait_for_other_versions() -> None:
    """Its version has held so far, so its own host starts it again."""
    snapshot = a_snapshot(latch=restarts(1, a_snapshot(), version="1.0"))
    policy = POLICY._replace(version="1.0")
    due = NOW + policy.delay
    judgement = judged(seen(Runtime.FAILED, "died"), snapshot=snapshot, now=due, policy=policy)
    assert isinstance(judgement, StartAgain)


# -- how often --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "minutes"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (50, 60), (10**6, 60)]
)
def test_the_delay_doubles_up_to_an_hour(number: int, minutes: int) -> None:
    """From the setting on."""
    assert delay_after(number, timedelta(minutes=1)) == timedelta(minutes=minutes)


@pytest.mark.parametrize(("number", "wait"), [(1, 1), (2, 2)])
def test_the_next_restart_waits_for_its_delay(number: int, wait: int) -> None:
    """Counted from the last one."""
    snapshot = a_snapshot(latch=restarts(number, a_snapshot()))
    due = NOW + timedelta(minutes=wait)
    failed = seen(Runtime.FAILED)
    assert judged(failed, snapshot=snapshot, now=due - timedelta(seconds=1)) == Step.LEAVE
    assert isinstance(judged(failed, snapshot=snapshot, now=due), StartAgain)


def test_the_delay_from_a_second_on_reaches_its_hour_too() -> None:
    """The shortest that the setting takes."""
    assert delay_after(12, timedelta(seconds=1)) == timedelta(seconds=2048)
    assert delay_after(13, timedelta(seconds=1)) == LONGEST_DELAY == timedelta(hours=1)


def test_the_delay_counts_from_the_last_restart() -> None:
    """Not from the first of them."""
    mark = progress_mark(a_snapshot())
    times = (NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=3))
    starts = tuple(Restart(run=n, at=at, cause="c", mark=mark) for n, at in enumerate(times[:2], 2))
    snapshot = a_snapshot(latch=Latch(run=3, restarts=starts))
    failed = seen(Runtime.FAILED)
    early = judged(failed, snapshot=snapshot, now=times[2] - timedelta(seconds=1))
    assert early == Step.LEAVE
    assert isinstance(judged(failed, snapshot=snapshot, now=times[2]), StartAgain)


OTHER_CODE_TEXT = f"{OTHER_CODE}: Orchestration version did not comply with Worker Versioning"
PAUSES: dict[str, tuple[tuple[str, str], str, str, int]] = {
    "its own version did not hold": (("1.0", "1.1"), "1.1", OTHER_CODE_TEXT, 12),
    "the last one was another version's": (("1.1", "1.0"), "1.1", OTHER_CODE_TEXT, 2),
    "no version is known": (("", ""), "", OTHER_CODE_TEXT, 2),
    "only its own version is known": (("", ""), "1.1", OTHER_CODE_TEXT, 2),
    "other code was not the cause": (("1.1", "1.1"), "1.1", "out of memory", 2),
}


@pytest.mark.parametrize(("versions", "mine", "text", "minutes"), PAUSES.values(), ids=PAUSES)
def test_hosts_of_other_versions_try_first(
    versions: tuple[str, str], mine: str, text: str, minutes: int
) -> None:
    """Ten first delays longer, when the last start was of this host's version and other code ended it."""
    mark = progress_mark(a_snapshot())
    starts = tuple(
        Restart(run=run, at=NOW, cause="c", mark=mark, version=version)
        for run, version in enumerate(versions, 2)
    )
    snapshot = a_snapshot(latch=Latch(run=3, restarts=starts))
    policy, due = POLICY._replace(version=mine), NOW + timedelta(minutes=minutes)
    failed = seen(Runtime.FAILED, text)
    early = judge_orchestration(snapshot, failed, NO_CHILDREN, due - timedelta(seconds=1), policy)
    assert early == Step.LEAVE
    assert isinstance(judge_orchestration(snapshot, failed, NO_CHILDREN, due, policy), StartAgain)


def test_after_the_limit_it_is_ended() -> None:
    """With how often, and with the last words."""
    snapshot = a_snapshot(latch=restarts(POLICY.limit, a_snapshot()))
    judgement = judged(seen(Runtime.FAILED, "out of memory"), snapshot=snapshot)
    assert isinstance(judgement, EndIt)
    assert judgement.finished.outcome is Outcome.FAILED
    assert "failed, 3 times without coming further" in judgement.finished.reason
    assert "out of memory" in judgement.finished.reason


def test_what_has_moved_on_counts_anew() -> None:
    """The restarts before do not count, and do not delay."""
    latch = restarts(POLICY.limit, a_snapshot(Stage.VERSION))
    judgement = judged(seen(Runtime.FAILED), snapshot=a_snapshot(Stage.REPLICATION, latch=latch))
    assert isinstance(judgement, StartAgain)
    assert judgement.start.run == POLICY.limit + 2


def line(step: str) -> TimelineEntry:
    return TimelineEntry(step=step, at=NOW, stage=Stage.REPLICATION, text="x")


EAST = RegionStatus(name="eastus2", state="Replicating", progress=40)
MOVES: dict[str, dict[str, Any]] = {
    "a stage": {"state": State(stage=Stage.APPROVAL)},
    "a line": {"state": State(stage=Stage.REPLICATION, timeline=(line("verdict"),))},
    "a region": {"regions": (EAST,)},
    "a ruling": {"rulings": {"k": Ruling(accepted=False, text="x")}},
    "an intent": {"latch": Latch(effects={Effect.VERSION: SENT})},
    "an answer": {
        "latch": Latch(
            effects={Effect.VERSION: SENT.model_copy(update={"operation_url": "https://x"})}
        )
    },
}
STANDSTILLS: dict[str, dict[str, Any]] = {
    "the restart's own line": {
        "state": State(stage=Stage.REPLICATION, timeline=(line("restart 2"),))
    },
    "the restart": {"latch": Latch(run=2, restarts=(Restart(run=2, at=NOW, cause="c", mark="m"),))},
    "a warning": {"state": State(stage=Stage.REPLICATION, warnings=("w",))},
    "the app's own stop": {"latch": Latch(stopped_run=1)},
}


def test_a_mark_that_an_earlier_deployment_wrote_is_recognised() -> None:
    """Else each deployment would count the restarts anew."""
    timeline = (TimelineEntry(step="planned", at=NOW, stage=Stage.PLANNING, text="x"),)
    snapshot = Snapshot(
        accepted=b.an_acceptance(),
        state=State(stage=Stage.REPLICATION, timeline=timeline),
        regions=(EAST,),
        rulings={"k": Ruling(accepted=False, text="x")},
        latch=Latch(effects={Effect.VERSION: SENT.model_copy(update={"operation_url": "u"})}),
    )
    assert progress_mark(snapshot) == "0bcb2bd0a7dfbd18"


def test_every_move_changes_the_mark() -> None:
    """And each to one of its own."""
    marks = [progress_mark(a_snapshot(**changes)) for changes in ({}, *MOVES.values())]
    assert len(set(marks)) == len(MOVES) + 1


def test_a_regions_progress_is_a_move() -> None:
    """Not only its state."""
    further = EAST.model_copy(update={"progress": 41})
    marks = {progress_mark(a_snapshot(regions=(region,))) for region in (EAST, further)}
    assert len(marks) == 2


@pytest.mark.parametrize("changes", STANDSTILLS.values(), ids=STANDSTILLS)
def test_what_is_no_move_leaves_the_mark(changes: dict[str, Any]) -> None:
    """Else what dies at once would be started again for ever."""
    assert progress_mark(a_snapshot(**changes)) == progress_mark(a_snapshot())


def test_a_repeated_intent_is_no_move() -> None:
    """Whoever dies on every try sends one on every try."""
    again = SENT.model_copy(update={"run": 2, "at": NOW + timedelta(hours=1), "repeated": True})
    marks = {
        progress_mark(a_snapshot(latch=Latch(effects={Effect.VERSION: intent})))
        for intent in (SENT, again)
    }
    assert len(marks) == 1


# -- the end that the record implies ----------------------------------------------------------------------------

Implied = tuple[Stage, bool, Latch, Outcome, ImageFate]
SENT_DELETION = Latch(effects={Effect.DELETION: SENT})
CANCELLED = Latch(cancelled_at=NOW)
IMPLIED: dict[str, Implied] = {
    "no version yet": (Stage.VERSION, True, Latch(), Outcome.FAILED, ImageFate.KEPT),
    "a version that replicates": (
        Stage.REPLICATION,
        True,
        Latch(),
        Outcome.FAILED,
        ImageFate.KEPT,
    ),
    "a usable version, a deletion asked for": (
        Stage.APPROVAL,
        True,
        Latch(),
        Outcome.KEPT,
        ImageFate.KEPT,
    ),
    "a usable version, no deletion": (
        Stage.PROMOTION,
        False,
        Latch(),
        Outcome.FAILED,
        ImageFate.KEPT,
    ),
    "the DELETE may have been sent": (
        Stage.DELETION,
        True,
        SENT_DELETION,
        Outcome.KEPT,
        ImageFate.UNKNOWN,
    ),
    "cancelled early": (Stage.VERSION, True, CANCELLED, Outcome.CANCELLED, ImageFate.KEPT),
    "cancelled with a usable version": (
        Stage.APPROVAL,
        True,
        CANCELLED,
        Outcome.CANCELLED,
        ImageFate.KEPT,
    ),
}


@pytest.mark.parametrize(
    ("stage", "deletion", "latch", "outcome", "fate"), IMPLIED.values(), ids=IMPLIED
)
def test_the_record_implies_the_end(
    stage: Stage, deletion: bool, latch: Latch, outcome: Outcome, fate: ImageFate
) -> None:
    """Outcome, image and version; whatever may have been deleted is not told as kept."""
    snapshot = a_snapshot(stage, deletion=deletion, latch=latch)
    end = implied_end(snapshot, "was terminated", "by ada", NOW)
    assert (end.outcome, end.at) == (outcome, NOW)
    assert end.result["image"] == fate
    usable = stage in {Stage.APPROVAL, Stage.PROMOTION, Stage.DELETION}
    assert end.result["versionReady"] is usable
    assert (end.result["versionId"] is not None) is (usable or stage is Stage.REPLICATION)
    assert "the orchestration was terminated (by ada)" in end.reason
    assert f"the image is {fate}" in end.reason
    cancelled = outcome is Outcome.CANCELLED
    assert end.reason.startswith("cancelled; the orchestration") is cancelled
    advised = "look at the version and start again" in end.reason
    assert advised is (fate is ImageFate.KEPT and not cancelled)
    assert ("look at the image yourself" in end.reason) is (fate is ImageFate.UNKNOWN)


def test_an_image_that_was_gone_stays_gone() -> None:
    """An earlier run had seen it."""
    gone = State(stage=Stage.PROMOTION, image=ImageFate.GONE)
    end = implied_end(a_snapshot(state=gone), "vanished", "", NOW)
    assert end.result["image"] == ImageFate.GONE
    assert "()" not in end.reason


# -- the extension's words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "secret",
    [
        "https://a.blob.core.windows.net/x?sv=2024&sig=s3cret%2B",
        "GET http://localhost:7071/api/x?code=s3cret failed",
        "AccountName=a;AccountKey=s3cret==;EndpointSuffix=x",
        "SharedAccessKey=s3cret",
        'url "https://x/?token=s3cret" refused',
        "password=s3cret",
        "CLIENT_SECRET=s3cret",
    ],
)
def test_secrets_are_cut_out_of_what_is_told(secret: str) -> None:
    """In a restart's line and in the reason of an end."""
    assert "s3cret" not in for_people(secret)
    judgement = judged(seen(Runtime.FAILED, secret))
    assert isinstance(judgement, StartAgain)
    assert "s3cret" not in judgement.start.cause
    ended = judged(seen(Runtime.TERMINATED, secret))
    assert isinstance(ended, EndIt)
    assert "s3cret" not in ended.finished.reason


def test_a_secret_at_the_cut_is_cut_out_too() -> None:
    """It is looked for in the whole text."""
    assert "s3" not in for_people("x" * (LONGEST_TEXT - 8) + " sig=s3cret")


def test_500_letters_are_told_in_full() -> None:
    """One more is cut off."""
    assert for_people("x" * 500) == "x" * 500
    assert for_people("x" * 501) == "x" * 500 + "…"


def test_what_is_told_is_one_short_line() -> None:
    """Stack traces lie in the extension's own log."""
    text = for_people("first line\n   at Some.Method()\n" * 100)
    assert len(text) == LONGEST_TEXT + 1
    assert "\n" not in text
    assert for_people("") == ""
