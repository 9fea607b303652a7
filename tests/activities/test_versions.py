"""The image version: begun without waiting, taken up when ours, read, promoted with one flag changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from activities.versions import promote_version, read_replication, start_version
from domain.migration.latch import Effect
from domain.migration.polling import Look, Replicated, ReplicationFailed, Wait
from domain.results import ResultStatus
from domain.values import Json
from tests import builders as b
from tests.activities.azure import Azure


def look(azure: Azure, **fields: Any) -> Look:
    return Look.model_validate(azure.done(read_replication, **fields))


def failure(azure: Azure, **fields: Any) -> ReplicationFailed:
    judgement = look(azure, **fields).judgement
    assert isinstance(judgement, ReplicationFailed)
    return judgement


def test_the_put_returns_at_once(azure: Azure) -> None:
    """The operation runs on; nobody polls it here."""
    azure.defined()
    azure.forget_requests()
    assert azure.done(start_version) == {"kind": "begun", "created": True}
    intent = azure.written().latch.effects[Effect.VERSION]
    assert (intent.operation_url or "").startswith(azure.cloud.url)
    assert intent.correlation_id
    assert [line["method"] for line in azure.sent()][-1] == "PUT"
    assert azure.sent("", "/operations/") == azure.sent("", "/capsOperations/") == []


def test_a_second_run_takes_up_what_the_first_began(azure: Azure) -> None:
    """One PUT; also when the first answer never arrived."""
    azure.begun()
    before = azure.written().latch
    azure.forget_requests()
    assert azure.done(start_version) == {"kind": "begun", "created": True}
    assert azure.sent("PUT") == []
    assert azure.written().latch == before


def test_a_version_of_an_earlier_migration_is_taken_up(azure: Azure) -> None:
    """It was there and ours before this one sent anything."""
    azure.replicated()
    azure.accepted = azure.accept(imageVersion="1.0.0")
    azure.plan()
    azure.forget_requests()
    assert azure.done(start_version) == {"kind": "begun", "created": False}
    assert azure.sent("PUT") == []
    assert azure.written().latch.effects == {}


@pytest.mark.parametrize(("asked", "replan"), [("1.0.0", False), ("auto", True)])
def test_a_name_that_somebody_else_took_is_a_reply_of_its_own(
    azure: Azure, asked: str, replan: bool
) -> None:
    """With `auto` the orchestrator plans again; with a name that was asked for it cannot."""
    azure.accepted = azure.accept(imageVersion=asked)
    plan = azure.begun()
    another = plan.fingerprint.model_copy(update={"value": "v1-a-b"})
    azure.replan(fingerprint=another)
    azure.forget_requests()
    value = azure.done(start_version)
    assert (value["kind"], value["replan"]) == ("taken", replan)
    assert value["reason"].startswith("VersionNameTaken")
    assert azure.sent("PUT") == []


def test_a_name_that_is_taken_in_the_last_moment_is_taken(azure: Azure) -> None:
    """Azure refuses the PUT; nothing was sent then, and the same reply says so."""
    azure.accepted = azure.accept(imageVersion="auto")
    azure.defined()
    azure.fault(what="status", status=409, method="PUT", code="PropertyChangeNotAllowed")
    value = azure.done(start_version)
    assert (value["kind"], value["replan"]) == ("taken", True)
    assert Effect.VERSION not in azure.written().latch.effects


@pytest.mark.parametrize("fate", ["deleted", "recreated"])
def test_an_image_that_changed_since_the_plan_makes_no_version(azure: Azure, fate: str) -> None:
    """Names are reused, content is not."""
    azure.defined()
    azure.forget_requests()
    azure.delete_image() if fate == "deleted" else azure.recreate_image()
    answer = azure.ask(start_version)
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("ImageChanged", False)
    assert azure.sent("PUT") == []


def test_a_look_tells_every_region_and_writes_it_down(azure: Azure) -> None:
    """Progress while it runs, Completed in the end."""
    azure.begun()
    early = look(azure)
    azure.time.advance(hours=1)
    late = look(azure)
    assert early == Look(completed=0, regions=1, judgement=Wait(delay=timedelta(minutes=1)))
    assert late == Look(completed=1, regions=1, judgement=Replicated())
    [region] = azure.written().regions
    assert region.state == "Completed"


def test_a_version_that_is_not_there_is_waited_for_at_first(azure: Azure) -> None:
    """Found or not is a reading, no error: right after its PUT it may not be there yet."""
    azure.defined()
    assert isinstance(look(azure).judgement, Wait)
    began = azure.at
    azure.time.advance(hours=1)
    assert failure(azure, began=began).code == "VersionNotFound"


def test_a_look_is_judged_by_the_limits_that_were_accepted(azure: Azure) -> None:
    """The beginning of the watch and its polls come from the orchestration, everything else from the record."""
    azure.begun()
    polling = azure.accepted.limits.polling
    late = look(azure, polls=1000).judgement
    assert late == Wait(delay=polling.delay(1000))
    began = (azure.time.now() - polling.timeout).isoformat()
    assert failure(azure, began=began).code == "ReplicationTimeout"


def test_a_failed_version_is_told_with_azures_own_error(azure: Azure) -> None:
    """From the operation's address, used to the letter."""
    azure.cloud.set_profile(failing_regions={"eastus2": "Failed with internal server error."})
    azure.begun()
    azure.time.advance(hours=3)
    failed = failure(azure)
    assert failed.code not in {"VersionFailed", "ReplicationFailed"}
    assert failed.reason


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_an_operation_that_is_forgotten_leaves_the_version_to_speak(
    azure: Azure, status: int
) -> None:
    """Azure keeps operations for days only, and their addresses are signed for a time."""
    azure.cloud.set_profile(failing_regions={"eastus2": "x"})
    azure.begun()
    azure.time.advance(hours=3)
    azure.fault(what="status", status=status, path="perations/")
    assert failure(azure).code == "ReplicationFailed"


