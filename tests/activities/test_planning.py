"""Planning against the emulator: all reads, no write; the plan is written into the records once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from activities.planning import plan_migration
from activities.progress import record_progress
from activities.versions import read_replication
from arm import images
from arm import requests as arm
from domain.ids import parse_gallery_id, parse_image_id
from domain.messages import PlannedMigration
from domain.migration.commands import create_vm_command
from domain.migration.stages import Stage
from services.planning import draft_plan
from tests.activities.azure import Azure
from tests.app import app, forget, records
from tests.builders import SECRET


def test_a_plan_is_made_without_writing(azure: Azure) -> None:
    """The image's creation time comes from the resources list."""
    plan = azure.plan()
    assert plan.fingerprint.complete
    assert not plan.definition_exists
    assert {line["method"] for line in azure.sent()} == {"GET"}
    assert plan == draft_plan(app(), azure.written().request, azure.accepted.id).plan


def test_what_is_missing_is_a_problem(azure: Azure) -> None:
    """Not an error: the caller can correct it."""
    azure.delete_image()
    value = azure.done(plan_migration)
    assert (value["kind"], value["reason"].partition(":")[0]) == ("noPlan", "sourceImageId")
    assert azure.written().plan is None


def tag_the_image(azure: Azure) -> None:
    """As pipelines do right after they have made it; for five seconds it is Updating then."""
    image = parse_image_id(azure.image_id)
    update = azure.somebody_else().compute(image.subscription).images.begin_update
    arm.begin(update, image.resource_group, image.name, body={"tags": {"team": "b"}})


def change_the_gallery(azure: Azure) -> None:
    gallery = parse_gallery_id(azure.gallery_id)
    there = azure.resource(azure.gallery_id)
    assert there is not None
    azure.cloud.set_profile(seconds={"gallery update": 60})
    body = {"location": there["location"], "properties": {"description": "new"}}
    put = azure.somebody_else().compute(gallery.subscription).galleries.begin_create_or_update
    arm.begin(put, gallery.resource_group, gallery.name, body=body)


@pytest.mark.parametrize("change", [tag_the_image, change_the_gallery])
def test_what_is_just_being_changed_is_waited_for(
    azure: Azure, change: Callable[[Azure], None]
) -> None:
    """Somebody's change of a tag ends no migration that was accepted; a moment later it is planned."""
    change(azure)
    answer = azure.ask(plan_migration)
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("NotReadyYet", True)
    assert "Updating" in answer.error.message
    azure.time.advance(minutes=2)
    assert azure.done(plan_migration)["kind"] == "planned"


@pytest.mark.parametrize("path", ["/images\\?", "/versions\\?"])
def test_a_list_with_an_error_in_it_is_not_an_empty_list(azure: Azure, path: str) -> None:
    """Else names that are taken looked free, and a version that is there already was made a second time."""
    if "versions" in path:
        azure.begun()
    azure.accepted = azure.accept(imageVersion="auto")
    azure.fault(method="GET", what="error-body", path=f"/galleries/.*{path}")
    answer = azure.ask(plan_migration)
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("UnexpectedAnswer", True)
    azure.well()
    assert azure.done(plan_migration)["kind"] == "planned"


@pytest.mark.parametrize(
    ("secret", "deletion", "warned"),
    [("", True, True), (SECRET, True, False), ("", False, False)],
)
def test_a_deletion_that_nobody_can_approve_is_a_warning(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, secret: str, deletion: bool, warned: bool
) -> None:
    """Without a secret the webhook takes no decision: better said now than when three days have passed."""
    monkeypatch.setenv("APPROVAL_WEBHOOK_SECRETS", secret)
    forget()
    azure.accepted = azure.accept(imageVersion="1.0.7", deletion={"enabled": deletion})
    assert ("APPROVAL_WEBHOOK_SECRETS" in str(azure.plan().warnings)) is warned
    assert azure.written().state.warnings == azure.plan().warnings


@pytest.mark.parametrize(("sealing", "warned"), [(SECRET, False), ("", True)])
def test_people_who_may_approve_are_enough_with_a_key_that_seals(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, sealing: str, warned: bool
) -> None:
    """Then no webhook is needed."""
    monkeypatch.setenv("APPROVAL_WEBHOOK_SECRETS", "")
    monkeypatch.setenv("APPROVERS", "0c0c0c0c-0000-4000-8000-00000000000a")
    monkeypatch.setenv("SEALING_KEYS", sealing)
    forget()
    azure.accepted = azure.accept(imageVersion="1.0.7", deletion={"enabled": True})
    assert ("SEALING_KEYS" in str(azure.plan().warnings)) is warned


