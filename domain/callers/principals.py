"""`X-MS-CLIENT-PRINCIPAL`: what App Service says of the person it has signed in (docs/platform-notes.md#who-signed-in).

Base64 of `{"auth_typ", "claims": [{"typ", "val"}], "name_typ", "role_typ"}`. Claims come under their short names or
under URIs, as the platform's mapping has it that day, so each is looked for under all of its names; one that is there
with two values is no proof of either.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from domain.callers.actors import Role, known_roles

LONGEST_HEADER = 65_536
_MICROSOFT, _SOAP = "http://schemas.microsoft.com/", "http://schemas.xmlsoap.org/"
_OID = ("oid", f"{_MICROSOFT}identity/claims/objectidentifier")
_TENANT = ("tid", f"{_MICROSOFT}identity/claims/tenantid")
_ROLES = ("roles", f"{_MICROSOFT}ws/2008/06/identity/claims/role")
_LABEL = ("preferred_username", "name", f"{_SOAP}ws/2005/05/identity/claims/name")
_PROVIDERS = ("aad", "azureactivedirectory")


class PrincipalError(ValueError):
    """The header is none that App Service writes for a person of this deployment's tenant; the text says why."""


class Principal(NamedTuple):
    """A person, as App Service tells of it."""

    oid: str
    label: str
    roles: tuple[Role, ...]


def parse_principal(header: str, tenant: str) -> Principal:
    """The person in the header. Raises PrincipalError when it cannot be read, or is of another tenant or provider."""
    body = _body(header)
    if str(body.get("auth_typ", "")).lower() not in _PROVIDERS:
        raise PrincipalError("it is not of Entra")
    claims = list(_claims(body.get("claims")))
    if _one(claims, _TENANT, "tenant").lower() != tenant.lower():
        raise PrincipalError("it is of another tenant")
    oid = _one(claims, _OID, "object id").lower()
    role_names = [value for typ, value in claims if typ in {*_ROLES, body.get("role_typ")}]
    label = next((value for name in _LABEL for typ, value in claims if typ == name), oid)
    return Principal(oid, label[:256], known_roles(role_names))


def _body(header: str) -> dict[str, Any]:
    if len(header) > LONGEST_HEADER:
        raise PrincipalError("it is too long")
    try:
        body = json.loads(base64.b64decode(header, validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise PrincipalError("it is no base64 of JSON") from error
    if not isinstance(body, dict):
        raise PrincipalError("it is no JSON object")
    return body


def _claims(claims: object) -> Iterator[tuple[str, str]]:
    for claim in claims if isinstance(claims, list) else []:
        typ, value = (claim.get("typ"), claim.get("val")) if isinstance(claim, dict) else ("", "")
        if not isinstance(typ, str) or not isinstance(value, str):
            raise PrincipalError("its claims are not texts")
        yield typ, value


def _one(claims: list[tuple[str, str]], names: tuple[str, ...], what: str) -> str:
    values = {value for typ, value in claims if typ in names}
    if len(values) != 1 or not (value := values.pop()):
        raise PrincipalError(f"it has no {what}, or more than one")
    return value
