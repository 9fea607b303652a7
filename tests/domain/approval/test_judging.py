"""The rules are held against whoever made a decision: an approval against all, a rejection against the list only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.approval.decisions import ApprovalState, Decision
from domain.approval.delivery import Delivery
from domain.approval.judging import judge_decisions, rule_against
from domain.callers.access import Rule
from domain.callers.actors import Actor, ActorKind
from tests.builders import NOW, a_decision, a_question

ADA, BOB = (f"aaaaaaaa-0000-4000-8000-00000000000{n}" for n in (1, 2))
ASKED = Actor(kind=ActorKind.PERSON, id=ADA)
BALLOT = a_question(approvers=(ADA,), requester=ASKED).ballot


@pytest.mark.parametrize(
    ("decision", "rule"),
    [
        (Decision.APPROVE, Rule.OWN_REQUEST),
        (Decision.REJECT, None),
        (Decision.WITHDRAW, None),
    ],
)
def test_ones_own_request_may_be_rejected_and_not_approved(
    decision: Decision, rule: Rule | None
) -> None:
    """A rejection or a withdrawal keeps the image, whoever asked."""
    refusal = rule_against(a_decision(decision=decision, by=ASKED), BALLOT)
    assert (refusal.rule if refusal else None) == rule


@pytest.mark.parametrize("decision", Decision)
@pytest.mark.parametrize("by", [Actor(kind=ActorKind.PERSON, id=BOB), None], ids=["other", "none"])
def test_whoever_is_not_listed_decides_nothing(decision: Decision, by: Actor | None) -> None:
    """Nor does a decision that names nobody."""
    refusal = rule_against(a_decision(decision=decision, by=by), BALLOT)
    assert refusal is not None
    assert refusal.rule is Rule.APPROVER


def test_a_verdict_has_the_quiet_time_of_the_rules_it_was_reached_by() -> None:
    """While nothing is decided there is none to wait for."""
    question = a_question(approvers=(ADA,), quiet_time=timedelta(hours=4))
    approval = a_decision(by=Actor(kind=ActorKind.PERSON, id=ADA))
    at = approval.received_at

    assert judge_decisions([approval], question, at).quiet_time == timedelta(hours=4)
    assert judge_decisions([], question, at).quiet_time == timedelta(0)


@pytest.mark.parametrize(
    ("decisions", "before", "after"),
    [
        ([], ApprovalState.WAITING, ApprovalState.UNDELIVERED),
        ([Decision.APPROVE], ApprovalState.APPROVED, ApprovalState.UNDELIVERED),
        ([Decision.REJECT], ApprovalState.REJECTED, ApprovalState.REJECTED),
    ],
)
def test_what_nobody_could_be_told_goes_no_further(
    decisions: list[Decision], before: ApprovalState, after: ApprovalState
) -> None:
    """From the moment on at which that is given up; until then the verdict says until when it is waited for. A
    rejection stays one: its maker knew."""
    by = NOW + timedelta(hours=1)
    question = a_question(approvers=(ADA,), quiet_time=timedelta(hours=4)).model_copy(
        update={"delivery": Delivery(needed=True, by=by)}
    )
    made = [
        a_decision(key=kind.value, decision=kind, by=Actor(kind=ActorKind.PERSON, id=ADA))
        for kind in decisions
    ]
    early = judge_decisions(made, question, by - timedelta(seconds=1))
    assert (early.state, early.undelivered_until, early.known_at) == (before, by, None)
    late = judge_decisions(made, question, by)
    assert late.state is after
    if after is ApprovalState.UNDELIVERED:
        assert late.decided_by is None


def test_a_verdict_says_since_when_somebody_knew() -> None:
    """Only if somebody has to; else it is nobody's business."""
    at = NOW - timedelta(hours=1)
    for needed, known in ((True, at), (False, None)):
        delivery = Delivery(needed=needed, known_at=at, by=NOW)
        question = a_question().model_copy(update={"delivery": delivery})
        verdict = judge_decisions([], question, NOW)
        assert (verdict.known_at, verdict.undelivered_until) == (known, None)


def test_an_expired_question_that_nobody_was_told_is_expired() -> None:
    """Its deadline has passed before anybody gave up telling."""
    question = a_question(deadline=NOW).model_copy(
        update={"delivery": Delivery(needed=True, by=NOW)}
    )
    assert judge_decisions([], question, NOW).state is ApprovalState.EXPIRED
