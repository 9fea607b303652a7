"""Two identities: one reads and publishes, the other deletes; without the other nothing is deleted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.identity import ManagedIdentityCredential

from activities.approvals import open_approval
from activities.deletion import confirm_deletion, delete_image
from demo.identities import DELETER, PUBLISHER
from domain.deletion.actions import next_action
from domain.deletion.permission import NO_DELETER, NOT_PERMITTED
from services import identities
from tests.activities.azure import Azure
from tests.app import app, forget


@pytest.fixture
def no_deleter(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The settings name no identity that deletes."""
    monkeypatch.delenv("DELETER_CLIENT_ID")
    forget()
    yield
    forget()


def test_the_deleter_sends_the_delete_and_nothing_else(azure: Azure) -> None:
    """Azure sees which identity asked: reads, definition, version and operations are the publisher's."""
    azure.approved()
    azure.done(delete_image)
    azure.time.advance(minutes=1)
    assert azure.done(confirm_deletion)["gone"]
    by = {(line["client"], line["method"] == "DELETE") for line in azure.sent()}
    assert by == {(PUBLISHER, False), (DELETER, True)}


@pytest.mark.usefixtures("no_deleter")
def test_without_a_deleter_nobody_is_asked(azure: Azure) -> None:
    """An approval of what can never happen is not asked for, and nothing of it is written."""
    azure.replicated()
    assert azure.done(open_approval) == {"kind": "notAsked", "reason": NOT_PERMITTED}
    assert azure.written().state.approval is None


@pytest.mark.usefixtures("no_deleter")
def test_without_a_deleter_the_plan_warns(azure: Azure) -> None:
    """Before all the waiting."""
    azure.accept(deletion={"enabled": True})
    azure.accepted = azure.accept(deletion={"enabled": True})
    assert NO_DELETER in azure.plan().warnings


def test_a_deleter_that_is_taken_away_shuts_the_gate(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Approved already: the check says what is missing, and no DELETE is sent."""
    azure.approved()
    monkeypatch.delenv("DELETER_CLIENT_ID")
    forget()
    azure.forget_requests()
    value = azure.done(delete_image)
    assert value["kind"] == "refused"
    assert value["reasons"] == [
        f"deletion permitted: no ({NOT_PERMITTED}); {next_action('deletion permitted')}"
    ]
    assert azure.sent("DELETE") == []


def test_an_approval_that_was_asked_for_keeps_its_deadline(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The identity was there when it was asked; the gate says whether it still is."""
    azure.replicated()
    opened = azure.done(open_approval)
    monkeypatch.delenv("DELETER_CLIENT_ID")
    forget()
    assert azure.done(open_approval) == opened


def test_nobody_deletes_with_a_login_of_their_own(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside of Azure too, where the publisher may be a developer's login."""
    monkeypatch.delenv("AZURE_TOKEN_CREDENTIALS")
    identities.forget()
    assert isinstance(identities.managed_identity(DELETER), ManagedIdentityCredential)
    assert not isinstance(identities.publisher(""), ManagedIdentityCredential)
    assert app().deleter is not None
    identities.forget()
