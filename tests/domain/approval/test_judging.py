"""The rules are held against whoever made a decision: an approval against all, a rejection against the list only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.approval.decisions import Decision
from domain.approval.judging import judge_decisions, rule_against
from domain.callers.access import Rule
from domain.callers.actors import Actor, ActorKind
from tests.builders import a_decision, a_question

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
