"""The gate and the deployment itself: stops, clocks, limits, windows, protections; each alone keeps the image."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities import deletion
from activities.approvals import open_approval
from activities.deletion import delete_image
from domain.approval.decisions import Decision
from domain.callers.actors import Actor, ActorKind
from domain.deletion.deployment import NOT_ENABLED
from domain.deletion.emergency_stop import StopChange
from domain.deletion.quota import DAY
from services import gate
from services.references import scan_now
from tests.activities.azure import Azure
from tests.activities.test_deletion_users import a_lock, put
from tests.app import app, forget, records
from tests.builders import NOW

STOP = StopChange(
    stopped=True, by=Actor(kind=ActorKind.PERSON, id="0a"), at=NOW, reason="wrong images"
)


def setting(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """The deployment is given other settings."""
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    forget()


def refused(azure: Azure) -> str:
    """The reasons for which no DELETE was sent."""
    azure.forget_requests()
    value = azure.done(delete_image)
    assert value["kind"] == "refused", value
    assert azure.sent("DELETE") == []
    assert azure.written().latch.deletion is None
    return "; ".join(value["reasons"])


def test_a_stop_by_a_setting_keeps_the_image(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Approved or not."""
    azure.approved()
    setting(monkeypatch, DELETION_STOPPED="true")
    assert "no emergency stop: no (DELETION_STOPPED is true)" in refused(azure)


