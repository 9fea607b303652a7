"""Access: what stands in no table is refused; a proof carries no more than its table says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.callers.access import CARRIES, NEEDS, SIGNED_ROUTES, Rule, refusal_of
from domain.callers.actors import ActorKind, Caller, Proof, Role, known_roles

OID = "aaaaaaaa-0000-4000-8000-000000000001"
ALL = tuple(Role)


def a_caller(
    kind: ActorKind = ActorKind.PERSON,
    proof: Proof = Proof.TOKEN,
    roles: tuple[Role, ...] = ALL,
    flaw: str = "",
) -> Caller:
    return Caller(kind=kind, id=OID, label="ada", proof=proof, roles=roles, flaw=flaw)


# handler, caller, the rule that refuses (None: allowed)
CASES: dict[str, tuple[str, Caller, Rule | None]] = {
    "a reader looks": ("read_migration", a_caller(roles=(Role.READ,)), None),
    "an approver looks": ("list_images", a_caller(roles=(Role.APPROVE,)), None),
    "a reader starts": ("start_migration", a_caller(roles=(Role.READ,)), Rule.ROLE),
    "an admin starts": ("start_migration", a_caller(roles=(Role.ADMIN,)), Rule.ROLE),
    "somebody without a role looks": ("read_migration", a_caller(roles=()), Rule.ROLE),
    "a submitter approves": ("decide", a_caller(roles=(Role.SUBMIT,)), Rule.ROLE),
    "an approver approves": ("decide", a_caller(roles=(Role.APPROVE,)), None),
    "an approver by App Service's word alone": (
        "decide",
        a_caller(proof=Proof.HEADER),
        Rule.PROOF,
    ),
    "a submitter by App Service's word": ("start_migration", a_caller(proof=Proof.HEADER), None),
    "a key starts": ("start_migration", a_caller(ActorKind.KEY, Proof.KEY), None),
    "a key with every role approves": ("decide", a_caller(ActorKind.KEY, Proof.KEY), Rule.PROOF),
    "a secret decides": ("decide", a_caller(ActorKind.WEBHOOK, Proof.SIGNATURE, ()), None),
    "a secret looks": (
        "read_migration",
        a_caller(ActorKind.WEBHOOK, Proof.SIGNATURE),
        Rule.CALLER,
    ),
    "an event decides": ("decide", a_caller(ActorKind.EVENT, Proof.SYSTEM_KEY), Rule.CALLER),
    "a handler that no table has": ("delete_everything", a_caller(), Rule.ROUTE),
    "an approver cancels": ("cancel_migration", a_caller(roles=(Role.APPROVE,)), None),
    "a reader cancels": ("cancel_migration", a_caller(roles=(Role.READ,)), Rule.ROLE),
}


@pytest.mark.parametrize(("handler", "caller", "rule"), CASES.values(), ids=CASES)
def test_a_route_is_for_those_who_have_its_role(
    handler: str, caller: Caller, rule: Rule | None
) -> None:
    """And a refusal names its rule."""
    refusal = refusal_of(handler, caller)

    assert (refusal.rule if refusal else None) == rule


def test_a_weak_proof_says_what_is_missing() -> None:
    """Whoever has the role, but cannot show it, is told to sign in again."""
    caller = a_caller(proof=Proof.HEADER, flaw="the sign-in's token has expired")
    refusal = refusal_of("decide", caller)

    assert refusal is not None
    assert "the sign-in's token has expired" in refusal.text
    assert "Migration.Approve" in refusal.text


@given(
    st.sampled_from([*NEEDS, "anything"]),
    st.sampled_from(ActorKind),
    st.sampled_from(Proof),
    st.lists(st.sampled_from(Role), unique=True),
)
def test_nobody_gets_through_without_a_role_that_the_proof_carries(
    handler: str, kind: ActorKind, proof: Proof, roles: list[Role]
) -> None:
    """Whatever caller comes: but for the signed route, what opens is a role that is needed, held and carried."""
    caller = a_caller(kind, proof, tuple(roles))
    opened = NEEDS.get(handler, frozenset()) & CARRIES[proof] & set(roles)
    signed = kind is ActorKind.WEBHOOK and handler in SIGNED_ROUTES

    if refusal_of(handler, caller) is None:
        assert signed or opened


def test_only_a_token_carries_approve_and_admin() -> None:
    """Neither App Service's header alone nor any key."""
    carriers = {role: {proof for proof, roles in CARRIES.items() if role in roles} for role in Role}

    assert carriers[Role.APPROVE] == carriers[Role.ADMIN] == {Proof.TOKEN}


def test_roles_are_known_to_the_letter() -> None:
    """Another case, another type, another list are no roles; a doubled one is one."""
    names = ["Migration.Read", "migration.approve", "Migration.Read", 3, None]

    assert known_roles(names) == (Role.READ,)
    assert known_roles("Migration.Read") == ()


def test_a_refusal_names_the_roles_that_are_needed_and_those_that_are_there() -> None:
    """No others; and a proof without a known flaw leaves none open."""
    refusal = refusal_of("start_migration", a_caller(roles=(Role.READ,)))
    assert refusal is not None
    assert refusal.text.endswith(f"needs {Role.SUBMIT}, and has {Role.READ}.")
    weak = refusal_of("decide", a_caller(proof=Proof.HEADER))
    assert weak is not None
    assert "was recognised by. Sign in" in weak.text
