"""The gate and the deletion: every refusal keeps the image and sends no DELETE; the recipe is there before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from activities import deletion
from activities.approvals import open_approval
from activities.deletion import confirm_deletion, delete_image
from arm import images
from arm.client import ArmClient
from arm.images import begin_deletion
from domain.approval.decisions import ApprovalState, Decision
from domain.deletion.actions import NEXT_ACTIONS
from domain.deletion.evidence import Check
from domain.deletion.gate import GateQuestion, GateReadings, early_checks
from domain.ids import ComputeId
from domain.migration.latch import Halt, Latch, cancel
from domain.migration.planning import Plan
from domain.migration.stages import Outcome
from domain.results import ResultStatus
from localcloud.arm.server.arm_cloud import ArmCloud
from records.migrations import MigrationRecords
from services import gate
from services.identities import publisher
from tests import builders as b
from tests.activities.azure import Azure
from tests.activities.fixed_response_server import FixedResponse, fixed_responses
from tests.app import app, forget, records

SENT = "sent"


def fate(value: dict[str, Any]) -> str:
    """Return one word for the image's fate in a reply."""
    if value["kind"] == "gone":
        return "deleted" if value["byUs"] else "gone, not by us"
    return {SENT: "deleting", "refused": "kept", "unknown": "unknown"}[value["kind"]]


def cancelled(azure: Azure) -> Latch | Halt:
    """Return the answer to a caller who cancels now: the latch or a halt."""
    at = azure.time.now()
    return records().change_latch(azure.accepted.id, lambda latch: cancel(latch, at))


def test_an_approved_image_is_deleted_and_the_recipe_kept(azure: Azure) -> None:
    """Twenty-three checks, the whole JSON in the records, one DELETE, then 404."""
    plan = azure.approved()
    image = azure.resource(plan.image_id)
    azure.forget_requests()
    value = azure.done(delete_image)
    assert (fate(value), value["refused"]) == ("deleting", "")
    assert [check["passed"] for check in azure.written().checks] == [True] * len(NEXT_ACTIONS)
    recipe = records().read_recipe(azure.accepted.id)
    assert image is not None
    assert recipe is not None
    assert recipe["image"]["properties"] == image["properties"]
    azure.time.advance(minutes=5)
    assert azure.done(confirm_deletion)["gone"]
    assert len(azure.sent("DELETE")) == 1
    intent = azure.written().latch.deletion
    assert intent is not None
    assert (intent.run, intent.repeated) == (1, False)
    assert (intent.operation_url or "").startswith(azure.cloud.url)
    assert intent.correlation_id


def test_a_second_run_finds_the_image_deleted_by_us(azure: Azure) -> None:
    """The intent tells that it was us; no second DELETE."""
    azure.approved()
    azure.done(delete_image)
    azure.time.advance(minutes=5)
    assert fate(azure.done(delete_image)) == "deleted"
    assert len(azure.sent("DELETE")) == 1


def test_an_image_that_is_gone_is_not_our_doing(azure: Azure) -> None:
    """Without an intent nothing was ever sent."""
    azure.approved()
    azure.delete_image()
    value = azure.done(delete_image)
    assert fate(value) == "gone, not by us"
    assert azure.sent("DELETE") == []


def undecided(azure: Azure) -> Plan:
    plan = azure.replicated()
    azure.done(open_approval)
    return plan


def rejected(azure: Azure) -> Plan:
    plan = azure.replicated()
    azure.decide(plan, Decision.REJECT)
    return plan


def unruled(azure: Azure) -> Plan:
    plan = azure.replicated()
    azure.decide(plan, Decision.APPROVE, fingerprint="v1-a-b")
    assert not azure.written().rulings["k1"].accepted
    return plan


def recreated(azure: Azure) -> Plan:
    plan = azure.approved()
    azure.recreate_image()
    return plan


def version_deleted(azure: Azure) -> Plan:
    plan = azure.approved()
    resource = azure.cloud.world.find(plan.version_id)
    assert resource is not None
    azure.cloud.world.bury([resource], azure.time.now(), "somebody-else")
    return plan


def still_replicating(azure: Azure) -> Plan:
    plan = azure.begun()
    azure.decide(plan, Decision.APPROVE)
    return plan


def another_region_replicates(azure: Azure) -> Plan:
    """The version was taken up: an earlier migration had asked for a region more, which is late."""
    azure.cloud.set_profile(late_regions={"westeurope": 86_400})
    azure.accepted = azure.accept(targetRegions=[{"name": "West Europe"}])
    azure.approved()
    return azure.replan(regions=("eastus2",))


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
    arrange(azure)
    value = azure.done(delete_image)
    assert fate(value) == "kept"
    assert reason in " ".join(value["reasons"])
    assert azure.sent("DELETE") == []
    assert records().read_recipe(azure.accepted.id) is None
    assert azure.written().latch.deletion is None


