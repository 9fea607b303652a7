"""Verified claims: of this tenant, version 2, about an object id; people and applications told apart."""

from __future__ import annotations

from typing import Any

import pytest

from domain.callers.actors import ActorKind, Proof, Role
from domain.callers.tokens import TokenError, caller_of_token

OID, TENANT = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000001"
CLAIMS: dict[str, Any] = {"tid": TENANT, "ver": "2.0", "oid": OID, "roles": ["Migration.Approve"]}
WRONG = {
    "another tenant": ({"tid": OID}, "tenant"),
    "no tenant": ({"tid": None}, "tenant"),
    "version 1": ({"ver": "1.0"}, "version 2"),
    "no id": ({"oid": None}, "object id"),
    "an id that is none": ({"oid": "ada"}, "object id"),
    "an id that is a number": ({"oid": 7}, "object id"),
}


@pytest.mark.parametrize(("changes", "words"), WRONG.values(), ids=WRONG)
def test_claims_of_somebody_elses_are_refused(changes: dict[str, Any], words: str) -> None:
    """And the error says which."""
    with pytest.raises(TokenError, match=words):
        caller_of_token({**CLAIMS, **changes}, TENANT)


def test_who_has_a_scope_is_a_person() -> None:
    """A delegated token, or an ID token; everything else is an application's own."""
    delegated = {**CLAIMS, "scp": "user_impersonation", "preferred_username": "ada@contoso.com"}

    assert caller_of_token(delegated, TENANT).kind is ActorKind.PERSON
    assert caller_of_token(CLAIMS, TENANT, identity=True).kind is ActorKind.PERSON
    assert caller_of_token(CLAIMS, TENANT).kind is ActorKind.APPLICATION
    assert caller_of_token({**delegated, "idtyp": "app"}, TENANT).kind is ActorKind.APPLICATION


def test_roles_and_name_are_the_tokens() -> None:
    """The name is for people only; the id is what counts, in one spelling."""
    caller = caller_of_token({**CLAIMS, "oid": OID.upper(), "name": "Ada"}, TENANT, identity=True)

    assert (caller.id, caller.label, caller.proof) == (OID, "Ada", Proof.TOKEN)
    assert caller.roles == (Role.APPROVE,)


def test_a_name_is_cut_after_256_characters() -> None:
    """It lies in records and logs; who has none is called by its id."""
    assert caller_of_token({**CLAIMS, "name": "a" * 256 + "b"}, TENANT).label == "a" * 256
    assert caller_of_token(CLAIMS, TENANT).label == OID


@pytest.mark.parametrize("roles", [None, "Migration.Admin", {"Migration.Admin": 1}, [["x"]]])
def test_roles_in_another_form_are_none(roles: Any) -> None:
    """Nobody becomes an Admin by a claim of another type."""
    assert caller_of_token({**CLAIMS, "roles": roles}, TENANT).roles == ()
