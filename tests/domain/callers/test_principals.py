"""App Service's header: roles and ids under every name that they come under, and nothing that is doubtful."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.callers.actors import Role
from domain.callers.principals import Principal, PrincipalError, parse_principal

OID, TENANT = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000001"
ROLE_URI = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
OID_URI = "http://schemas.microsoft.com/identity/claims/objectidentifier"
TENANT_URI = "http://schemas.microsoft.com/identity/claims/tenantid"
Claims = list[tuple[str, str]]
PERSON: Claims = [("oid", OID), ("tid", TENANT), ("name", "Ada"), ("roles", "Migration.Read")]


def claims(person: Claims) -> list[Any]:
    return [{"typ": typ, "val": value} for typ, value in person]


def header_text(person: Claims, **changes: Any) -> str:
    body = {"auth_typ": "aad", "claims": claims(person), "name_typ": "name", "role_typ": ROLE_URI}
    return json.dumps({**body, **changes})


def header(person: Claims, **changes: Any) -> str:
    return base64.b64encode(header_text(person, **changes).encode()).decode()


GOOD: dict[str, str] = {
    "short names": header(PERSON),
    "mapped names": header(
        [(OID_URI, OID), (TENANT_URI, TENANT), ("name", "Ada"), (ROLE_URI, "Migration.Read")]
    ),
    "the header's own name for roles": header(
        [*PERSON[:3], ("app_roles", "Migration.Read")], role_typ="app_roles"
    ),
    "the same id under both names": header([*PERSON, (OID_URI, OID)]),
    "a role that is not ours besides": header([*PERSON, ("roles", "Reports.Read")]),
    "a role's name in another claim": header([*PERSON, ("groups", "Migration.Admin")]),
    "a claim that is no object besides": header(PERSON, claims=["roles", *claims(PERSON)]),
    "the longest": base64.b64encode(header_text(PERSON).ljust(49_152).encode()).decode(),
    "another provider's name of Entra": header(PERSON, auth_typ="AzureActiveDirectory"),
    "the label that is found first": header([("preferred_username", "Ada"), *PERSON]),
    "the tenant in capitals": header([("oid", OID), ("tid", TENANT.upper()), *PERSON[2:]]),
}
BAD: dict[str, str] = {
    "no base64": "{}",
    "no JSON": base64.b64encode(b"ada").decode(),
    "a list": base64.b64encode(b"[]").decode(),
    "two headers": f"{header(PERSON)},{header(PERSON)}",
    "another provider": header(PERSON, auth_typ="github"),
    "another tenant": header([("oid", OID), ("tid", OID), *PERSON[2:]]),
    "no tenant": header([PERSON[0], *PERSON[2:]]),
    "no id": header(PERSON[1:]),
    "two ids": header([*PERSON, (OID_URI, TENANT)]),
    "an empty id": header([("oid", ""), *PERSON[1:]]),
    "claims that are no list": header(PERSON, claims={"oid": OID}),
    "claims that are a number": header(PERSON, claims=1),
    "a claim whose value is a number": header(
        PERSON, claims=[*claims(PERSON), {"typ": "roles", "val": 1}]
    ),
    "a claim whose name is a number": header(
        PERSON, claims=[*claims(PERSON), {"typ": 1, "val": "a"}]
    ),
    "what base64 has not, between": header(PERSON)[:8] + "!" + header(PERSON)[8:],
    "the shape of Static Web Apps": base64.b64encode(
        json.dumps({"identityProvider": "aad", "userId": OID, "userRoles": []}).encode()
    ).decode(),
    "too much": base64.b64encode(header_text(PERSON).ljust(49_155).encode()).decode(),
    "deep JSON": base64.b64encode(b"[" * 40_000).decode(),
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_a_person_is_read_whatever_its_claims_are_called(text: str) -> None:
    """The platform's mapping of names is not the same everywhere."""
    assert parse_principal(text, TENANT) == Principal(OID, "Ada", (Role.READ,))


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_a_header_that_is_doubtful_is_nobody(text: str) -> None:
    """An error that says why, and never another one."""
    with pytest.raises(PrincipalError):
        parse_principal(text, TENANT)


@pytest.mark.parametrize(("length", "words"), [(65_536, "no base64"), (65_537, "too long")])
def test_a_header_of_more_than_64_ki_characters_is_not_even_read(length: int, words: str) -> None:
    """The front end sends no longer one."""
    with pytest.raises(PrincipalError, match=words):
        parse_principal("A" * length, TENANT)


def test_a_label_is_cut_after_256_characters() -> None:
    """It is for people; it lies in records and logs."""
    person = [*PERSON[:2], ("name", "a" * 256 + "b")]
    assert parse_principal(header(person), TENANT).label == "a" * 256


def test_who_has_no_name_is_called_by_its_id() -> None:
    """In the spelling in which ids are kept."""
    person = [("oid", OID.upper()), PERSON[1]]
    assert parse_principal(header(person), TENANT) == Principal(OID, OID, ())


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(base64.b64encode).map(str)))
def test_nothing_random_is_a_person(text: str) -> None:
    """Whatever comes, the only error is the module's own."""
    with pytest.raises(PrincipalError):
        parse_principal(text, TENANT)
