"""Judging stored decisions: each settled one gets its ruling, once, and what an event says counts for nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from activities.approvals import decide_approval
from activities.configuration import records
from domain.approval.decisions import Decision
from domain.migration.recorded import Received
from tests.activities.azure import Azure
from tests.builders import NOW, a_decision

DEADLINE = NOW + timedelta(days=3)


def store(azure: Azure, **decision: Any) -> None:
    values = {"migration_id": azure.accepted.id, **decision}
    records().receive(azure.accepted.id, Received(decision=a_decision(**values), body_hash="h"))


def judge(azure: Azure, days: float = 0) -> Any:
    return azure.done(
        decide_approval,
        fingerprint=a_decision().fingerprint,
        deadline=DEADLINE.isoformat(),
        now=(NOW + timedelta(days=days)).isoformat(),
    )["state"]


def rulings(azure: Azure) -> dict[str, bool]:
    snapshot = records().snapshot(azure.accepted.id)
    assert snapshot is not None
    return {key: ruling.accepted for key, ruling in snapshot.rulings.items()}


def test_without_a_stored_decision_it_waits_and_expires(azure: Azure) -> None:
    """Whatever event woke it."""
    assert (judge(azure), judge(azure, days=3)) == ("waiting", "expired")
    assert rulings(azure) == {}


def test_the_first_decision_is_accepted_and_the_second_is_not(azure: Azure) -> None:
    """Both approvers learn it."""
    store(azure, key="a")
    store(azure, key="r", decision=Decision.REJECT, received_at=NOW + timedelta(seconds=1))
    assert judge(azure) == "approved"
    assert rulings(azure) == {"a": True, "r": False}


def test_a_misdirected_decision_is_refused_and_the_wait_goes_on(azure: Azure) -> None:
    """Its sender learns why."""
    store(azure, key="m", fingerprint="v1-a-b")
    assert judge(azure) == "waiting"
    assert rulings(azure) == {"m": False}
    store(azure, key="a", decision=Decision.REJECT)
    assert judge(azure) == "rejected"
    assert rulings(azure) == {"m": False, "a": True}


def test_a_second_run_changes_no_ruling(azure: Azure) -> None:
    """An earlier decision that turns up later does not overturn what was said."""
    store(azure, key="a")
    judge(azure)
    before = rulings(azure)
    judge(azure)
    assert rulings(azure) == before == {"a": True}


def test_an_accepted_decision_holds_whatever_was_sent_before_it(azure: Azure) -> None:
    """A decision received earlier but stored later does not turn a rejection, which its sender was told, around."""
    store(azure, key="r", decision=Decision.REJECT, received_at=NOW + timedelta(seconds=1))
    assert judge(azure) == "rejected"
    store(azure, key="a", received_at=NOW)
    assert judge(azure) == "rejected"
    assert rulings(azure) == {"r": True, "a": False}
