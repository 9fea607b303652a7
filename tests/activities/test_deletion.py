"""The gate and the deletion: every refusal keeps the image and sends no DELETE; the recipe is there before it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from migration.answers import Standing

import clock
from activities import deletion, images
from activities.configuration import records
from activities.deletion import confirm_deletion, gate_and_delete
from domain.approval.decisions import Decision
from domain.deletion.gate import Check, GateQuestion, GateReadings, check_gate
from domain.ids import ComputeId
from domain.migration.planning import Plan
from domain.migration.recorded import Finished, Latch
from domain.migration.stages import Outcome
from domain.values import Json
from records.migrations import MigrationRecords
from tests.activities.azure import Azure


def confirm_input(azure: Azure, plan: Plan, url: str | None = None) -> Json:
    return {**azure.deletion_input(plan), "operationUrl": url}


def test_an_approved_image_is_deleted_and_the_recipe_kept(azure: Azure) -> None:
    """Seven checks, the whole JSON in the records, one DELETE, then 404."""
    plan = azure.approved()
    image = azure.resource(plan.image_id)
    azure.forget_requests()
    value = azure.done(gate_and_delete, **azure.deletion_input(plan))
    assert value["image"] == "deleting"
    assert [check["passed"] for check in value["checks"]] == [True] * 7
    recipe = records().read_recipe(azure.accepted.id)
    assert image is not None
    assert recipe is not None
    assert recipe["image"]["properties"] == image["properties"]
    azure.time.advance(minutes=5)
    confirmed = azure.done(confirm_deletion, **confirm_input(azure, plan, value["operationUrl"]))
    assert confirmed["gone"]
    assert len(azure.sent("DELETE")) == 1


def test_a_second_run_finds_the_image_deleted_by_us(azure: Azure) -> None:
    """The recipe tells that it was us; no second DELETE."""
    plan = azure.approved()
    azure.done(gate_and_delete, **azure.deletion_input(plan))
    azure.time.advance(minutes=5)
    assert azure.done(gate_and_delete, **azure.deletion_input(plan))["image"] == "deleted"
    assert len(azure.sent("DELETE")) == 1


def test_an_image_that_is_gone_is_not_our_doing(azure: Azure) -> None:
    """Without a recipe nothing was ever sent."""
    plan = azure.approved()
    azure.delete_image()
    value = azure.done(gate_and_delete, **azure.deletion_input(plan))
    assert value["image"] == "gone, not by us"
    assert azure.sent("DELETE") == []


def undecided(azure: Azure) -> Plan:
    return azure.replicated()


def rejected(azure: Azure) -> Plan:
    plan = azure.replicated()
    azure.decide(plan, Decision.REJECT)
    return plan


def unruled(azure: Azure) -> Plan:
    plan = azure.replicated()
    azure.decide(plan, Decision.APPROVE, accepted=False)
    return plan


def recreated(azure: Azure) -> Plan:
    plan = azure.approved()
    azure.recreate_image()
    return plan


def version_deleted(azure: Azure) -> Plan:
    plan = azure.approved()
    found = azure.cloud.world.find(plan.version_id)
    assert found is not None
    azure.cloud.world.bury([found], azure.time.now(), "somebody-else")
    return plan


def still_replicating(azure: Azure) -> Plan:
    plan = azure.begun()
    azure.decide(plan, Decision.APPROVE)
    return plan


def another_region_replicates(azure: Azure) -> Plan:
    """The version was taken up: an earlier migration had asked for a region more, which is late."""
    azure.cloud.set_profile(late_regions={"westeurope": 86_400})
    azure.accepted = azure.accept(targetRegions=[{"name": "West Europe"}])
    return azure.approved().model_copy(update={"regions": ("eastus2",)})


KEPT: dict[str, tuple[Callable[[Azure], Plan], str]] = {
    "nobody has decided": (undecided, "deletion approved"),
    "it was rejected": (rejected, "deletion approved"),
    "the workflow refused the approval": (unruled, "deletion approved"),
    "the image was made anew": (recreated, "image unchanged"),
    "the version is gone": (version_deleted, "not there"),
    "the version still replicates": (still_replicating, "version succeeded"),
    "a region that was not asked for replicates": (
        another_region_replicates,
        "westeurope Replicating",
    ),
}


@pytest.mark.parametrize(("arrange", "reason"), KEPT.values(), ids=KEPT)
def test_a_gate_that_is_shut_keeps_the_image(
    azure: Azure, arrange: Callable[[Azure], Plan], reason: str
) -> None:
    """No DELETE, no recipe, the reason in words."""
    plan = arrange(azure)
    value = azure.done(gate_and_delete, **azure.deletion_input(plan))
    assert value["image"] == "kept"
    assert reason in " ".join(value["refusals"])
    assert azure.sent("DELETE") == []
    assert records().read_recipe(azure.accepted.id) is None


def test_a_cancellation_in_time_keeps_the_image(azure: Azure) -> None:
    """The latch decides; the DELETE is never sent."""
    plan = azure.approved()
    records().set_latch(azure.accepted.id, Latch(kind="cancel", at=clock.now()))
    answer = azure.ask(gate_and_delete, **azure.deletion_input(plan))
    assert answer.standing is Standing.CANCELLED
    assert azure.sent("DELETE") == []


def test_from_the_gate_on_it_is_too_late_to_cancel(azure: Azure) -> None:
    """Even when the gate keeps the image."""
    plan = undecided(azure)
    azure.done(gate_and_delete, **azure.deletion_input(plan))
    latch = records().set_latch(azure.accepted.id, Latch(kind="cancel", at=clock.now()))
    assert latch.kind == "deletion"


def test_a_deletion_that_still_runs_is_not_confirmed(azure: Azure) -> None:
    """Only a 404 is."""
    azure.cloud.set_profile(seconds={"image delete": 600})
    plan = azure.approved()
    url = azure.done(gate_and_delete, **azure.deletion_input(plan))["operationUrl"]
    value = azure.done(confirm_deletion, **confirm_input(azure, plan, url))
    assert value == {"gone": False, "refusal": None}


def test_a_deletion_whose_operation_cannot_be_read_is_waited_for(azure: Azure) -> None:
    """What its signed address answers when it has expired says nothing of the image."""
    azure.cloud.set_profile(seconds={"image delete": 600})
    plan = azure.approved()
    url = azure.done(gate_and_delete, **azure.deletion_input(plan))["operationUrl"]
    azure.fault(what="status", status=400, code="BadRequest", path="/operations/")
    value = azure.done(confirm_deletion, **confirm_input(azure, plan, url))
    assert value == {"gone": False, "refusal": None}


def test_another_image_of_the_name_means_that_ours_is_gone(azure: Azure) -> None:
    """It is not waited for, and not touched."""
    plan = azure.approved()
    azure.done(gate_and_delete, **azure.deletion_input(plan))
    azure.time.advance(minutes=5)
    azure.cloud.add_image({**azure.images["ubuntu-base"], "createdTime": "2026-03-02T11:00:00Z"})
    value = azure.done(confirm_deletion, **confirm_input(azure, plan))
    assert (value["gone"], value["replaced"]) == (True, True)


def test_a_lock_keeps_the_image_with_azures_reason(azure: Azure) -> None:
    """ScopeLocked is final."""
    plan = azure.approved()
    azure.fault(what="status", status=409, method="DELETE", code="ScopeLocked", message="locked")
    answer = azure.ask(gate_and_delete, **azure.deletion_input(plan))
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("ScopeLocked", False)
    assert azure.resource(plan.image_id) is not None


def test_a_migration_that_was_closed_deletes_nothing_any_more(azure: Azure) -> None:
    """The sweep has told everybody that the image is kept; a step that was still queued must not make it a lie."""
    plan = azure.approved()
    records().set_latch(azure.accepted.id, Latch(kind="finished", at=clock.now()))
    answer = azure.ask(gate_and_delete, **azure.deletion_input(plan))
    assert answer.standing is Standing.CANCELLED
    assert azure.sent("DELETE") == []
    assert azure.resource(plan.image_id) is not None


def test_a_second_run_that_finds_another_image_tells_that_ours_is_deleted(azure: Azure) -> None:
    """It is not reported as kept, and the new image is not touched."""
    plan = azure.approved()
    azure.done(gate_and_delete, **azure.deletion_input(plan))
    azure.time.advance(minutes=5)
    azure.cloud.add_image({**azure.images["ubuntu-base"], "createdTime": "2026-03-02T11:00:00Z"})
    assert azure.done(gate_and_delete, **azure.deletion_input(plan))["image"] == "deleted"
    assert len(azure.sent("DELETE")) == 1


def test_a_refused_repetition_leaves_it_to_the_confirmation(azure: Azure) -> None:
    """The first DELETE, whose answer was lost, may be under way: nobody may say that the image is kept."""
    azure.cloud.set_profile(seconds={"image delete": 600})
    plan = azure.approved()
    azure.done(gate_and_delete, **azure.deletion_input(plan))
    azure.fault(
        what="status", status=409, method="DELETE", code="Conflict", message="being deleted"
    )
    value = azure.done(gate_and_delete, **azure.deletion_input(plan))
    assert value["image"] == "deleting"
    assert value["refusal"].startswith("Conflict")


def version_gone(azure: Azure, plan: Plan, _: pytest.MonkeyPatch) -> None:
    found = azure.cloud.world.find(plan.version_id)
    assert found is not None
    azure.cloud.world.bury([found], azure.time.now(), "somebody-else")


def creation_time_gone(_: Azure, __: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure's list of resources forgets the image before the image's own address does."""
    monkeypatch.setattr(images, "_created_time", lambda *_: None)


