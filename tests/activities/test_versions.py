"""The image version: begun without waiting, taken up when ours, read, promoted with one flag changed."""

from __future__ import annotations

from typing import Any

import pytest
from migration.answers import Standing

import clock
from activities.configuration import records
from activities.versions import promote_version, read_replication, start_version
from domain.migration.polling import VersionReading
from domain.migration.recorded import Latch
from domain.values import Json
from tests.activities.azure import Azure, version_input, version_of


def look(azure: Azure, **fields: Any) -> VersionReading:
    return VersionReading.from_wire(azure.done(read_replication, **fields))


def test_the_put_returns_at_once(azure: Azure) -> None:
    """The operation runs on; nobody polls it here."""
    plan = azure.defined()
    azure.forget_requests()
    value = azure.done(start_version, **version_input(plan))
    assert value["created"]
    assert value["operationUrl"].startswith(azure.cloud.url)
    assert [line["method"] for line in azure.sent()][-1] == "PUT"
    assert azure.sent("", "/operations/") == azure.sent("", "/capsOperations/") == []


def test_a_second_run_takes_up_what_the_first_began(azure: Azure) -> None:
    """One PUT; also when the first answer never arrived."""
    plan = azure.begun()
    azure.forget_requests()
    value = azure.done(start_version, **version_input(plan))
    assert value == {"created": False, "operationUrl": None}
    assert azure.sent("PUT") == []


def test_a_name_that_somebody_else_took_is_an_error_of_its_own(azure: Azure) -> None:
    """With `auto` the orchestrator plans again."""
    plan = azure.begun()
    answer = azure.ask(start_version, **{**version_input(plan), "fingerprint": "v1-a-b"})
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("VersionNameTaken", False)


@pytest.mark.parametrize("fate", ["deleted", "recreated"])
def test_an_image_that_changed_since_the_plan_makes_no_version(azure: Azure, fate: str) -> None:
    """Names are reused, content is not."""
    plan = azure.defined()
    azure.forget_requests()
    azure.delete_image() if fate == "deleted" else azure.recreate_image()
    answer = azure.ask(start_version, **version_input(plan))
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("ImageChanged", False)
    assert azure.sent("PUT") == []


def test_a_look_tells_every_region_and_writes_it_down(azure: Azure) -> None:
    """Progress while it runs, Completed in the end."""
    plan = azure.begun()
    early = look(azure, **version_of(plan))
    azure.time.advance(hours=1)
    late = look(azure, **version_of(plan))
    assert early.provisioning_state == "Creating"
    assert (late.provisioning_state, late.regions[0].state) == ("Succeeded", "Completed")
    snapshot = records().snapshot(azure.accepted.id)
    assert snapshot is not None
    assert snapshot.regions == late.regions


def test_a_version_that_is_not_there_is_said_so(azure: Azure) -> None:
    """Found or not is a reading, no error."""
    plan = azure.defined()
    assert not look(azure, **version_of(plan)).found


def test_a_failed_version_is_told_with_azures_own_error(azure: Azure) -> None:
    """From the operation's address, used to the letter."""
    azure.cloud.set_profile(failing_regions={"eastus2": "Failed with internal server error."})
    plan = azure.defined()
    url = azure.done(start_version, **version_input(plan))["operationUrl"]
    azure.time.advance(hours=3)
    reading = look(azure, **version_of(plan), operationUrl=url)
    assert reading.provisioning_state == "Failed"
    assert reading.error_code
    assert reading.error_message


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_an_operation_that_is_forgotten_leaves_the_version_to_speak(
    azure: Azure, status: int
) -> None:
    """Azure keeps operations for days only, and their addresses are signed for a time."""
    azure.cloud.set_profile(failing_regions={"eastus2": "x"})
    plan = azure.defined()
    url = azure.done(start_version, **version_input(plan))["operationUrl"]
    azure.time.advance(hours=3)
    azure.fault(what="status", status=status, path="perations/")
    reading = look(azure, **version_of(plan), operationUrl=url)
    assert (reading.provisioning_state, reading.error_code) == ("Failed", None)


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
    promoted = azure.done(promote_version, **version_of(plan), excludeFromLatest=False)
    azure.time.advance(hours=1)
    again = azure.done(promote_version, **version_of(plan), excludeFromLatest=False)
    after, rest_after = profile_of(azure, plan.version_id)
    assert (promoted["changed"], again["changed"]) == (True, False)
    assert (before.pop("excludeFromLatest"), after.pop("excludeFromLatest")) == (True, False)
    assert (before, rest) == (after, rest_after)
    assert len(azure.sent("PUT")) == 1


def test_a_version_that_is_gone_cannot_be_promoted(azure: Azure) -> None:
    """A final error."""
    plan = azure.defined()
    answer = azure.ask(promote_version, **version_of(plan), excludeFromLatest=False)
    assert answer.standing is Standing.ERROR
    assert answer.error is not None
    assert not answer.error.transient


def test_a_migration_that_was_closed_makes_no_version(azure: Azure) -> None:
    """After the sweep has closed it, another attempt may run: a step that still comes must write nothing."""
    plan = azure.defined()
    records().set_latch(azure.accepted.id, Latch(kind="finished", at=clock.now()))
    answer = azure.ask(start_version, **version_input(plan))
    assert answer.standing is Standing.CANCELLED
    assert azure.resource(plan.version_id) is None


def test_a_version_of_another_image_is_not_promoted(azure: Azure) -> None:
    """Somebody deleted ours and made another one under its name: it is left alone."""
    plan = azure.replicated()
    ours = {"imageId": plan.image_id, "fingerprint": "v1-another-image"}
    answer = azure.ask(promote_version, **version_of(plan), excludeFromLatest=False, **ours)
    assert answer.error is not None
    assert (answer.error.code, answer.error.transient) == ("VersionNotOurs", False)
    assert azure.sent("PUT", "/versions/")[1:] == []
