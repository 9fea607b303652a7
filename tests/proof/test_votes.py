"""The proof's own count of approvals: each flaw alone is the one that is named, and none where enough approve."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.proof.conditions import Condition
from tests.proof.people import KEY, QUIET, SECRET, TWO, VALIDITY, Rules
from tests.proof.votes import failing_approval
from tests.proof.world import Asked, Known, Voted

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
OVER = NOW + QUIET.quiet


def asked(*votes: Voted, rules: Rules = QUIET, requester: str = KEY) -> Asked:
    """A migration that is asked about, with these decisions."""
    one = Asked("one", "quiet-1", rules, requester, None, timedelta(days=1), NOW)
    one.votes = list(votes)
    return one


def vote(who: str = "grace", kind: str = "approve", after: int = 0, **more: object) -> Voted:
    """A decision that the app took, so many minutes later."""
    values = {"taken": True, **more}
    return Voted(who, kind, NOW + timedelta(minutes=after), **values)  # type: ignore[arg-type]  # of a table


CASES: dict[str, tuple[Asked, set[Condition]]] = {
    "enough": (asked(vote()), set()),
    "nobody": (asked(), {Condition.ENOUGH}),
    "forged": (asked(vote(flaw=Condition.SIGNED, taken=False)), {Condition.SIGNED}),
    "refused": (asked(vote(taken=False)), {Condition.ENOUGH}),
    "late": (asked(vote(after=24 * 60, taken=False)), {Condition.IN_TIME}),
    "own request": (asked(vote("ada"), requester="ada"), {Condition.NOT_REQUESTER}),
    "own key": (asked(vote("mary")), {Condition.NOT_KEY_OWNER}),
    "own secret": (asked(vote(SECRET), requester="alan"), {Condition.NOT_SECRET_OWNER}),
    "not listed now": (asked(vote("nobody")), {Condition.STILL_LISTED}),
    "another statement": (asked(vote(statement="old")), {Condition.THIS_STATEMENT}),
    "one of two": (asked(vote(), rules=TWO), {Condition.ENOUGH}),
    "one voice": (asked(vote("alan"), vote(SECRET), rules=TWO), {Condition.ONE_VOICE}),
    "two": (asked(vote(), vote("ada"), rules=TWO), set()),
    "rejected": (asked(vote(), vote("ada", "reject")), {Condition.NOT_REJECTED}),
    "rejected in vain": (asked(vote(), vote("ada", "reject", taken=False)), set()),
    "withdrawn": (asked(vote(), vote(kind="withdraw", after=1)), {Condition.NOT_WITHDRAWN}),
    "given again": (
        asked(vote(), vote(kind="withdraw", after=1), vote(after=2)),
        {Condition.QUIET},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_does_not_hold_is_named(case: tuple[Asked, set[Condition]]) -> None:
    """At the end of the quiet time of the first approval."""
    migration, expected = case
    assert set(failing_approval(migration, Known(), OVER)) == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (OVER - timedelta(seconds=1), {Condition.QUIET}),
        (OVER, set()),
        (OVER + VALIDITY, set()),
        (OVER + VALIDITY + timedelta(seconds=1), {Condition.YOUNG}),
    ],
    ids=["in the quiet time", "over", "valid", "expired"],
)
def test_an_approval_is_for_its_time(moment: datetime, expected: set[Condition]) -> None:
    """Not before the quiet time is over, and not behind its validity."""
    assert set(failing_approval(asked(vote()), Known(), moment)) == expected


def test_a_cancellation_ends_it() -> None:
    """Whoever has approved."""
    cancelled = asked(vote())
    cancelled.cancelled = True
    assert set(failing_approval(cancelled, Known(), OVER)) == {Condition.NOT_CANCELLED}
