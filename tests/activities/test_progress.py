"""The timeline and the one outcome are each written once however often a step runs, and by which run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from activities.progress import begin_run, finish_migration, record_progress
from domain.messages import RunBegun
from domain.migration.latch import Halt, cancel
from domain.migration.stages import ImageFate, Outcome, Stage
from domain.results import ResultStatus
from services.notifications import give_up
from services.timeline import add_warning
from tests import builders as b
from tests.activities.azure import Azure
from tests.app import records
from tests.builders import NOW

AT = NOW.isoformat()


def step(name: str, stage: str, **more: Any) -> dict[str, Any]:
    return {"step": name, "at": AT, "stage": stage, "text": f"step {name}", **more}


def ending(outcome: str = "completed", **more: Any) -> dict[str, Any]:
    told = {"outcome": outcome, "reason": "r", "image": "kept", "versionReady": True}
    return {"at": AT, **told, **more}


# -- the beginning ----------------------------------------------------------------------------------------------


def test_the_first_run_begins_at_the_beginning(azure: Azure) -> None:
    """With the limits of when it was accepted, which are in the record."""
    begun = RunBegun.model_validate(azure.done(begin_run))
    assert begun == RunBegun(
        run=1,
        stage=Stage.PLANNING,
        stage_since=azure.accepted.accepted_at,
        deletion=False,
        image=ImageFate.KEPT,
        limits=azure.accepted.limits,
    )


def test_a_later_run_goes_on_where_the_record_is(azure: Azure) -> None:
    """Its number, and since when the migration is in its stage: limits count from there."""
    azure.accepted = azure.accept(deletion={"enabled": True})
    entered = NOW + timedelta(minutes=5)
    azure.done(record_progress, **step("planned", "definition"))
    azure.done(record_progress, **step("definition", "version", at=entered.isoformat()))
    later = (entered + timedelta(hours=1)).isoformat()
    azure.done(record_progress, **step("more", "version", at=later))
    azure.restart()
    begun = RunBegun.model_validate(azure.done(begin_run))
    assert (begun.run, begun.stage, begun.stage_since) == (2, Stage.VERSION, entered)
    assert begun.deletion


def test_a_run_of_a_migration_that_has_its_outcome_is_over(azure: Azure) -> None:
    """Whoever started it: it sends nothing and tells nobody."""
    azure.done(finish_migration, **ending("kept"))
    azure.forget_requests()
    assert azure.ask(begin_run).status is ResultStatus.OVER
    assert azure.sent() == []


def test_a_run_of_a_migration_that_nobody_knows_is_over(azure: Azure) -> None:
    """Started by hand, or its record is gone."""
    assert azure.ask(begin_run, migrationId=b.an_acceptance(99).id).status is ResultStatus.OVER


# -- the timeline -----------------------------------------------------------------------------------------------


def test_a_step_is_written_once(azure: Azure) -> None:
    """Activities run twice, and later runs take the steps again; the timeline does not."""
    first = azure.done(record_progress, **step("planned", "definition"))
    azure.restart()
    azure.run = 2
    later = (NOW + timedelta(hours=1)).isoformat()
    again = azure.done(record_progress, **step("planned", "definition", at=later))
    assert datetime.fromisoformat(first["at"]) == NOW == datetime.fromisoformat(again["at"])
    state = azure.written().state
    assert [(entry.text, entry.at) for entry in state.timeline] == [("step planned", NOW)]
    assert state.stage is Stage.DEFINITION


def test_a_step_leaves_what_it_does_not_say(azure: Azure) -> None:
    """Fingerprint, version and warnings stay."""
    plan = azure.plan()
    add_warning(records(), azure.accepted.id, "careful")
    before = azure.written().state
    azure.done(record_progress, **step("1", "definition"))
    azure.done(record_progress, **step("2", "version"))
    state = azure.written().state
    assert (state.fingerprint, state.version_id) == (plan.fingerprint.value, plan.version_id)
    assert (state.warnings, state.stage) == (before.warnings, Stage.VERSION)


def test_a_late_step_does_not_move_the_stage_back(azure: Azure) -> None:
    """A repeated activity of an earlier stage."""
    azure.done(record_progress, **step("1", "definition"))
    azure.done(record_progress, **step("2", "version"))
    azure.done(record_progress, **step("1", "definition"))
    assert azure.written().state.stage is Stage.VERSION
    [entry] = records().recent(stage=Stage.VERSION, outcome=None, limit=9, after="")[0]
    assert entry.id == azure.accepted.id


def test_a_cancelled_migration_takes_no_step(azure: Azure) -> None:
    """Every step reads the flag."""
    azure.latch(cancelled_at=NOW)
    answer = azure.ask(record_progress, **step("1", "definition"))
    assert answer.status is ResultStatus.CANCELLED
    assert azure.written().state.timeline == ()


def test_a_warning_is_written_once(azure: Azure) -> None:
    """Also when the migration was cancelled meanwhile."""
    azure.latch(cancelled_at=NOW)
    for _ in range(2):
        give_up(records(), azure.accepted.id, "approval.requested", "503")
    [warning] = azure.written().state.warnings
    assert warning == "The notification 'approval.requested' could not be sent: 503"


# -- the outcome ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", Outcome)
def test_an_outcome_is_written_once_and_given_back(azure: Azure, outcome: Outcome) -> None:
    """The second run of the step gets the first one's, whatever it says itself."""
    first = azure.done(finish_migration, **ending(outcome))
    second = azure.done(finish_migration, **ending("failed", reason="other"))
    assert second == first == {"outcome": outcome, "reason": "r"}
    snapshot = azure.written()
    assert snapshot.stage is Stage.FINISHED
    assert [entry.stage for entry in snapshot.state.timeline] == [Stage.FINISHED]
    [entry] = records().recent(stage=None, outcome=None, limit=9, after="")[0]
    assert (entry.stage, entry.outcome, entry.reason) == (Stage.FINISHED, outcome, "r")


