"""The statement is made once, of what was read before anybody was asked."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from activities.approvals import open_approval
from activities.statements import make_statement
from domain.approval.decisions import ApprovalState, Decision, Verdict
from domain.results import ActivityError, ResultStatus
from domain.values import Json
from tests.activities.azure import Azure
from tests.activities.test_deletion_users import a_machine
from tests.app import forget


@pytest.fixture(autouse=True)
def asked(azure: Azure) -> None:
    """The version is ready, and the approval is opened."""
    azure.accepted = azure.accept(deletion={"enabled": True}, changeNumber="CHG1")
    azure.replicated()
    azure.done(open_approval)


def stated(azure: Azure) -> Json:
    """The statement, as it is shown."""
    kept = azure.written().statement
    assert kept is not None
    found: Json = json.loads(kept.text)
    return found


def failed(azure: Azure, **fields: Any) -> ActivityError:
    error = azure.ask(make_statement, **fields).error
    assert error is not None
    assert azure.written().statement is None
    return error


def test_it_says_what_there_is(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Image, version, users, who asked, until when; in the deployment's name."""
    monkeypatch.setenv("DEPLOYMENT_NAME", "production")
    forget()
    a_machine(azure)
    azure.done(make_statement)
    told, plan = stated(azure), azure.written().planned
    assert (told["deployment"], told["migrationId"]) == ("production", azure.accepted.id)
    assert (told["round"], told["changeNumber"]) == (1, "CHG1")
    assert told["image"]["fingerprint"] == plan.fingerprint.value
    assert (told["version"]["id"], told["version"]["regions"]) == (
        plan.version_id,
        list(plan.regions),
    )
    assert told["requester"]["id"] == "tests"
    (user,) = told["references"]["users"]
    assert (user["kind"], user["effect"]) == ("virtual machine", "warns")
    assert told["references"]["complete"] is True


def test_it_is_made_once(azure: Azure) -> None:
    """However often the step runs, and whatever appears meanwhile: people may have read it."""
    first = azure.done(make_statement)
    before = azure.written().statement
    a_machine(azure)
    azure.time.advance(minutes=1)
    azure.forget_requests()
    assert azure.done(make_statement) == first
    assert azure.written().statement == before
    assert azure.sent() == []


def test_its_hash_is_of_the_text(azure: Azure) -> None:
    """As it lies in the records."""
    azure.done(make_statement)
    kept = azure.written().statement
    assert kept is not None
    assert kept.hash == hashlib.sha256(kept.text.encode()).hexdigest()
    assert kept.asked_at == azure.time.now()


def test_nothing_is_stated_about_what_is_decided(azure: Azure) -> None:
    """An older deployment asked without; the gate keeps the image then."""
    azure.latch(verdict=Verdict(state=ApprovalState.REJECTED))
    azure.done(make_statement)
    assert azure.written().statement is None


def test_asked_again_it_is_of_what_there_is_then(azure: Azure) -> None:
    """With a number of its own, until the same deadline; the first stays readable."""
    azure.decide(azure.written().planned, Decision.APPROVE)
    first = stated(azure)
    a_machine(azure)
    azure.time.advance(hours=1)
    assert azure.done(open_approval, after=1)["asked"] == 2
    assert azure.written().latch.verdict is None
    assert azure.written().statement is None
    azure.done(make_statement)
    second = stated(azure)
    assert (first["round"], second["round"]) == (1, 2)
    assert (len(first["references"]["users"]), len(second["references"]["users"])) == (0, 1)
    assert first["deadline"] == second["deadline"]
    assert set(azure.written().statements) == {"1", "2"}


def test_it_is_asked_again_once(azure: Azure) -> None:
    """The step runs twice."""
    azure.decide(azure.written().planned, Decision.APPROVE)
    for _ in range(2):
        assert azure.done(open_approval, after=1)["asked"] == 2


def test_a_rejection_is_not_asked_about_again(azure: Azure) -> None:
    """It came between the gate and the asking."""
    azure.decide(azure.written().planned, Decision.REJECT)
    assert azure.done(open_approval, after=1)["asked"] == 1
    assert azure.written().approval_state is ApprovalState.REJECTED


def test_an_azure_that_throttles_the_scan_is_waited_out(azure: Azure) -> None:
    """Nobody is asked about users who are not known for a moment."""
    azure.fault(what="status", status=429, path="ResourceGraph")
    assert failed(azure).transient
    azure.well()
    azure.done(make_statement)
    assert stated(azure)["references"]["complete"] is True


@pytest.mark.parametrize(("minutes", "waits"), [(14, True), (15, False), (60, False)])
def test_for_a_quarter_of_an_hour(azure: Azure, minutes: int, waits: bool) -> None:
    """Then whoever approves is shown that the users are not all known."""
    azure.fault(what="status", status=429, path="ResourceGraph")
    since = (azure.time.now() - timedelta(minutes=minutes)).isoformat()
    result = azure.ask(make_statement, failingSince=since)
    assert (result.status is ResultStatus.ERROR) is waits
    if not waits:
        assert stated(azure)["references"]["complete"] is False


def test_missing_rights_are_not_waited_for(azure: Azure) -> None:
    """They do not come by themselves; the statement says that the users are not all known."""
    azure.fault(what="status", status=403, path="/virtualMachineScaleSets")
    azure.done(make_statement)
    assert stated(azure)["references"]["complete"] is False


def test_an_image_that_was_made_anew_is_not_asked_about(azure: Azure) -> None:
    """The copy is of another one."""
    azure.recreate_image()
    azure.time.advance(hours=1)
    error = failed(azure)
    assert (error.code, error.transient) == ("ImageChanged", False)


def test_an_image_that_is_gone_is_not_asked_about(azure: Azure) -> None:
    """There is nothing to delete."""
    azure.delete_image()
    error = failed(azure)
    assert (error.code, error.transient) == ("ImageMissing", False)


def test_without_its_version_an_image_is_not_asked_about(azure: Azure) -> None:
    """Nothing would be left of it."""
    version = azure.cloud.world.find(azure.written().planned.version_id)
    assert version is not None
    azure.cloud.world.bury([version], azure.time.now(), "somebody-else")
    error = failed(azure)
    assert (error.code, error.transient) == ("VersionMissing", False)


def test_a_creation_time_that_is_not_listed_is_waited_for(azure: Azure) -> None:
    """An image could not be told from one that was made anew."""
    azure.fault(what="unseen", rows=azure.image_id, path="/resources\\?")
    error = failed(azure)
    assert (error.code, error.transient) == ("CreationTimeUnknown", True)
