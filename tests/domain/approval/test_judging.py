"""The rules are held against whoever made a decision: an approval against all, a rejection against the list only."""

from __future__ import annotations

import pytest

from domain.approval.decisions import Decision
from domain.approval.judging import rule_against
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