def test_what_has_ended_is_found_by_its_outcome_and_its_image(azure: Azure) -> None:
    """And is no longer among the open ones: by its last step, whatever the sweep does later."""
    plan = azure.plan()
    azure.done(finish_migration, **ending("kept"))
    for wanted in (
        {"stage": None, "outcome": Outcome.KEPT},
        {"stage": Stage.FINISHED, "outcome": None},
    ):
        page, _ = records().recent(**wanted, limit=9, after="")
        assert [entry.id for entry in page] == [azure.accepted.id]
    assert records().recent(stage=Stage.PLANNING, outcome=None, limit=9, after="") == ([], "")
    [known] = records().sightings(azure.accepted.image_key, plan.fingerprint.value)
    assert (known.migration, known.fingerprint) == (azure.accepted.id, plan.fingerprint.value)


def test_an_outcome_stays_open_until_it_was_told(azure: Azure) -> None:
    """The sweep still has to tell it, should nobody else."""
    azure.done(finish_migration, **ending())
    assert [row[0] for row in records().open_migrations()] == [azure.accepted.id]


def test_an_outcome_holds_everything_that_is_known(azure: Azure) -> None:
    """From the record, whichever run wrote it there."""
    plan = azure.approved()
    azure.restart()
    azure.run = 2
    azure.done(finish_migration, **ending("kept"))
    finished = azure.written().finished
    assert finished is not None
    result = finished.result
    assert (result["image"], result["versionReady"]) == ("kept", True)
    assert result["versionId"] == plan.version_id
    assert result["decidedBy"]["approver"] == "ada"
    assert result["correlationIds"].keys() == {"ensure_definition", "start_version"}


def test_a_cancellation_names_the_version_that_it_leaves(azure: Azure) -> None:
    """Somebody has to use or delete it."""
    plan = azure.begun()
    azure.latch(cancelled_at=NOW)
    ended = azure.done(finish_migration, **ending("cancelled", versionReady=False))
    assert f"version {plan.version_name} may be half-made" in ended["reason"]


def test_a_superseded_run_writes_no_outcome(azure: Azure) -> None:
    """The later one does."""
    azure.restart()
    assert azure.ask(finish_migration, **ending()).status is ResultStatus.OVER
    snapshot = azure.written()
    assert (snapshot.finished, snapshot.state.timeline) == (None, ())


def test_a_cancellation_that_was_accepted_holds(azure: Azure) -> None:
    """Its caller was told so; the migration that was just finishing is Cancelled."""
    azure.latch(cancelled_at=NOW)
    ended = azure.done(finish_migration, **ending(image="gone, not by us"))
    assert ended["outcome"] == "cancelled"
    assert ended["reason"] == "cancelled while it was finishing; the image is gone, not by us"


def test_after_the_end_nobody_can_cancel(azure: Azure) -> None:
    """The latch says finished."""
    azure.done(finish_migration, **ending())
    held = records().change_latch(azure.accepted.id, lambda latch: cancel(latch, NOW))
    assert held is Halt.ENDED
