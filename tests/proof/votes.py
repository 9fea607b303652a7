"""Approvals, counted from what the test itself sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from tests.proof.conditions import Condition
from tests.proof.people import KEY, KEY_OWNER, SECRET, SECRET_OWNER, VALIDITY, voice_of
from tests.proof.world import Asked, Known, Voted


def failing_approval(asked: Asked, known: Known, now: datetime) -> Iterator[Condition]:
    """The conditions on approvals that do not hold."""
    yield from _objections(asked, known)
    flaws = [(vote, flaws_of(vote, asked, known)) for vote in asked.votes if vote.kind == "approve"]
    clean = [vote for vote, wrong in flaws if not wrong]
    needed = asked.rules.quorum
    standing = _standing(clean, asked.votes)
    if _enough(standing, needed):
        yield from _times(standing, asked, now)
    elif _enough(_standing(clean, ()), needed):
        yield Condition.NOT_WITHDRAWN
    else:
        yield _only(flaws, needed)


def flaws_of(vote: Voted, asked: Asked, known: Known) -> frozenset[Condition]:
    """All that is wrong with an approval."""
    wrong = {vote.flaw} if vote.flaw else set()
    if not wrong and not vote.taken:
        # The app refused it, so nobody may count on it.
        wrong = {Condition.ENOUGH}
    wrong |= _own(vote.who, asked.requester)
    if vote.flaw is not Condition.LISTED and vote.who != SECRET and vote.who not in known.listed:
        wrong.add(Condition.STILL_LISTED)
    deadline = asked.deadline
    if deadline is None or vote.at >= deadline:
        wrong.add(Condition.IN_TIME)
        wrong.discard(Condition.ENOUGH)
    if vote.statement != asked.statement:
        wrong.add(Condition.THIS_STATEMENT)
    return frozenset(wrong - ({Condition.ENOUGH} if len(wrong) > 1 else set()))


def _own(who: str, requester: str) -> set[Condition]:
    if who == requester:
        return {Condition.NOT_REQUESTER}
    if (who, requester) == (KEY_OWNER, KEY):
        return {Condition.NOT_KEY_OWNER}
    return {Condition.NOT_SECRET_OWNER} if (who, requester) == (SECRET, SECRET_OWNER) else set()


def _objections(asked: Asked, known: Known) -> Iterator[Condition]:
    """Yield the objections that the app has taken: each ends it."""
    if any(v.kind == "reject" and v.taken for v in asked.votes):
        yield Condition.NOT_REJECTED
    if asked.cancelled:
        yield Condition.NOT_CANCELLED


def _standing(clean: Iterable[Voted], votes: Iterable[Voted]) -> list[Voted]:
    """The approvals that their voices did not take back afterwards."""
    back = [vote for vote in votes if vote.kind == "withdraw" and vote.taken]
    return [v for v in clean if not any(w.who == v.who and w.at >= v.at for w in back)]


def _enough(votes: Iterable[Voted], needed: int) -> bool:
    return len({voice_of(vote.who) for vote in votes}) >= needed


def _times(standing: list[Voted], asked: Asked, now: datetime) -> Iterator[Condition]:
    firsts = sorted({voice_of(v.who): v.at for v in reversed(standing)}.values())
    settled = firsts[asked.rules.quorum - 1]
    if now < settled + asked.rules.quiet:
        yield Condition.QUIET
    if now > max(v.at for v in standing) + asked.rules.quiet + VALIDITY:
        yield Condition.YOUNG


def _only(flaws: list[tuple[Voted, frozenset[Condition]]], needed: int) -> Condition:
    """The one flaw without which there would be enough."""
    for flaw in sorted({flaw for _, wrong in flaws for flaw in wrong} - {Condition.ENOUGH}):
        if _enough([vote for vote, wrong in flaws if wrong <= {flaw}], needed):
            return flaw
    clean = [vote for vote, wrong in flaws if not wrong]
    return Condition.ONE_VOICE if len({vote.who for vote in clean}) >= needed else Condition.ENOUGH
