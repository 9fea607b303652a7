"""Runs: a step of one that is not the newest does nothing, and what fails is known since when, whichever run asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from activities.approvals import decide_approval, open_approval
from activities.definitions import ensure_definition
from activities.deletion import confirm_deletion, delete_image
from activities.images import check_image
from activities.planning import plan_migration
from activities.progress import begin_run, finish_migration, record_progress
from activities.versions import promote_version, read_replication, start_version
from domain.migration.recorded import Failing
from domain.migration.stages import ImageFate
from domain.results import ResultStatus
from tests import builders as b
from tests.activities.azure import Activity, Azure

PROGRESS = {"step": "x", "stage": "definition", "text": "x"}
END = {"outcome": "kept", "reason": "r", "image": "kept", "versionReady": True}
STEPS: dict[str, tuple[Callable[[Azure], object], Activity, dict[str, Any]]] = {
    "planning": (lambda azure: None, plan_migration, {}),
    "defining": (Azure.plan, ensure_definition, {}),
    "beginning": (Azure.defined, start_version, {}),
    "looking": (Azure.replicated, read_replication, {}),
    "checking": (Azure.replicated, check_image, {}),
    "asking": (Azure.replicated, open_approval, {}),
    "judging": (Azure.approved, decide_approval, {"round": 7}),
    "promoting": (Azure.replicated, promote_version, {}),
    "deleting": (Azure.approved, delete_image, {}),
    "confirming": (Azure.approved, confirm_deletion, {}),
    "telling": (Azure.plan, record_progress, PROGRESS),
    "finishing": (Azure.plan, finish_migration, END),
}


@pytest.mark.parametrize("how", ["superseded", "finished"])
@pytest.mark.parametrize(("arrange", "activity", "fields"), STEPS.values(), ids=STEPS)
def test_a_step_of_a_run_that_is_over_does_nothing(
    azure: Azure,
    arrange: Callable[[Azure], object],
    activity: Activity,
    fields: dict[str, Any],
    how: str,
) -> None:
    """It asks Azure nothing and writes nothing; the orchestration ends in silence."""
    arrange(azure)
    if how == "superseded":
        azure.restart()
    else:
        azure.latch(finished=b.an_end())
    if (activity, how) == (finish_migration, "finished"):
        # It gives back the outcome that holds: tests/activities/test_progress.py.
        return
    before = azure.written()
    azure.forget_requests()
    assert azure.ask(activity, **fields).status is ResultStatus.OVER
    assert azure.sent() == []
    assert azure.written() == before


WRITERS = {name: STEPS[name] for name in ("defining", "beginning", "promoting", "deleting")}


@pytest.mark.parametrize(("arrange", "activity", "fields"), WRITERS.values(), ids=WRITERS)
def test_a_run_that_is_superseded_while_it_reads_sends_nothing(
    azure: Azure,
    monkeypatch: pytest.MonkeyPatch,
    arrange: Callable[[Azure], object],
    activity: Activity,
    fields: dict[str, Any],
) -> None:
    """The step began while it was the newest; the intent, which is the last thing before the write, finds out."""
    from arm import requests as arm

    arrange(azure)
    read, begun = arm.read, azure.written().latch.effects

    def then_superseded(*names: Any, **options: Any) -> Any:
        monkeypatch.setattr(arm, "read", read)
        azure.restart()
        return read(*names, **options)

    monkeypatch.setattr(arm, "read", then_superseded)
    azure.forget_requests()
    assert azure.ask(activity, **fields).status is ResultStatus.OVER
    # Resource Graph is asked by POST.
    sent = (line for line in azure.sent() if "ResourceGraph" not in line["path"])
    assert {line["method"] for line in sent} == {"GET"}
    assert azure.written().latch.effects == begun


def test_that_the_image_is_gone_is_written_down(azure: Azure) -> None:
    """A later run does not look for it again."""
    azure.plan()
    azure.delete_image()
    assert azure.done(check_image)["present"] is False
    assert azure.written().state.image is ImageFate.GONE


def test_that_the_image_is_gone_after_our_delete_is_not_others_doing(azure: Azure) -> None:
    """An earlier run's late look finds what our DELETE did: a later run still asks the deletion whose doing it was."""
    azure.approved()
    azure.done(delete_image)
    azure.time.advance(minutes=5)
    assert azure.done(check_image)["present"] is False
    azure.restart()
    assert azure.done(begin_run)["image"] == ImageFate.KEPT
    assert azure.done(delete_image, run=2)["byUs"]