def profile_of(azure: Azure, version_id: str) -> tuple[Json, Json]:
    """The publishing profile, and everything else that a PUT can change."""
    there = azure.resource(version_id)
    assert there is not None
    profile = dict(there["properties"]["publishingProfile"])
    rest = {k: there[k] for k in ("tags", "location")}
    return profile, rest | {"source": there["properties"]["storageProfile"]["source"]}


def test_a_promotion_changes_one_flag(azure: Azure) -> None:
    """Regions, replicas, dates and tags stay; a second run sends nothing."""
    plan = azure.replicated()
    before, rest = profile_of(azure, plan.version_id)
    azure.forget_requests()
    promoted = azure.done(promote_version)
    intent = azure.written().latch.effects[Effect.PROMOTION]
    azure.time.advance(hours=1)
    again = azure.done(promote_version)
    after, rest_after = profile_of(azure, plan.version_id)
    assert (promoted["changed"], again["changed"]) == (True, False)
    assert (before.pop("excludeFromLatest"), after.pop("excludeFromLatest")) == (True, False)
    assert (before, rest) == (after, rest_after)
    assert len(azure.sent("PUT")) == 1
    assert intent.operation_url
    assert azure.written().latch.effects[Effect.PROMOTION] == intent


def test_a_version_that_is_gone_cannot_be_promoted(azure: Azure) -> None:
    """A final error."""
    azure.defined()
    answer = azure.ask(promote_version)
    assert answer.status is ResultStatus.ERROR
    assert answer.error is not None
    assert not answer.error.transient


def test_a_migration_that_was_closed_makes_no_version(azure: Azure) -> None:
    """After the sweep has closed it, another attempt may run: a step that still comes must write nothing."""
    plan = azure.defined()
    azure.latch(finished=b.an_end())
    assert azure.ask(start_version).status is ResultStatus.OVER
    assert azure.resource(plan.version_id) is None


def test_a_version_of_another_image_is_not_promoted(azure: Azure) -> None:
    """Somebody deleted ours and made another one under its name: it is left alone."""
    plan = azure.replicated()
    azure.replan(fingerprint=plan.fingerprint.model_copy(update={"value": "v1-another-image"}))
    answer = azure.ask(promote_version)
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("VersionNotOurs", False)
    assert azure.sent("PUT", "/versions/")[1:] == []
