"""Approvals: a rejection that counts decides, else the first approval; each only for what was shown, in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.approval.decisions import (
    ApprovalState,
    Decision,
    StoredDecision,
    Verdict,
)
from domain.approval.judging import judge_decisions, refusal_of
from tests.builders import NOW, a_decision, a_question

DEADLINE = NOW + timedelta(days=3)
FINGERPRINT = a_decision().fingerprint
REJECT = Decision.REJECT
QUESTION = a_question(deadline=DEADLINE)


def later(**delta: float) -> datetime:
    return NOW + timedelta(**delta)


def judged(decisions: list[StoredDecision], now: datetime = NOW) -> tuple[ApprovalState, str]:
    verdict = judge_decisions(decisions, QUESTION, now)
    return verdict.state, verdict.decided_by.key if verdict.decided_by else ""


OTHER_MIGRATION = a_decision(key="m", migration_id="somebody-1")
OTHER_FINGERPRINT = a_decision(key="f", fingerprint="v1-a-b")
OTHER_STATEMENT = a_decision(key="s", statement_hash="0" * 64)
NO_STATEMENT = a_decision(key="n", statement_hash="")
TOO_LATE = a_decision(key="l", received_at=DEADLINE + timedelta(microseconds=1))
AT_THE_DEADLINE = a_decision(key="d", received_at=DEADLINE)
IN_TIME = DEADLINE - timedelta(microseconds=1)
REFUSED = {
    "for another migration": (OTHER_MIGRATION, "the migration"),
    "for another fingerprint": (OTHER_FINGERPRINT, "the fingerprint"),
    "for another statement": (OTHER_STATEMENT, "another statement"),
    "for no statement": (NO_STATEMENT, "another statement"),
    "after the deadline": (TOO_LATE, "after the deadline"),
    "at the deadline itself": (AT_THE_DEADLINE, "after the deadline"),
}
CASES: dict[str, tuple[list[StoredDecision], datetime, ApprovalState, str]] = {
    "nothing yet": ([], NOW, ApprovalState.WAITING, ""),
    "nothing until a moment before the deadline": (
        [],
        DEADLINE - timedelta(seconds=1),
        ApprovalState.WAITING,
        "",
    ),
    "nothing until the deadline": ([], DEADLINE, ApprovalState.EXPIRED, ""),
    "an approval": ([a_decision()], NOW, ApprovalState.APPROVED, "k1"),
    "a rejection": ([a_decision(decision=REJECT)], NOW, ApprovalState.REJECTED, "k1"),
    "an approval at the deadline itself": (
        [AT_THE_DEADLINE],
        DEADLINE,
        ApprovalState.EXPIRED,
        "",
    ),
    "an approval in the last moment before it": (
        [a_decision(received_at=IN_TIME)],
        DEADLINE,
        ApprovalState.APPROVED,
        "k1",
    ),
    "an approval in time, judged after it": (
        [a_decision()],
        DEADLINE + timedelta(hours=1),
        ApprovalState.APPROVED,
        "k1",
    ),
    "a late one": ([TOO_LATE], later(days=4), ApprovalState.EXPIRED, ""),
    "rejected before approved": (
        [a_decision(key="a", received_at=later(hours=2)), a_decision(key="r", decision=REJECT)],
        later(hours=3),
        ApprovalState.REJECTED,
        "r",
    ),
    "approved before rejected": (
        [a_decision(key="r", decision=REJECT, received_at=later(hours=2)), a_decision(key="a")],
        later(hours=3),
        ApprovalState.REJECTED,
        "r",
    ),
    "approved, and rejected after the deadline": (
        [a_decision(key="r", decision=REJECT, received_at=later(days=4)), a_decision(key="a")],
        later(days=4),
        ApprovalState.REJECTED,
        "r",
    ),
    "misdirected ones before a right one": (
        [OTHER_MIGRATION, OTHER_FINGERPRINT, a_decision(received_at=later(hours=1))],
        later(hours=1),
        ApprovalState.APPROVED,
        "k1",
    ),
    "only misdirected ones": (
        [OTHER_MIGRATION, OTHER_FINGERPRINT],
        NOW,
        ApprovalState.WAITING,
        "",
    ),
}


@pytest.mark.parametrize(("decisions", "now", "state", "by"), CASES.values(), ids=CASES)
def test_a_rejection_decides_else_the_first_approval(
    decisions: list[StoredDecision], now: datetime, state: ApprovalState, by: str
) -> None:
    """State, and who decided."""
    assert judged(decisions, now) == (state, by)


@pytest.mark.parametrize(("decision", "words"), REFUSED.values(), ids=REFUSED)
def test_a_decision_that_does_not_count_says_why(decision: StoredDecision, words: str) -> None:
    """The approver reads it."""
    assert words in (refusal_of(decision, QUESTION) or "")


@pytest.mark.parametrize("stated", ["", "0" * 64])
@pytest.mark.parametrize("decision", Decision)
def test_only_a_rejection_counts_whatever_statement_it_names(
    decision: Decision, stated: str
) -> None:
    """A doubt keeps the image; an approval or a withdrawal of something else is none of this."""
    said = a_decision(decision=decision, statement_hash=stated)
    assert (refusal_of(said, QUESTION) is None) is (decision is REJECT)


def test_without_a_statement_nothing_is_approved() -> None:
    """Not by an older record either, which names none as well."""
    unstated = QUESTION.model_copy(update={"statement_hash": ""})
    assert refusal_of(NO_STATEMENT, unstated) is not None
    assert refusal_of(a_decision(), unstated) is not None


@pytest.mark.parametrize("decision", Decision)
def test_nobody_can_decide_before_being_asked(decision: Decision) -> None:
    """The moment of asking itself is in time; a verdict is told the same."""
    said = a_decision(decision=decision)
    at_once, later_on = (
        QUESTION.model_copy(update={"asked_at": asked})
        for asked in (NOW, NOW + timedelta(microseconds=1))
    )
    assert refusal_of(said, at_once) is None
    assert "before anybody was asked" in (refusal_of(said, later_on) or "")
    early = judge_decisions([said], later_on, NOW + timedelta(microseconds=1))
    assert early.state is ApprovalState.WAITING


@given(st.lists(st.tuples(st.sampled_from(Decision), st.integers(0, 5)), max_size=6), st.randoms())
def test_the_order_of_reading_does_not_matter(
    given_decisions: list[tuple[Decision, int]], random: Random
) -> None:
    """Two workers that read the records in different orders judge the same."""
    decisions = [
        a_decision(key=f"k{n}", decision=kind, received_at=later(hours=hours))
        for n, (kind, hours) in enumerate(given_decisions)
    ]
    shuffled = random.sample(decisions, len(decisions))
    assert judged(decisions) == judged(shuffled)


def test_the_quiet_time_of_a_verdict_counts_from_the_later_moment() -> None:
    """Of the one that is given and that at which somebody knew; while nobody does, the end is when that is given up."""
    verdict = Verdict(state=ApprovalState.APPROVED, quiet_time=timedelta(hours=2))
    knew = verdict.model_copy(update={"known_at": later(hours=1)})
    assert verdict.quiet_until(NOW) == later(hours=2)
    assert knew.quiet_until(NOW) == later(hours=3)
    assert knew.quiet_until(later(hours=4)) == later(hours=6)
    unknown = verdict.model_copy(update={"undelivered_until": later(hours=1)})
    assert unknown.quiet_until(later(hours=4)) == later(hours=1)
