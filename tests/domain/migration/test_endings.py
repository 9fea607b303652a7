"""The end of a migration: its result from the record, its reason, and its line in the timeline."""

from __future__ import annotations

from typing import Any

import pytest

from domain.approval.decisions import ApprovalState, Verdict
from domain.messages import FinishRequest
from domain.migration.endings import FINISHED_STEP, finished_by, settled, with_restarts
from domain.migration.latch import Effect, Intent, Latch, Restart
from domain.migration.recorded import Snapshot, State, TimelineEntry
from domain.migration.stages import ImageFate, Outcome, Stage
from tests import builders as b
from tests.builders import NOW

PLAN = b.a_plan()
SENT = Intent(run=1, at=NOW, began=NOW, correlation_id="c")


def snapshot(stage: Stage = Stage.APPROVAL, **changes: Any) -> Snapshot:
    values = {"accepted": b.an_acceptance(), "state": State(stage=stage), "plan": PLAN}
    return Snapshot(**{**values, **changes})


def request(outcome: Outcome = Outcome.COMPLETED, **changes: Any) -> FinishRequest:
    values = {"image": ImageFate.KEPT, "version_ready": True, "reason": "r"}
    return FinishRequest(
        migration_id=b.MIGRATION_ID, run=1, at=NOW, outcome=outcome, **{**values, **changes}
    )


def test_the_outcome_is_the_one_that_was_asked_for() -> None:
    """At the orchestration's time."""
    ended = finished_by(snapshot(), request(Outcome.KEPT))
    assert (ended.outcome, ended.reason, ended.at) == (Outcome.KEPT, "r", NOW)


def test_the_result_is_all_that_the_record_knows() -> None:
    """Fate, version, checks, who decided, and every write's correlation id under its activity's name."""
    decided = b.a_decision()
    latch = Latch(
        effects={Effect.VERSION: SENT, Effect.DELETION: SENT},
        verdict=Verdict(state=ApprovalState.APPROVED, decided_by=decided),
    )
    ended = finished_by(
        snapshot(Stage.DELETION, latch=latch, checks=({"name": "n"},)),
        request(image=ImageFate.DELETED),
    )
    assert ended.result == {
        "image": "deleted",
        "versionId": PLAN.version_id,
        "versionReady": True,
        "checks": [{"name": "n"}],
        "decidedBy": decided.model_dump(mode="json"),
        "correlationIds": {"start_version": "c", "delete_image": "c"},
    }


@pytest.mark.parametrize(
    ("stage", "effects", "named"),
    [
        (Stage.PLANNING, {}, False),
        (Stage.VERSION, {}, False),
        (Stage.VERSION, {Effect.VERSION: SENT}, True),
        (Stage.REPLICATION, {}, True),
        (Stage.DELETION, {}, True),
    ],
)
def test_a_version_is_named_once_it_may_be_there(
    stage: Stage, effects: dict[Effect, Intent], named: bool
) -> None:
    """Its PUT was about to be sent, or it was taken up."""
    ended = snapshot(stage, latch=Latch(effects=effects))
    found = finished_by(ended, request(version_ready=False))
    assert found.result["versionId"] == (PLAN.version_id if named else None)


def test_without_a_plan_there_is_no_version() -> None:
    """It failed while it was planned."""
    ended = finished_by(snapshot(Stage.PLANNING, plan=None), request(Outcome.FAILED))
    assert (ended.result["versionId"], ended.reason) == (None, "r")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outcome": Outcome.CANCELLED, "version_ready": False}, "may be half-made"),
        ({"outcome": Outcome.CANCELLED, "version_ready": True}, ""),
        ({"outcome": Outcome.FAILED, "version_ready": False}, ""),
    ],
)
def test_a_cancellation_names_what_it_leaves_half_made(changes: Any, words: str) -> None:
    """Only what it leaves, and only if it was begun."""
    assert words in finished_by(snapshot(Stage.REPLICATION), request(**changes)).reason
    assert ("half-made" in finished_by(snapshot(Stage.REPLICATION), request(**changes)).reason) is (
        words != ""
    )
    assert "half-made" not in finished_by(snapshot(Stage.VERSION), request(**changes)).reason


def test_an_end_gets_its_line_once() -> None:
    """However often it is settled, and by whom."""
    latch = Latch(finished=b.an_end(Outcome.KEPT, reason="rejected"))
    line = TimelineEntry(step="planned", at=NOW, stage=Stage.DEFINITION, text="x")
    first = settled(State(stage=Stage.APPROVAL, timeline=(line,)), latch)
    end = TimelineEntry(step=FINISHED_STEP, at=NOW, stage=Stage.FINISHED, text="kept: rejected")
    assert (first.stage, first.timeline) == (Stage.FINISHED, (line, end))
    assert settled(first, latch) == first


def test_without_an_outcome_there_is_no_line() -> None:
    """A latch with anything else in it says nothing of an end."""
    state = State(stage=Stage.APPROVAL)
    assert settled(state, Latch(cancelled_at=NOW, run=3)) == state


def test_each_restart_gets_its_line_once() -> None:
    """In the stage that the migration was in; a line that is there stays as it is."""
    restarts = tuple(Restart(run=run, at=NOW, cause=f"cause {run}", mark="m") for run in (2, 3))
    latch, state = Latch(run=3, restarts=restarts), State(stage=Stage.REPLICATION)
    first = with_restarts(state, Latch(run=2, restarts=restarts[:1]))
    assert first.timeline == (
        TimelineEntry(
            step="restart 2",
            at=NOW,
            stage=Stage.REPLICATION,
            text="started again (run 2): cause 2",
        ),
    )
    second = with_restarts(first.model_copy(update={"stage": Stage.APPROVAL}), latch)
    assert second.timeline[:1] == first.timeline
    assert [(line.step, line.stage) for line in second.timeline[1:]] == [
        ("restart 3", Stage.APPROVAL)
    ]
    assert with_restarts(second, latch) is second


def test_without_restarts_the_state_is_left_as_it_is() -> None:
    """So nothing is written for it."""
    state = State(stage=Stage.REPLICATION)
    assert with_restarts(state, Latch()) is state