def test_a_cancellation_in_time_keeps_the_image(azure: Azure) -> None:
    """The latch decides; the DELETE is never sent."""
    azure.approved()
    assert isinstance(cancelled(azure), Latch)
    assert azure.ask(delete_image).status is ResultStatus.CANCELLED
    assert azure.sent("DELETE") == []


def test_a_cancellation_while_the_gate_checks_keeps_the_image(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is possible until the DELETE is about to be sent: the intent, which comes last, finds it."""
    plan = azure.approved()
    behind_the_recipe(monkeypatch, lambda: cancelled(azure))
    assert azure.ask(delete_image).status is ResultStatus.CANCELLED
    assert azure.sent("DELETE") == []
    assert azure.written().latch.deletion is None
    assert azure.resource(plan.image_id) is not None


def test_from_the_delete_on_it_is_too_late_to_cancel(azure: Azure) -> None:
    """Whatever came of it."""
    azure.approved()
    azure.fault(what="reset", method="DELETE", when="before")
    assert azure.ask(delete_image).error is not None
    assert cancelled(azure) is Halt.TOO_LATE


@pytest.mark.parametrize("why", ["the gate is shut", "Azure has refused"])
def test_when_no_delete_was_sent_it_is_not_too_late_to_cancel(azure: Azure, why: str) -> None:
    """Nothing has happened that a cancellation could not hold up."""
    if why == "the gate is shut":
        undecided(azure)
        azure.done(delete_image)
    else:
        azure.approved()
        azure.fault(what="status", status=409, method="DELETE", code="ScopeLocked")
        assert azure.ask(delete_image).error is not None
    assert isinstance(cancelled(azure), Latch)


def test_a_deletion_that_still_runs_is_not_confirmed(azure: Azure) -> None:
    """Only a 404 is."""
    azure.cloud.set_profile(seconds={"image delete": 600})
    azure.approved()
    azure.done(delete_image)
    assert azure.done(confirm_deletion) == {"gone": False, "refusal": ""}


def test_a_deletion_whose_operation_cannot_be_read_is_waited_for(azure: Azure) -> None:
    """The answer of its signed address after it has expired says nothing of the image."""
    azure.cloud.set_profile(seconds={"image delete": 600})
    azure.approved()
    azure.done(delete_image)
    azure.fault(what="status", status=400, code="BadRequest", path="/operations/")
    assert azure.done(confirm_deletion) == {"gone": False, "refusal": ""}


def test_another_image_of_the_name_means_that_ours_is_gone(azure: Azure) -> None:
    """It is not waited for, and not touched."""
    azure.approved()
    azure.done(delete_image)
    azure.time.advance(minutes=5)
    azure.cloud.add_image({**azure.images["ubuntu-base"], "createdTime": "2026-03-02T11:00:00Z"})
    azure.forget_requests()
    assert azure.done(confirm_deletion) == {"gone": True, "refusal": ""}
    assert {line["method"] for line in azure.sent()} == {"GET"}


def test_a_lock_keeps_the_image_with_azures_reason(azure: Azure) -> None:
    """ScopeLocked is final."""
    plan = azure.approved()
    azure.fault(what="status", status=409, method="DELETE", code="ScopeLocked", message="locked")
    answer = azure.ask(delete_image)
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("ScopeLocked", False)
    assert azure.resource(plan.image_id) is not None


def test_a_migration_that_was_closed_deletes_nothing_any_more(azure: Azure) -> None:
    """The sweep has told everybody that the image is kept; a step that was still queued must not make it a lie."""
    plan = azure.approved()
    azure.latch(finished=b.an_end(Outcome.KEPT))
    assert azure.ask(delete_image).status is ResultStatus.OVER
    assert azure.sent("DELETE") == []
    assert azure.resource(plan.image_id) is not None


def test_a_second_run_that_finds_another_image_tells_that_ours_is_deleted(azure: Azure) -> None:
    """It is not reported as kept, and the new image is not touched."""
    azure.approved()
    azure.done(delete_image)
    azure.time.advance(minutes=5)
    azure.cloud.add_image({**azure.images["ubuntu-base"], "createdTime": "2026-03-02T11:00:00Z"})
    assert fate(azure.done(delete_image)) == "deleted"
    assert len(azure.sent("DELETE")) == 1


def test_a_refused_repetition_leaves_it_to_the_confirmation(azure: Azure) -> None:
    """The first DELETE, whose answer was lost, may be under way: nobody may say that the image is kept."""
    azure.cloud.set_profile(seconds={"image delete": 600})
    azure.approved()
    azure.done(delete_image)
    azure.fault(
        what="status", status=409, method="DELETE", code="Conflict", message="being deleted"
    )
    value = azure.done(delete_image)
    assert fate(value) == "deleting"
    assert value["refused"].startswith("Conflict")


def version_gone(azure: Azure, plan: Plan, _: pytest.MonkeyPatch) -> None:
    resource = azure.cloud.world.find(plan.version_id)
    assert resource is not None
    azure.cloud.world.bury([resource], azure.time.now(), "somebody-else")


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
    assert azure.ask(delete_image).error is not None
    azure.well()
    happens(azure, plan, monkeypatch)
    value = azure.done(delete_image)
    assert (fate(value), len(azure.sent("DELETE"))) == ("deleting", 1)
    assert "not" in value["refused"] or "unknown" in value["refused"]
    azure.time.advance(minutes=15)
    assert fate(azure.done(delete_image)) == "deleted"


def test_a_last_look_that_sees_less_does_not_undo_it_either(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list forgets the image between the two looks of a repeated gate: a DELETE was sent all the same."""
    azure.cloud.set_profile(seconds={"image delete": 600})
    plan = azure.approved()
    azure.fault(what="reset", method="DELETE", when="after")
    assert azure.ask(delete_image).error is not None
    azure.well()

    def then_forgotten(readings: GateReadings, question: GateQuestion) -> tuple[Check, ...]:
        creation_time_gone(azure, plan, monkeypatch)
        return early_checks(readings, question)

    monkeypatch.setattr(gate, "early_checks", then_forgotten)
    value = azure.done(delete_image)
    assert (fate(value), len(azure.sent("DELETE"))) == ("deleting", 1)
    azure.time.advance(minutes=15)
    assert fate(azure.done(delete_image)) == "deleted"


def test_a_rejection_that_was_accepted_holds_beside_an_approval(azure: Azure) -> None:
    """An approval of an earlier moment turns up later: whoever was told that the image is kept must be right."""
    plan = azure.replicated()
    earlier = azure.time.now()
    azure.time.advance(seconds=1)
    assert azure.decide(plan, Decision.REJECT, key="k2") is ApprovalState.REJECTED
    assert azure.decide(plan, Decision.APPROVE, received_at=earlier) is ApprovalState.REJECTED
    value = azure.done(delete_image)
    assert (fate(value), azure.sent("DELETE")) == ("kept", [])
    assert "deletion approved: no" in value["reasons"][0]


def test_an_image_that_was_gone_when_the_delete_came_is_not_our_doing(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure answers 204 to the DELETE of what is not there; a second run says the same."""
    azure.approved()
    look, looks = deletion._look, [0]

    def then_gone(arm: ArmClient, image: ComputeId) -> Any:
        seen, looks[0] = look(arm, image), looks[0] + 1
        if looks[0] == 2:
            azure.delete_image()
        return seen

    monkeypatch.setattr(deletion, "_look", then_gone)
    for _ in range(2):
        value = azure.done(delete_image)
        assert fate(value) == "gone, not by us"
    assert [line["status"] for line in azure.sent("DELETE")] == [204]


def test_a_delete_that_finds_nothing_is_not_our_doing(azure: Azure) -> None:
    """Somebody else was faster by the last moment."""
    azure.approved()
    azure.fault(what="status", status=404, method="DELETE", code="ResourceNotFound", message="no")
    value = azure.done(delete_image)
    assert fate(value) == "gone, not by us"
    assert [check["passed"] for check in azure.written().checks] == [True] * len(NEXT_ACTIONS)
    assert azure.written().latch.deletion is None


def test_a_run_after_the_outcome_deletes_nothing(azure: Azure) -> None:
    """Activities run at least once: a late repetition must not make a lie of `kept`, though the gate is open now."""
    plan = undecided(azure)
    assert fate(azure.done(delete_image)) == "kept"
    azure.decide(plan, Decision.APPROVE)
    azure.latch(finished=b.an_end(Outcome.KEPT, reason="nobody approved"))
    assert azure.ask(delete_image).status is ResultStatus.OVER
    assert azure.sent("DELETE") == []


def test_what_azure_did_not_take_is_not_our_doing(azure: Azure) -> None:
    """A throttled DELETE was not done: when somebody else deletes the image meanwhile, nobody says that we did."""
    azure.approved()
    azure.fault(what="status", status=429, method="DELETE", retryAfter=60)
    assert azure.ask(delete_image).error is not None
    azure.well()
    azure.delete_image()
    value = azure.done(delete_image)
    assert fate(value) == "gone, not by us"


def behind_the_recipe(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Something happens between the gate's checks and its last look."""
    write = MigrationRecords.write_recipe

    def then(self: MigrationRecords, migration: str, image: Any, at: datetime) -> None:
        write(self, migration, image, at)
        happens()

    monkeypatch.setattr(MigrationRecords, "write_recipe", then)


def make_anew_behind_the_recipe(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody makes the image anew between the gate's checks and its last look."""

    def made_anew() -> None:
        azure.recreate_image()
        azure.forget_requests()

    behind_the_recipe(monkeypatch, made_anew)


def test_the_image_is_looked_at_once_more_as_the_very_last_thing(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All checks have passed and the recipe is written; then somebody makes the image anew."""
    plan = azure.approved()
    make_anew_behind_the_recipe(azure, monkeypatch)
    value = azure.done(delete_image)
    assert (fate(value), azure.sent("DELETE")) == ("kept", [])
    assert "image unchanged since the approval: no" in " ".join(value["reasons"])
    assert azure.resource(plan.image_id) is not None


def test_nobody_claims_to_know_what_azure_will_not_tell(azure: Azure) -> None:
    """The DELETE's answer was lost, and then the role was taken away: the image's fate is open."""
    azure.approved()
    azure.fault(what="reset", method="DELETE", when="after")
    assert azure.ask(delete_image).error is not None
    azure.fault(what="status", status=403, method="GET", code="AuthorizationFailed", message="no")
    value = azure.done(delete_image)
    assert fate(value) == "unknown"
    assert "AuthorizationFailed" in value["reason"]


def test_a_repeated_gate_that_sees_the_new_image_last_tells_that_ours_is_deleted(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our DELETE, whose answer was lost, takes effect between the two looks, and somebody makes the image anew."""
    plan = azure.approved()
    azure.fault(what="reset", method="DELETE", when="before")
    assert azure.ask(delete_image).error is not None
    azure.well()
    make_anew_behind_the_recipe(azure, monkeypatch)
    value = azure.done(delete_image)
    assert (fate(value), azure.sent("DELETE")) == ("deleted", [])
    assert azure.resource(plan.image_id) is not None


@pytest.fixture
def forget_clients() -> Iterator[None]:
    """Clients know the address that they were made for."""
    yield
    forget()


@pytest.mark.usefixtures("forget_clients")
def test_what_a_gateway_refused_is_not_told_as_kept(
    azure: Azure, cloud: ArmCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its 403 may stand for an answer that got lost behind it: the confirmation tells what became of the image."""
    azure.approved()
    page = FixedResponse(status=403, body=b"<h1>Forbidden</h1>", kind="text/html")
    with (
        fixed_responses(Path(cloud.ca_file).parent, page) as (address, seen),
        monkeypatch.context() as gateway,
    ):
        behind = ArmClient(address, app().settings.token_scope, partial(publisher, ""))

        def through_a_gateway(_: ArmClient, image: ComputeId, until: datetime) -> Any:
            return begin_deletion(behind, image, until)

        gateway.setattr(deletion, "begin_deletion", through_a_gateway)
        value = azure.done(delete_image)
    assert [line.split()[0] for line in seen] == ["DELETE"]
    assert (fate(value), value["refused"].partition(":")[0]) == ("deleting", "Http403")
    assert azure.written().latch.deletion is not None
    assert azure.done(confirm_deletion) == {"gone": False, "refusal": ""}


def test_a_delete_of_an_earlier_run_is_never_sent_again(azure: Azure) -> None:
    """It may be under way, or the image another's by now: it is only waited for, from its own beginning."""
    azure.approved()
    azure.fault(what="reset", method="DELETE", when="before")
    assert azure.ask(delete_image).error is not None
    azure.well()
    sent = azure.written().latch.deletion
    assert sent is not None
    azure.restart()
    azure.run = 2
    azure.time.advance(minutes=7)
    value = azure.done(delete_image)
    assert (fate(value), len(azure.sent("DELETE"))) == ("deleting", 1)
    assert datetime.fromisoformat(value["began"]) == sent.began
    assert "earlier run" in value["refused"]
    assert azure.written().latch.deletion == sent


def test_a_later_run_finds_the_image_deleted_by_the_earlier(azure: Azure) -> None:
    """That run's intent says so."""
    azure.approved()
    azure.done(delete_image)
    azure.time.advance(minutes=5)
    azure.restart()
    azure.run = 2
    assert fate(azure.done(delete_image)) == "deleted"
    assert len(azure.sent("DELETE")) == 1
