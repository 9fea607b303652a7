"""Votes: a rejection ends it, an approval counts by the rules of now, and one person is one voice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.approval.decisions import Decision
from domain.approval.policy import ApprovalPolicy
from domain.approval.quorum import Ballot, Tally, Vote, quiet_until, tally, valid_until
from domain.callers.actors import Actor, ActorKind
from tests.builders import NOW

OIDS = [f"aaaaaaaa-0000-4000-8000-00000000000{n}" for n in range(6)]
ADA, BOB, CYD, EVE, REQUESTER = OIDS[:5]
DEADLINE = NOW + timedelta(days=3)
YES, NO, BACK = Decision.APPROVE, Decision.REJECT, Decision.WITHDRAW
TICKETS = Actor(kind=ActorKind.WEBHOOK, id="tickets", owners=(CYD,))
OWNED = Actor(kind=ActorKind.WEBHOOK, id="chat", owners=(ADA,))


def person(oid: str) -> Actor:
    return Actor(kind=ActorKind.PERSON, id=oid)


def ballot(quorum: int = 1, *, without: str = "", webhooks: bool = True) -> Ballot:
    policy = ApprovalPolicy(
        approvers=tuple(oid for oid in OIDS if oid not in (EVE, without)),
        webhooks=("tickets", "chat") if webhooks else (),
        quorum=quorum,
    )
    return Ballot(policy=policy, requester=person(REQUESTER), deadline=DEADLINE)


def votes(*cast: tuple[Actor | str, Decision], step: timedelta = timedelta(hours=1)) -> list[Vote]:
    """One after another, an hour apart."""
    return [
        Vote(
            key=f"v{n}",
            by=who if isinstance(who, Actor) else person(who),
            kind=kind,
            at=NOW + n * step,
        )
        for n, (who, kind) in enumerate(cast)
    ]


def result(tallied: Tally) -> tuple[bool, str]:
    return tallied.approved, tallied.decisive.key if tallied.decisive else ""


CASES: dict[str, tuple[list[Vote], Ballot, bool, str]] = {
    "nobody": ([], ballot(), False, ""),
    "one of one": (votes((ADA, YES)), ballot(), True, "v0"),
    "one of two": (votes((ADA, YES)), ballot(2), False, ""),
    "two of two": (votes((ADA, YES), (BOB, YES)), ballot(2), True, "v1"),
    "three of two": (votes((ADA, YES), (BOB, YES), (CYD, YES)), ballot(2), True, "v1"),
    "one twice": (votes((ADA, YES), (ADA, YES)), ballot(2), False, ""),
    "one twice, in capitals": (votes((ADA, YES), (ADA.upper(), YES)), ballot(2), False, ""),
    "a secret twice": (votes((TICKETS, YES), (TICKETS, YES)), ballot(2), False, ""),
    "a secret and somebody": (votes((TICKETS, YES), (BOB, YES)), ballot(2), True, "v1"),
    "a secret and its owner": (votes((OWNED, YES), (ADA, YES)), ballot(2), False, ""),
    "a secret, its owner and another": (
        votes((OWNED, YES), (ADA, YES), (BOB, YES)),
        ballot(2),
        True,
        "v2",
    ),
    "the requester": (votes((REQUESTER, YES)), ballot(), False, ""),
    "the requester and another": (votes((REQUESTER, YES), (ADA, YES)), ballot(2), False, ""),
    "somebody who is not listed": (votes((EVE, YES)), ballot(), False, ""),
    "somebody who is listed no more": (votes((ADA, YES)), ballot(without=ADA), False, ""),
    "a secret that was withdrawn from the settings": (
        votes((TICKETS, YES)),
        ballot(webhooks=False),
        False,
        "",
    ),
    "withdrawn": (votes((ADA, YES), (ADA, BACK)), ballot(), False, ""),
    "withdrawn at the same moment": (
        votes((ADA, YES), (ADA, BACK), step=timedelta(0)),
        ballot(),
        False,
        "",
    ),
    "withdrawn by another": (votes((ADA, YES), (BOB, BACK)), ballot(), True, "v0"),
    "withdrawn and given again": (votes((ADA, YES), (ADA, BACK), (ADA, YES)), ballot(), True, "v2"),
    "rejected": (votes((ADA, NO)), ballot(), False, "v0"),
    "rejected after": (votes((ADA, YES), (BOB, NO)), ballot(), False, "v1"),
    "rejected before": (votes((ADA, NO), (BOB, YES)), ballot(), False, "v0"),
    "a rejection taken back": (votes((ADA, NO), (ADA, BACK), (BOB, YES)), ballot(), False, "v0"),
    "rejected by somebody who is listed no more": (
        votes((ADA, NO), (BOB, YES)),
        ballot(without=ADA),
        False,
        "v0",
    ),
    "at the deadline": (
        votes((BOB, BACK), (ADA, YES), step=timedelta(days=3)),
        ballot(),
        False,
        "",
    ),
    "rejected behind the deadline": (
        votes((ADA, YES), (BOB, NO), step=timedelta(days=4)),
        ballot(),
        False,
        "v1",
    ),
    "a quorum of nothing": ([], ballot(0), False, ""),
}


@pytest.mark.parametrize(("cast", "on", "approved", "by"), CASES.values(), ids=CASES)
def test_the_sum_of_the_votes(cast: list[Vote], on: Ballot, approved: bool, by: str) -> None:
    """Approved or not, and the vote that settled it."""
    assert result(tally(cast, on)) == (approved, by)


def test_a_vote_that_does_not_count_says_why() -> None:
    """Its sender reads it in the status."""
    refused = tally(votes((REQUESTER, YES), (EVE, YES)), ballot()).refused

    assert "asked for" in refused["v0"]
    assert "not among those who may approve" in refused["v1"]


def test_an_approval_is_valid_from_the_vote_that_settled_it() -> None:
    """Behind the quiet time; what is not approved is never valid."""
    on = ballot(2)
    policy = on.policy.model_copy(update={"quiet_time": timedelta(hours=4)})

    settled = valid_until(tally(votes((ADA, YES), (BOB, YES)), on), policy)

    assert settled == NOW + timedelta(hours=1 + 4) + policy.validity
    assert valid_until(tally(votes((ADA, YES)), on), policy) is None
    assert valid_until(tally(votes((ADA, NO)), ballot()), policy) is None


def test_the_quiet_time_ends_never_while_nothing_is_promoted() -> None:
    """It counts from the promotion."""
    assert quiet_until(None, timedelta(0)) is None
    assert quiet_until(NOW, timedelta(hours=1)) == NOW + timedelta(hours=1)


ACTORS = st.sampled_from([*map(person, OIDS), TICKETS, OWNED])
CAST = st.lists(
    st.builds(
        Vote,
        key=st.uuids().map(str),
        by=ACTORS,
        kind=st.sampled_from(Decision),
        at=st.integers(0, 100).map(lambda hours: NOW + timedelta(hours=hours)),
    ),
    max_size=8,
    unique_by=lambda vote: vote.key,
)


@given(CAST, st.integers(1, 3), st.randoms())
def test_the_order_of_reading_does_not_matter(
    cast: list[Vote], quorum: int, random: object
) -> None:
    """Two workers that read the records in different orders judge the same."""
    shuffled = sorted(cast, key=lambda vote: vote.key)

    assert tally(cast, ballot(quorum)) == tally(shuffled, ballot(quorum))


@given(CAST, st.integers(1, 3))
def test_an_approval_is_always_of_so_many_people(cast: list[Vote], quorum: int) -> None:
    """However votes come: as many as asked for, all listed, none the requester's, no identity twice, no rejection."""
    on = ballot(quorum)
    tallied = tally(cast, on)
    if not tallied.approved:
        return
    identities = [name for vote in tallied.approvals for name in vote.by.identities]

    assert len(tallied.approvals) >= quorum
    assert len(identities) == len(set(identities))
    assert f"entra:{REQUESTER}" not in identities
    assert all(on.policy.lists(vote.by) and vote.at < DEADLINE for vote in tallied.approvals)
    assert all(vote.kind is not NO for vote in cast)


@given(CAST, st.sampled_from(OIDS), st.integers(1, 3))
def test_a_rejection_more_never_approves(cast: list[Vote], oid: str, quorum: int) -> None:
    """Nor does a withdrawal more than there was before."""
    last = max((vote.at for vote in cast), default=NOW)
    before = tally(cast, ballot(quorum))
    rejected = [*cast, Vote(key="no", by=person(oid), kind=NO, at=last)]
    withdrawn = [*cast, Vote(key="~back", by=person(oid), kind=BACK, at=last + timedelta(1))]

    assert not tally(rejected, ballot(quorum)).approved
    assert before.approved or not tally(withdrawn, ballot(quorum)).approved


def test_the_approvals_that_made_the_number_full_are_named() -> None:
    """Those alone, and none while it is not full or somebody rejects."""
    one, two, three = votes(
        (person(ADA), Decision.APPROVE),
        (person(BOB), Decision.APPROVE),
        (person(EVE), Decision.APPROVE),
    )
    full = Tally(needed=2, approvals=(one, two, three))
    assert full.quorum == {one.key, two.key}
    assert Tally(needed=2, approvals=(one,)).quorum == frozenset()
    assert full.model_copy(update={"rejection": three}).quorum == frozenset()
