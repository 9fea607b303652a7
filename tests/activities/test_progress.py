"""What people read: the timeline, warnings and the one outcome, each written once however often a step runs."""

from __future__ import annotations

from typing import Any

import pytest
from migration.answers import Standing

from activities.configuration import records
from activities.progress import finish_migration, record_progress, record_warning
from domain.migration.recorded import Latch, Snapshot
from domain.migration.stages import Outcome, Stage
from tests.activities.azure import Azure
from tests.builders import NOW

AT = NOW.isoformat()


def step(number: int, stage: str, **more: Any) -> dict[str, Any]:
    return {"number": number, "at": AT, "stage": stage, "text": f"step {number}", **more}


def ending(outcome: str = "completed", **more: Any) -> dict[str, Any]:
    return {"number": 9, "at": AT, "outcome": outcome, "reason": "r", "result": {"a": 1}, **more}


def written(azure: Azure) -> Snapshot:
    snapshot = records().snapshot(azure.accepted.id)
    assert snapshot is not None
    return snapshot


def test_a_step_is_written_once(azure: Azure) -> None:
    """Activities run twice; the timeline does not."""
    for _ in range(2):
        azure.done(record_progress, **step(1, "definition", warnings=["careful"]))
    state = written(azure).state
    assert [entry.text for entry in state.timeline] == ["step 1"]
    assert state.warnings == ("careful",)
    assert state.stage is Stage.DEFINITION


def test_a_step_leaves_what_it_does_not_say(azure: Azure) -> None:
    """Fingerprint and version stay when a later step names none."""
    azure.done(record_progress, **step(1, "definition", fingerprint="f", versionId="v"))
    azure.done(record_progress, **step(2, "version"))
    state = written(azure).state
    assert (state.fingerprint, state.version_id, state.stage) == ("f", "v", Stage.VERSION)


def test_a_late_step_does_not_move_the_stage_back(azure: Azure) -> None:
    """A repeated activity of an earlier stage."""
    azure.done(record_progress, **step(1, "definition"))
    azure.done(record_progress, **step(2, "version"))
    azure.done(record_progress, **step(1, "definition"))
    assert written(azure).state.stage is Stage.VERSION


def approval(state: str, number: int) -> dict[str, Any]:
    return {"approval": {"state": state, "round": number}}


def test_a_late_step_does_not_move_the_approval_back(azure: Azure) -> None:
    """Else a decision would wake a round that is over, and wait for the deadline; or what has expired would wait."""
    azure.done(record_progress, **step(1, "approval", **approval("waiting", 1)))
    azure.done(record_progress, **step(1, "approval", **approval("waiting", 2)))
    azure.done(record_progress, **step(1, "approval", **approval("waiting", 1)))
    found = written(azure).state.approval
    assert found is not None
    assert found.round == 2
    azure.done(record_progress, **step(2, "approval", **approval("expired", 1)))
    azure.done(record_progress, **step(1, "approval", **approval("waiting", 2)))
    found = written(azure).state.approval
    assert found is not None
    assert found.state == "expired"


def test_the_planned_regions_are_shown_before_the_first_look(azure: Azure) -> None:
    """With nothing known about them."""
    azure.done(record_progress, **step(1, "definition", regions=["eastus2", "westeurope"]))
    assert [(r.name, r.state, r.progress) for r in written(azure).regions] == [
        ("eastus2", "Unknown", 0),
        ("westeurope", "Unknown", 0),
    ]


def test_a_cancelled_migration_takes_no_step(azure: Azure) -> None:
    """Every step reads the flag."""
    records().set_latch(azure.accepted.id, Latch(kind="cancel", at=NOW))
    answer = azure.ask(record_progress, **step(1, "definition"))
    assert answer.standing is Standing.CANCELLED
    assert written(azure).state.timeline == ()


def test_a_warning_is_written_once(azure: Azure) -> None:
    """Also when the migration was cancelled meanwhile."""
    records().set_latch(azure.accepted.id, Latch(kind="cancel", at=NOW))
    for _ in range(2):
        azure.done(record_warning, at=AT, text="not notified")
    assert written(azure).state.warnings == ("not notified",)


@pytest.mark.parametrize("outcome", Outcome)
def test_an_outcome_is_written_once_and_given_back(azure: Azure, outcome: Outcome) -> None:
    """The second run gets the first one's, whatever it says itself."""
    first = azure.done(finish_migration, **ending(outcome))
    second = azure.done(finish_migration, **ending("failed", reason="other"))
    assert (second["outcome"], second["reason"]) == (first["outcome"], "r") == (outcome, "r")
    snapshot = written(azure)
    assert snapshot.stage is Stage.FINISHED
    assert [entry.stage for entry in snapshot.state.timeline] == [Stage.FINISHED]
    [entry] = records().recent(stage=None, outcome=None, limit=9, after="")[0]
    assert (entry.stage, entry.outcome) == (Stage.FINISHED, outcome)
    assert records().open_migrations() == []


def test_a_cancellation_that_was_accepted_holds(azure: Azure) -> None:
    """Its caller was told so; the migration that was just finishing is Cancelled."""
    records().set_latch(azure.accepted.id, Latch(kind="cancel", at=NOW))
    ended = azure.done(finish_migration, **ending(result={"image": "gone, not by us"}))
    assert ended["outcome"] == "cancelled"
    assert ended["reason"] == "cancelled while it was finishing; the image is gone, not by us"


def test_after_the_end_nobody_can_cancel(azure: Azure) -> None:
    """The latch says finished."""
    azure.done(finish_migration, **ending())
    held = records().set_latch(azure.accepted.id, Latch(kind="cancel", at=NOW))
    assert held.kind == "finished"