# -- since when it fails ----------------------------------------------------------------------------------------


def test_since_when_it_fails_survives_the_run(azure: Azure) -> None:
    """A limit counts from the first failure in a row; it begins anew only when it has worked in between."""
    azure.plan()
    azure.fault(method="GET", what="status", status=503)
    began = azure.time.now()
    first = azure.ask(check_image)
    azure.time.advance(hours=1)
    azure.restart()
    azure.run = 2
    second = azure.ask(check_image, failingSince=azure.at)
    assert first.error is not None
    assert second.error is not None
    assert first.error.since == second.error.since == began
    assert azure.written().failing == Failing(activity="check_image", since=began)
    azure.well()
    azure.done(check_image)
    assert azure.written().failing is None
    azure.fault(method="GET", what="status", status=503)
    third = azure.ask(check_image)
    assert third.error is not None
    assert third.error.since == began + timedelta(hours=1)


def test_another_activity_fails_since_its_own_time(azure: Azure) -> None:
    """And its success does not hide the first one's failing."""
    azure.begun()
    azure.fault(method="GET", what="status", status=503)
    azure.ask(check_image)
    azure.well()
    azure.done(read_replication)
    assert azure.written().failing == Failing(activity="check_image", since=azure.time.now())
    azure.time.advance(hours=1)
    azure.fault(method="GET", what="status", status=503)
    answer = azure.ask(read_replication)
    assert answer.error is not None
    assert answer.error.since == azure.time.now()


def test_the_orchestrations_own_beginning_counts_when_the_records_have_none(azure: Azure) -> None:
    """They may have been out of order when it failed first."""
    azure.plan()
    azure.fault(method="GET", what="status", status=503)
    since = azure.time.now() - timedelta(hours=2)
    answer = azure.ask(check_image, failingSince=since.isoformat())
    assert answer.error is not None
    assert answer.error.since == since


def test_what_is_waited_for_counts_from_its_first_time_too(azure: Azure) -> None:
    """An answer that says to look again later, in whichever run."""
    azure.replicated()
    azure.accepted = azure.accept(imageVersion="auto")
    resource = azure.cloud.world.find(azure.gallery_id)
    assert resource is not None
    began = azure.time.now()
    azure.cloud.set_profile(seconds={"gallery update": 7200})
    _change(azure)
    first = azure.ask(plan_migration)
    azure.time.advance(hours=1)
    second = azure.ask(plan_migration)
    assert first.error is not None
    assert second.error is not None
    assert (second.error.code, second.error.since) == ("NotReadyYet", began)


def _change(azure: Azure) -> None:
    """Somebody changes the gallery."""
    from arm import requests as arm
    from domain.ids import parse_gallery_id

    gallery = parse_gallery_id(azure.gallery_id)
    there = azure.resource(azure.gallery_id)
    assert there is not None
    body = {"location": there["location"], "properties": {"description": "new"}}
    put = azure.somebody_else().compute(gallery.subscription).galleries.begin_create_or_update
    arm.begin(put, gallery.resource_group, gallery.name, body=body)


def test_a_final_error_is_not_remembered(azure: Azure) -> None:
    """Nobody waits for it."""
    azure.plan()
    azure.fault(method="GET", what="status", status=403, code="AuthorizationFailed")
    answer = azure.ask(check_image)
    assert answer.error is not None
    assert answer.error.since is None
    assert azure.written().failing is None
