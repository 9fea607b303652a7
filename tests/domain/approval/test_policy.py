"""Approvers are those whom the settings list for the image, and never what they may have asked for themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.approval.policy import (
    ApprovalPolicy,
    PolicyEntry,
    approval_refusal,
    listing_refusal,
    policy_for,
)
from domain.callers.access import Rule
from domain.callers.actors import Actor, ActorKind
from tests.builders import IMAGE_ID

ADA, BOB, EVE = (f"aaaaaaaa-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
POLICY = ApprovalPolicy(approvers=(ADA, BOB), webhooks=("tickets",))


def person(oid: str) -> Actor:
    return Actor(kind=ActorKind.PERSON, id=oid)


def key(*owners: str) -> Actor:
    return Actor(kind=ActorKind.KEY, id="pipeline", owners=owners)


def webhook(name: str, *owners: str) -> Actor:
    return Actor(kind=ActorKind.WEBHOOK, id=name, owners=owners)


# who approves, who asked, the rule that refuses (None: it may)
CASES: dict[str, tuple[Actor, Actor | None, Rule | None]] = {
    "somebody else's": (person(ADA), person(EVE), None),
    "their own": (person(ADA), person(ADA), Rule.OWN_REQUEST),
    "their own, spelt otherwise": (person(ADA.upper()), person(ADA), Rule.OWN_REQUEST),
    "their key's": (person(ADA), key(EVE, ADA), Rule.OWN_REQUEST),
    "a key's of others": (person(ADA), key(EVE), None),
    "their application's": (
        person(ADA),
        Actor(kind=ActorKind.APPLICATION, id=ADA),
        Rule.OWN_REQUEST,
    ),
    "what an event of theirs began": (
        person(ADA),
        Actor(kind=ActorKind.EVENT, id="eventGrid", owners=(ADA,)),
        Rule.OWN_REQUEST,
    ),
    "what a secret may, for its owner": (webhook("tickets", ADA), person(ADA), Rule.OWN_REQUEST),
    "what a secret may, for its owner's key": (webhook("tickets", ADA), key(ADA), Rule.OWN_REQUEST),
    "what a secret may, for others": (webhook("tickets", ADA), person(EVE), None),
    "nobody knows whose": (person(ADA), None, Rule.OWN_REQUEST),
    "not listed": (person(EVE), person(ADA), Rule.APPROVER),
    "a secret that is not listed": (webhook("chat", BOB), person(EVE), Rule.APPROVER),
    "a key, whoever owns it": (key(ADA), person(EVE), Rule.APPROVER),
    "a person called as a secret": (person("tickets"), person(EVE), Rule.APPROVER),
    "a secret called as a person": (webhook(ADA), person(EVE), Rule.APPROVER),
}


@pytest.mark.parametrize(("actor", "requester", "rule"), CASES.values(), ids=CASES)
def test_nobody_approves_what_may_be_their_own(
    actor: Actor, requester: Actor | None, rule: Rule | None
) -> None:
    """Two with an identity in common may be one person."""
    refusal = approval_refusal(actor, requester, POLICY)

    assert (refusal.rule if refusal else None) == rule


def test_a_rejection_needs_no_more_than_the_list() -> None:
    """Whoever asked may reject: it keeps the image."""
    assert listing_refusal(person(ADA), POLICY) is None
    assert listing_refusal(person(EVE), POLICY) is not None


def an_entry(**fields: Any) -> PolicyEntry:
    return PolicyEntry.model_validate(fields)


def test_the_first_entry_that_matches_rules() -> None:
    """The rest is the deployment's own; images that none matches have all of that."""
    entries = [
        an_entry(match={"resourceGroup": "golden-*"}, quorum=3),
        an_entry(match={"name": "WEB-*"}, approvers=[EVE], quietTime="PT2H"),
        an_entry(quorum=9),
    ]
    ruled = policy_for(IMAGE_ID, entries, POLICY)

    assert ruled == POLICY.model_copy(
        update={"approvers": (EVE,), "quiet_time": timedelta(hours=2)}
    )
    assert policy_for(IMAGE_ID, [], POLICY) == POLICY


def test_an_empty_list_is_nobody() -> None:
    """An entry can say that nobody approves: it does not fall back to the deployment's own."""
    assert policy_for(IMAGE_ID, [an_entry(approvers=[])], POLICY).approvers == ()


def test_a_deployment_that_says_nothing_wants_one_voice_for_a_day() -> None:
    """And no quiet time; docs/configuration.md says so."""
    policy = ApprovalPolicy()
    assert (policy.quorum, policy.validity) == (1, timedelta(days=1))
    assert policy.quiet_time == timedelta(0)


@pytest.mark.parametrize(
    ("field", "within", "beyond"),
    [
        ("quorum", 1, 0),
        ("quorum", 20, 21),
        ("validity", timedelta(minutes=1), timedelta(seconds=59)),
        ("quietTime", timedelta(0), timedelta(seconds=-1)),
    ],
)
def test_an_entry_keeps_within_its_bounds(field: str, within: Any, beyond: Any) -> None:
    """Both ends are allowed, the next value is refused."""
    assert PolicyEntry.model_validate({field: within}) is not None
    with pytest.raises(ValidationError):
        PolicyEntry.model_validate({field: beyond})


def test_an_entry_is_written_with_durations_as_texts() -> None:
    """As the setting's JSON has them."""
    entry = PolicyEntry.model_validate({"validity": "PT2H", "quietTime": "PT1H"})
    assert (entry.validity, entry.quiet_time) == (timedelta(hours=2), timedelta(hours=1))
