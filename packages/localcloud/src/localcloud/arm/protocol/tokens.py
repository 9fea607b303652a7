"""Bearer tokens: issued by the emulator's identity endpoint, the only ones its ARM accepts.

They are JSON web tokens in form (opaque to clients, whatever the header says), signed with a key
from the state folder, so they survive a restart. Their life is wall-clock time: moving the
emulated clock does not expire them.
"""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import urlsplit
from uuid import NAMESPACE_OID, uuid5

from localcloud.arm.protocol.errors import ArmError, refusal
from localcloud.arm.state.model import Json

# Seconds, as Azure's managed identities get.
LIFE = 86_400
_AUDIENCES = {"management.azure.com", "management.core.windows.net", "127.0.0.1", "localhost"}


def _b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True, slots=True)
class Identity:
    """A managed identity, in one tenant, for which tokens speak."""

    tenant: str
    client: str
    principal: str
    # The id of the app that the identity belongs to.
    resource: str


class Tokens:
    """Issues tokens and checks them; a checked token is remembered until it expires."""

    def __init__(self, key: bytes, identity: Identity) -> None:
        self._key = key
        self.identity = identity
        self._seen: dict[str, float] = {}

    def identity_of(self, client: str | None) -> Identity:
        """The identity of that client id, the app's own for none; there is one for each that is asked for."""
        if not client or client == self.identity.client:
            return self.identity
        principal = str(uuid5(NAMESPACE_OID, client.lower()))
        scope = self.identity.resource.partition("/providers/")[0]
        resource = f"{scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{client}"
        return Identity(self.identity.tenant, client, principal, resource)

    def issue(
        self, audience: str, life: float = LIFE, client: str | None = None
    ) -> tuple[str, int]:
        """A token for that resource and the second it expires; for a user-assigned identity, by its client id."""
        identity = self.identity_of(client)
        now = int(time.time())
        expires = int(now + life)
        claims: Json = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self.identity.tenant}/",
            "iat": now,
            "nbf": now,
            "exp": expires,
            "appid": identity.client,
            "oid": identity.principal,
            "sub": identity.principal,
            "tid": identity.tenant,
            "idtyp": "app",
            "xms_mirid": identity.resource,
            "ver": "1.0",
        }
        head = _b64(json.dumps({"typ": "JWT", "alg": "RS256"}).encode())
        signed = f"{head}.{_b64(json.dumps(claims).encode())}"
        return f"{signed}.{self._sign(signed)}", expires

    def _sign(self, signed: str) -> str:
        return _b64(hmac.digest(self._key, signed.encode(), "sha256"))

    def check(self, header: str | None, base: str) -> None:
        """Raises 401 with ARM's challenge unless the header carries a good token."""
        if header is None:
            raise _challenge(refusal("no token"), base)
        scheme, _, token = header.partition(" ")
        if self._seen.get(token, 0) > time.time():
            return
        if scheme.lower() != "bearer":
            raise _challenge(refusal("bad token"), base)
        self._seen[token] = self._expiry(token, base)

    def _expiry(self, token: str, base: str) -> float:
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._sign(signed), signature):
            raise _challenge(refusal("bad token"), base)
        claims = json.loads(_unb64(signed.partition(".")[2]))
        expiry = float(claims["exp"])
        if expiry <= time.time():
            texts = [datetime.fromtimestamp(at, UTC) for at in (expiry, time.time())]
            error = refusal("expired token", expiry=texts[0], now=texts[1])
            raise _challenge(error, base)
        audience = str(claims["aud"])
        if (urlsplit(audience).hostname or "") not in _AUDIENCES:
            allowed = f"{base}/,https://management.azure.com/,https://management.core.windows.net/"
            raise _challenge(refusal("audience", audience=audience, allowed=allowed), base)
        return expiry


@lru_cache(maxsize=256)
def client_of(header: str | None) -> str:
    """The client id that a token names, good or not, "" for none: for logs and faults, not for trust."""
    try:
        claims = json.loads(_unb64((header or "").split(".")[1]))
        return str(claims["appid"])
    except (IndexError, KeyError, TypeError, ValueError):
        return ""


def _challenge(error: ArmError, base: str) -> ArmError:
    error.headers["WWW-Authenticate"] = (
        f'Bearer authorization_uri="{base}/common", error="invalid_token", '
        f'error_description="{error.failure.message}"'
    )
    return error