def test_a_deployment_that_deletes_nothing_asks_nobody(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was approved before is kept."""
    plan = azure.replicated()
    setting(monkeypatch, DELETION_ENABLED="false")
    assert azure.done(open_approval) == {"kind": "notAsked", "reason": NOT_ENABLED}
    setting(monkeypatch, DELETION_ENABLED="true")
    azure.decide(plan, Decision.APPROVE)
    setting(monkeypatch, DELETION_ENABLED="false")
    assert "deletion enabled: no" in refused(azure)


@pytest.mark.parametrize("moment", ["while it scans", "after every check"])
def test_a_stop_counts_until_the_delete(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """It is read last, and once more right before the DELETE."""
    azure.approved()

    def then_stopped(really: Callable[..., Any]) -> Callable[..., Any]:
        def stopped(*names: Any, **options: Any) -> Any:
            value = really(*names, **options)
            records().change_stop(STOP)
            return value

        return stopped

    if moment == "while it scans":
        monkeypatch.setattr(deletion, "scan_now", then_stopped(scan_now))
    else:
        monkeypatch.setattr(deletion, "reserve", then_stopped(gate.reserve))
    assert "wrong images" in refused(azure)


@pytest.mark.parametrize(
    ("seconds", "kept"), [(110, False), (-110, False), (125, True), (-125, True)]
)
def test_a_clock_that_azures_does_not_agree_with_keeps_the_image(
    azure: Azure, seconds: int, *, kept: bool
) -> None:
    """By the Date of its answers: two minutes, ahead or behind."""
    azure.approved()
    azure.fault(what="date", seconds=seconds)
    if kept:
        assert "clock agrees with Azure's: no" in refused(azure)
    else:
        assert azure.done(delete_image)["kind"] == "sent"


def test_a_limit_of_a_day_that_is_reached_is_waited_for(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the oldest is a day old, within the validity; nothing is sent, and nothing else reserved."""
    azure.approved()
    setting(monkeypatch, DELETION_DAILY_LIMIT="2", APPROVAL_VALIDITY="P2D")
    at = azure.time.now()
    for number in (1, 2):
        assert records().reserve_deletion(f"other-{number}", 2, at + timedelta(minutes=number))
    azure.time.advance(minutes=5)
    value = azure.done(delete_image)
    assert value["kind"] == "waits"
    assert datetime.fromisoformat(value["until"]) == at + timedelta(minutes=1) + DAY
    assert "below the limits: no (number 3 of 2 in 24 hours)" in value["reason"]
    assert azure.sent("DELETE") == []
    azure.time.advance(days=1)
    assert azure.done(delete_image)["kind"] == "sent"
    assert azure.accepted.id in records().read_reservations().times


def test_a_limit_that_outlasts_the_approval_ends_it(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting would be in vain."""
    azure.approved()
    setting(monkeypatch, DELETION_DAILY_LIMIT="1", APPROVAL_VALIDITY="PT1H")
    assert records().reserve_deletion("other", 1, azure.time.now())
    assert "below the limits: no" in refused(azure)


def test_somebody_else_takes_the_last_one_in_the_last_moment(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two that both saw one left, one gets it."""
    azure.approved()
    setting(monkeypatch, DELETION_DAILY_LIMIT="1", APPROVAL_VALIDITY="P3D")
    reserve = records().reserve_deletion

    def after_another(_: Any, migration: str, most: int, now: datetime) -> bool:
        assert reserve("other", most, now)
        return reserve(migration, most, now)

    monkeypatch.setattr(type(app().records), "reserve_deletion", after_another)
    assert azure.done(delete_image)["kind"] == "waits"
    assert azure.sent("DELETE") == []


def test_a_shut_window_is_waited_for(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by the early checks already: nobody looks for users then."""
    azure.approved()
    now = azure.time.now()
    opens = (now + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    text = f"{opens:%a} {opens:%H}:00-24:00"
    setting(monkeypatch, DELETION_WINDOW=text, APPROVAL_VALIDITY="P2D")
    azure.forget_requests()
    value = azure.done(delete_image)
    assert (value["kind"], datetime.fromisoformat(value["until"])) == ("waits", opens)
    assert azure.sent(path="ResourceGraph") == []
    azure.time.advance(hours=4)
    assert azure.done(delete_image)["kind"] == "sent"


def test_an_approval_that_no_opening_fits_in_is_not_asked_for(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at any time; with a longer validity it is."""
    azure.replicated()
    setting(monkeypatch, DELETION_WINDOW="Sun 09:00-10:00", APPROVAL_VALIDITY="PT59M")
    value = azure.done(open_approval)
    assert value["kind"] == "notAsked"
    assert "DELETION_WINDOW (Sun 09:00-10:00)" in value["reason"]
    assert "set APPROVAL_VALIDITY to P" in value["reason"]
    setting(monkeypatch, APPROVAL_VALIDITY="P7DT1H")
    assert "deadline" in azure.done(open_approval)


def test_a_deployment_that_observes_says_what_it_would_have_done(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleted, or kept and why; nothing is sent or reserved."""
    azure.approved()
    setting(monkeypatch, DELETION_OBSERVED="true")
    value = azure.done(delete_image)
    assert value["kind"] == "observed"
    assert "would have been deleted now" in value["reason"]
    assert records().read_reservations().times == {}
    azure.recreate_image()
    value = azure.done(delete_image)
    assert "would have been kept as well: " in value["reason"]
    assert "image unchanged since the approval: no" in value["reason"]
    assert azure.sent("DELETE") == []


# -- the version is protected first -----------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", ["endOfLife", "softDelete", "lock", "endOfLife,softDelete,lock"])
def test_a_version_that_nothing_protects_allows_no_deletion(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    """If the settings ask for one."""
    azure.approved()
    setting(monkeypatch, VERSION_PROTECTION=wanted)
    assert "version protected: no (none of: " in refused(azure)


def test_an_end_of_life_that_blocks_is_a_protection(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for with the migration; it must be yet to come."""
    end = datetime(2040, 1, 1, tzinfo=UTC).isoformat()
    azure.accepted = azure.accept(endOfLifeDate=end, blockDeletionBeforeEndOfLife=True)
    azure.approved()
    setting(monkeypatch, VERSION_PROTECTION="endOfLife")
    assert azure.done(delete_image)["kind"] == "sent"


def test_a_lock_on_the_version_is_a_protection(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody deletes it by mistake."""
    plan = azure.approved()
    setting(monkeypatch, VERSION_PROTECTION="lock")
    version = plan.version_id
    a_lock(azure, version)
    assert azure.done(delete_image)["kind"] == "sent"


def test_the_soft_delete_of_the_gallery_is_a_protection(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that is deleted can be had back for a while."""
    azure.approved()
    setting(monkeypatch, VERSION_PROTECTION="softDelete")
    there = azure.resource(azure.gallery_id)
    assert there is not None
    body = {
        "location": there["location"],
        "properties": {"softDeletePolicy": {"isSoftDeleteEnabled": True}},
    }
    put(azure, azure.gallery_id, body, "2024-03-03")
    azure.time.advance(minutes=1)
    assert azure.done(delete_image)["kind"] == "sent"
