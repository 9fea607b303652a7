"""The claims of an Entra token whose signature holds: of this tenant, for this app, about whom, with which roles.

Only version 2 tokens are taken (docs/platform-notes.md#who-signed-in). Issuer, audience and expiry are compared by the
library that verifies the signature; the tenant is compared here once more, since a shared issuer would sign for all.
"""

import re
from collections.abc import Mapping
from typing import Any

from domain.callers.actors import ActorKind, Caller, Proof, known_roles

_OID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
ALGORITHMS = ("RS256",)
"""What Entra signs with. None that is taken here works with a key that is public."""


class TokenError(ValueError):
    """The token is none of this deployment's; the text says why."""


def caller_of_token(claims: Mapping[str, Any], tenant: str, *, identity: bool = False) -> Caller:
    """The caller that verified claims speak of. `identity`: they are those of an ID token, which only people have.

    A token without a delegated scope is an application's own. Raises TokenError.
    """
    if str(claims.get("tid", "")).lower() != tenant.lower():
        raise TokenError("it is of another tenant")
    if claims.get("ver") != "2.0":
        raise TokenError("it is no version 2 token; set requestedAccessTokenVersion to 2")
    oid = claims.get("oid")
    if not isinstance(oid, str) or not re.fullmatch(_OID, oid):
        raise TokenError("it has no object id")
    delegated = identity or (bool(claims.get("scp")) and claims.get("idtyp") != "app")
    named = claims.get("preferred_username") or claims.get("name") or oid
    return Caller(
        kind=ActorKind.PERSON if delegated else ActorKind.APPLICATION,
        id=oid.lower(),
        label=str(named)[:256],
        proof=Proof.TOKEN,
        roles=known_roles(claims.get("roles")),
    )
