"""Judging stored decisions: each settled one gets its ruling, once, and what an event says counts for nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from activities.approvals import decide_approval, open_approval
from domain.approval.decisions import ApprovalState, Decision, Verdict
from domain.migration.recorded import Approval, ReceivedDecision, Ruling
from domain.results import ResultStatus
from tests.activities.azure import Azure
from tests.app import records
from tests.builders import NOW, a_decision, a_kept_statement, a_plan

DEADLINE = NOW + timedelta(days=3)


@pytest.fixture(autouse=True)
def asked(azure: Azure) -> None:
    """The deletion of the plan's image was asked about."""
    records().write_plan(azure.accepted.id, a_plan())
    azure.done(open_approval, at=NOW.isoformat())
    records().keep_statement(azure.accepted.id, 1, a_kept_statement())


def store(azure: Azure, **decision: Any) -> None:
    values = {"migration_id": azure.accepted.id, **decision}
    records().receive(
        azure.accepted.id, ReceivedDecision(decision=a_decision(**values), body_hash="h")
    )


def judge(azure: Azure, days: float = 0, number: int = 1) -> Any:
    at = (NOW + timedelta(days=days)).isoformat()
    return azure.done(decide_approval, round=number, at=at)["state"]


def rulings(azure: Azure) -> dict[str, bool]:
    return {key: ruling.accepted for key, ruling in azure.written().rulings.items()}


def approval(azure: Azure) -> Approval:
    approval = azure.written().state.approval
    assert approval is not None
    return approval


def test_without_a_stored_decision_it_waits_and_expires(azure: Azure) -> None:
    """Whatever event woke it."""
    assert (judge(azure), judge(azure, days=3)) == ("waiting", "expired")
    assert rulings(azure) == {}


def test_the_first_approval_is_accepted_and_the_second_is_not(azure: Azure) -> None:
    """Both approvers learn it."""
    store(azure, key="a")
    store(azure, key="b", received_at=NOW + timedelta(seconds=1))
    assert judge(azure) == "approved"
    assert rulings(azure) == {"a": True, "b": False}


def test_a_rejection_counts_more_than_an_earlier_approval(azure: Azure) -> None:
    """Both approvers learn it."""
    store(azure, key="a")
    store(azure, key="r", decision=Decision.REJECT, received_at=NOW + timedelta(seconds=1))
    assert judge(azure) == "rejected"
    assert rulings(azure) == {"a": False, "r": True}


def test_a_rejection_ends_an_approval_that_stood(azure: Azure) -> None:
    """The verdict changes; the approval was accepted, and stays so in what is told of it."""
    store(azure, key="a")
    assert judge(azure) == "approved"
    store(azure, key="r", decision=Decision.REJECT, received_at=NOW + timedelta(seconds=1))
    assert judge(azure) == "rejected"
    assert rulings(azure) == {"a": True, "r": True}


def test_what_came_before_anybody_was_asked_does_not_count(azure: Azure) -> None:
    """Its webhook died before it could say so: it is refused when it is judged."""
    store(azure, key="e", received_at=NOW - timedelta(seconds=1))
    assert judge(azure) == "waiting"
    assert rulings(azure) == {"e": False}


def test_nor_if_an_earlier_version_asked(azure: Azure) -> None:
    """It did not write down when it asked; the deadline tells."""
    azure.done(open_approval)
    asked = Approval(deadline=DEADLINE, fingerprint=a_decision().fingerprint)
    records().change_state(azure.accepted.id, lambda s: s.model_copy(update={"approval": asked}))
    store(azure, key="e", received_at=NOW - timedelta(seconds=1))
    assert judge(azure) == "waiting"
    assert rulings(azure) == {"e": False}


def test_what_was_refused_does_not_count_later(azure: Azure) -> None:
    """A decision that came before anybody was asked was told so, and stays refused."""
    store(azure, key="e")
    records().rule(azure.accepted.id, "e", Ruling(accepted=False, text="came too early"))
    assert judge(azure) == "waiting"


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


def test_it_is_asked_once_and_the_deadline_never_moves(azure: Azure) -> None:
    """However often the step runs, and whichever run takes it; `began` counts from the first asking."""
    fingerprint = a_decision().fingerprint
    assert approval(azure) == Approval(deadline=DEADLINE, asked_at=NOW, fingerprint=fingerprint)
    later = (NOW + timedelta(days=1)).isoformat()
    assert azure.done(open_approval, at=later)["round"] == 1
    azure.restart()
    azure.run = 2
    opened = azure.done(open_approval, at=later)
    assert datetime.fromisoformat(opened["deadline"]) == DEADLINE == approval(azure).deadline


def test_a_later_run_waits_in_rounds_of_its_own(azure: Azure) -> None:
    """An event of the earlier run's wait, which may still come, must not use up the later one's."""
    judge(azure, number=4)
    azure.restart()
    azure.run = 2
    # The step may run twice.
    for _ in range(2):
        assert azure.done(open_approval)["round"] == 5
    assert (approval(azure).round, approval(azure).run) == (5, 2)


def test_a_late_step_does_not_move_the_round_back(azure: Azure) -> None:
    """Else a decision would wake a round that is over, and wait for the deadline."""
    judge(azure, number=2)
    judge(azure, number=1)
    azure.done(open_approval)
    assert approval(azure).round == 2


def test_a_verdict_is_never_judged_again(azure: Azure) -> None:
    """An approval that has expired stays so, by whatever clock a later run judges, and whatever was stored too late."""
    assert judge(azure, days=3) == "expired"
    azure.restart()
    azure.run = 2
    store(azure, key="a", received_at=NOW)
    assert judge(azure, days=1) == "expired"
    assert rulings(azure) == {"a": False}
    assert azure.written().approval_state is ApprovalState.EXPIRED


def test_a_verdict_that_another_wrote_meanwhile_holds(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs of the step at once agree, and so do their rulings."""
    store(azure, key="a")
    rejected = a_decision(key="r", decision=Decision.REJECT, migration_id=azure.accepted.id)
    verdict = Verdict(state=ApprovalState.REJECTED, decided_by=rejected)
    change = type(records()).change_latch

    def after_another(self: Any, migration: str, mine: Any) -> Any:
        monkeypatch.setattr(type(records()), "change_latch", change)
        azure.latch(verdict=verdict)
        return change(self, migration, mine)

    monkeypatch.setattr(type(records()), "change_latch", after_another)
    assert judge(azure) == "rejected"
    assert rulings(azure) == {"a": False}


@pytest.mark.parametrize("before", [timedelta(microseconds=1), timedelta(0)])
def test_a_decision_received_at_the_deadline_is_too_late(azure: Azure, before: timedelta) -> None:
    """A moment before it is not; whenever that is judged."""
    store(azure, key="a", received_at=DEADLINE - before)
    in_time = bool(before)
    assert judge(azure, days=4) == ("approved" if in_time else "expired")
    assert rulings(azure) == {"a": in_time}


def test_a_cancelled_migration_is_not_judged(azure: Azure) -> None:
    """No verdict, no ruling: whoever cancelled was told so."""
    store(azure, key="a")
    azure.latch(cancelled_at=NOW)
    assert azure.ask(decide_approval, round=1).status is ResultStatus.CANCELLED
    assert azure.written().latch.verdict is None
    assert rulings(azure) == {}