@pytest.mark.parametrize("happens", [version_gone, creation_time_gone])
def test_a_shut_gate_does_not_undo_a_delete_that_may_be_under_way(
    azure: Azure,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[Azure, Plan, pytest.MonkeyPatch], None],
) -> None:
    """Its answer was lost: no second DELETE, and the confirmation tells what became of the image, not the gate."""
    azure.cloud.set_profile(seconds={"image delete": 600})
    plan = azure.approved()
    azure.fault(what="reset", method="DELETE", when="after")
    assert azure.ask(gate_and_delete, **azure.deletion_input(plan)).error is not None
    azure.well()
    happens(azure, plan, monkeypatch)
    value = azure.done(gate_and_delete, **azure.deletion_input(plan))
    assert (value["image"], len(azure.sent("DELETE"))) == ("deleting", 1)
    assert "not" in value["refusal"] or "unknown" in value["refusal"]
    azure.time.advance(minutes=15)
    assert azure.done(gate_and_delete, **azure.deletion_input(plan))["image"] == "deleted"


def test_a_last_look_that_sees_less_does_not_undo_it_either(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list forgets the image between the two looks of a repeated gate: a DELETE was sent all the same."""
    azure.cloud.set_profile(seconds={"image delete": 600})
    plan = azure.approved()
    azure.fault(what="reset", method="DELETE", when="after")
    assert azure.ask(gate_and_delete, **azure.deletion_input(plan)).error is not None
    azure.well()

    def then_forgotten(readings: GateReadings, question: GateQuestion) -> tuple[Check, ...]:
        creation_time_gone(azure, plan, monkeypatch)
        return check_gate(readings, question)

    monkeypatch.setattr(deletion, "check_gate", then_forgotten)
    value = azure.done(gate_and_delete, **azure.deletion_input(plan))
    assert (value["image"], len(azure.sent("DELETE"))) == ("deleting", 1)
    azure.time.advance(minutes=15)
    assert azure.done(gate_and_delete, **azure.deletion_input(plan))["image"] == "deleted"


def test_a_rejection_that_was_accepted_beside_an_approval_keeps_the_image(azure: Azure) -> None:
    """Two runs at once may have ruled differently; whoever was told that the image is kept must be right."""
    plan = azure.approved()
    azure.decide(plan, Decision.REJECT, key="k2")
    value = azure.done(gate_and_delete, **azure.deletion_input(plan))
    assert (value["image"], azure.sent("DELETE")) == ("kept", [])
    assert "deletion approved: no" in value["refusals"][0]


def test_an_image_that_was_gone_when_the_delete_came_is_not_our_doing(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure answers 204 to the DELETE of what is not there (arm.md section 1); a second run says the same."""
    plan = azure.approved()
    look, looks = deletion._look, [0]

    def then_gone(image: ComputeId) -> Any:
        seen, looks[0] = look(image), looks[0] + 1
        if looks[0] == 2:
            azure.delete_image()
        return seen

    monkeypatch.setattr(deletion, "_look", then_gone)
    for _ in range(2):
        value = azure.done(gate_and_delete, **azure.deletion_input(plan))
        assert value["image"] == "gone, not by us"
    assert [line["status"] for line in azure.sent("DELETE")] == [204]


def test_a_delete_that_finds_nothing_is_not_our_doing(azure: Azure) -> None:
    """Somebody else was faster by the last moment."""
    plan = azure.approved()
    azure.fault(what="status", status=404, method="DELETE", code="ResourceNotFound", message="no")
    value = azure.done(gate_and_delete, **azure.deletion_input(plan))
    assert value["image"] == "gone, not by us"
    assert [check["passed"] for check in value["checks"]] == [True] * 7


def test_a_run_after_the_outcome_deletes_nothing(azure: Azure) -> None:
    """Activities run at least once: a late repetition must not make a lie of `kept`, though the gate is open now."""
    plan = azure.replicated()
    assert azure.done(gate_and_delete, **azure.deletion_input(plan))["image"] == "kept"
    ending = Finished(outcome=Outcome.KEPT, reason="nobody approved", at=clock.now())
    records().finish(azure.accepted, ending)
    azure.decide(plan, Decision.APPROVE)
    answer = azure.ask(gate_and_delete, **azure.deletion_input(plan))
    assert answer.standing is Standing.CANCELLED
    assert azure.sent("DELETE") == []


def test_what_azure_did_not_take_is_not_our_doing(azure: Azure) -> None:
    """A throttled DELETE was not done: when somebody else deletes the image meanwhile, nobody says that we did."""
    plan = azure.approved()
    azure.fault(what="status", status=429, method="DELETE", retryAfter=60)
    assert azure.ask(gate_and_delete, **azure.deletion_input(plan)).error is not None
    azure.well()
    azure.delete_image()
    value = azure.done(gate_and_delete, **azure.deletion_input(plan))
    assert value["image"] == "gone, not by us"


def make_anew_behind_the_recipe(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody makes the image anew between the gate's checks and its last look."""
    write = MigrationRecords.write_recipe

    def then_made_anew(self: MigrationRecords, migration: str, image: Any, at: datetime) -> None:
        write(self, migration, image, at)
        azure.recreate_image()
        azure.forget_requests()

    monkeypatch.setattr(MigrationRecords, "write_recipe", then_made_anew)


def test_the_image_is_looked_at_once_more_as_the_very_last_thing(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All checks have passed and the recipe is written; then somebody makes the image anew."""
    plan = azure.approved()
    make_anew_behind_the_recipe(azure, monkeypatch)
    value = azure.done(gate_and_delete, **azure.deletion_input(plan))
    assert (value["image"], azure.sent("DELETE")) == ("kept", [])
    assert "made anew" in value["refusals"][0]
    assert azure.resource(plan.image_id) is not None


def test_nobody_claims_to_know_what_azure_will_not_tell(azure: Azure) -> None:
    """The DELETE's answer was lost, and then the role was taken away: the image's fate is open."""
    plan = azure.approved()
    azure.fault(what="reset", method="DELETE", when="after")
    assert azure.ask(gate_and_delete, **azure.deletion_input(plan)).error is not None
    azure.fault(what="status", status=403, method="GET", code="AuthorizationFailed", message="no")
    value = azure.done(gate_and_delete, **azure.deletion_input(plan))
    assert value["image"] == "unknown"
    assert "AuthorizationFailed" in value["refusals"][0]


def test_a_repeated_gate_that_sees_the_new_image_last_tells_that_ours_is_deleted(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our DELETE, whose answer was lost, takes effect between the two looks, and somebody makes the image anew."""
    plan = azure.approved()
    azure.fault(what="reset", method="DELETE", when="before")
    assert azure.ask(gate_and_delete, **azure.deletion_input(plan)).error is not None
    azure.well()
    make_anew_behind_the_recipe(azure, monkeypatch)
    value = azure.done(gate_and_delete, **azure.deletion_input(plan))
    assert (value["image"], azure.sent("DELETE")) == ("deleted", [])
    assert azure.resource(plan.image_id) is not None