def test_a_version_is_not_made_twice_for_want_of_a_creation_time(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure's list forgets it for a moment; the version that is there may be this image's, or that of an older one."""
    made = azure.replicated()
    azure.accepted = azure.accept(imageVersion="auto")
    with monkeypatch.context() as behind:
        behind.setattr(images, "_created_time", lambda *_: None)
        answer = azure.ask(plan_migration)
        assert answer.error is not None
        assert (answer.error.code, answer.error.transient) == ("NotReadyYet", True)
        assert made.version_name in answer.error.message
    plan = azure.plan()
    assert (plan.adopts_existing, plan.version_name) == (True, made.version_name)


def test_the_plan_is_made_once(azure: Azure) -> None:
    """A later run plans nothing: Azure is not asked, whatever has become of image and gallery meanwhile."""
    first = azure.done(plan_migration)
    plan = azure.written().plan
    azure.delete_image()
    azure.restart()
    azure.run = 2
    azure.forget_requests()
    assert azure.done(plan_migration) == first
    assert azure.sent() == []
    assert azure.written().plan == plan


def test_only_the_plan_of_a_taken_name_is_made_anew(azure: Azure) -> None:
    """And once only, for whichever run says so first."""
    azure.accepted = azure.accept(imageVersion="auto")
    first = azure.begun()
    azure.recreate_image()
    azure.forget_requests()
    assert azure.plan(taken="9.9.9").version_name == first.version_name
    assert azure.sent() == []
    second = azure.plan(taken=first.version_name)
    assert second.version_name != first.version_name
    azure.forget_requests()
    assert azure.plan(taken=first.version_name) == second
    assert azure.sent() == []


def test_what_people_are_told_of_a_plan_is_written_with_it(azure: Azure) -> None:
    """Fingerprint, version, the line that tests it; the same when the step runs again."""
    plan = azure.plan()
    for _ in range(2):
        state = azure.written().state
        assert (state.fingerprint, state.version_id) == (plan.fingerprint.value, plan.version_id)
        assert state.try_command == create_vm_command(plan)
        assert state.warnings == plan.warnings
        azure.plan()


def test_the_orchestration_learns_what_its_order_depends_on(azure: Azure) -> None:
    """As it is in the plan."""
    reply = PlannedMigration.model_validate(azure.done(plan_migration))
    plan = azure.written().planned
    assert reply == PlannedMigration(
        fingerprint_complete=plan.fingerprint.complete,
        **{name: getattr(plan, name) for name in SHARED},
    )


SHARED = PlannedMigration.model_fields.keys() - {"kind", "fingerprint_complete"}


def test_the_planned_regions_are_shown_before_the_first_look(azure: Azure) -> None:
    """With nothing known about them."""
    azure.accepted = azure.accept(targetRegions=[{"name": "East US 2"}, {"name": "West Europe"}])
    azure.plan()
    assert [(r.name, r.state, r.progress) for r in azure.written().regions] == [
        ("eastus2", "Unknown", 0),
        ("westeurope", "Unknown", 0),
    ]


def test_a_later_run_does_not_hide_what_was_seen_of_the_regions(azure: Azure) -> None:
    """The plan stands, and so does how far its version has come."""
    azure.replicated()
    azure.done(record_progress, step="version", stage="definition", text="x")
    azure.done(read_replication)
    seen = azure.written().regions
    assert [region.state for region in seen] == ["Completed"]
    azure.plan()
    assert azure.written().regions == seen


@pytest.mark.parametrize("stage", [Stage.REPLICATION, Stage.DELETION])
def test_after_its_effects_nothing_is_planned(azure: Azure, stage: Stage) -> None:
    """A record that has lost its plan cannot be trusted: after our DELETE a new plan would find no image."""
    records().change_state(
        azure.accepted.id, lambda state: state.model_copy(update={"stage": stage})
    )
    with pytest.raises(LookupError, match=stage):
        azure.ask(plan_migration)
    assert azure.sent() == []
