"""The local tenant: an issuer of its own, whose keys, configuration and tokens have the shape of Entra's version 2.

The key is made once and kept in a folder. Tokens live in wall-clock time, whatever the emulated clock says.
https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from localcloud.entra.people import ACCOUNTS, Account
from localcloud.files import write_whole

TENANT = "0b0b0b0b-0000-4000-8000-000000000001"
CLIENT = "0c0c0c0c-0000-4000-8000-000000000001"
CALLER = "0c0c0c0c-0000-4000-8000-000000000002"
# Seconds, about as Entra's.
LIFE = 3600
ALGORITHM = "RS256"
Json = dict[str, Any]


class Directory:
    """One tenant with one registered app, at `authority`, which has no path behind it but the tenant's."""

    def __init__(
        self, folder: Path, authority: str, accounts: Sequence[Account] = ACCOUNTS
    ) -> None:
        self.authority = authority
        self.accounts = {account.name: account for account in accounts}
        self._key = _key(folder)
        numbers = json.loads(RSAAlgorithm.to_jwk(self._key.public_key()))
        self.key_id = hashlib.sha256(numbers["n"].encode()).hexdigest()[:27]
        self._public = {"kty": "RSA", "use": "sig", "kid": self.key_id}
        self._public |= {"n": numbers["n"], "e": numbers["e"], "issuer": self.issuer}

    @property
    def issuer(self) -> str:
        """The `iss` of its tokens."""
        return f"{self.authority}/{TENANT}/v2.0"

    def connection(self) -> Json:
        """The part of connection.json about it."""
        told = {"authority": self.authority, "tenantId": TENANT, "clientId": CLIENT}
        people = [
            {"name": a.name, "displayName": a.display_name, "oid": a.oid, "roles": list(a.roles)}
            for a in self.accounts.values()
        ]
        return {**told, "people": people}

    def configuration(self) -> Json:
        """The openid-configuration."""
        tenant = f"{self.authority}/{TENANT}"
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{tenant}/discovery/v2.0/keys",
            "token_endpoint": f"{tenant}/oauth2/v2.0/token",
            "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
        }

    def keys(self) -> Json:
        """The key set."""
        return {"keys": [self._public]}

    def id_token(self, account: Account, **changes: Any) -> str:
        """The token that App Service gets when somebody has signed in."""
        return self.sign({**self._claims(account), **changes})

    def access_token(self, account: Account, **changes: Any) -> str:
        """The token that a client gets for the app: a delegated one for people, an application's own otherwise."""
        more: Json = {"azp": CALLER, "azpacr": "1"}
        if account.application:
            more |= {"idtyp": "app", "sub": account.oid}
        else:
            more |= {"scp": "user_impersonation"}
        return self.sign({**self._claims(account), **more, **changes})

    def sign(self, claims: Json) -> str:
        """Any claims as a token of this issuer's; those that are None are left out."""
        body = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(body, self._key, ALGORITHM, headers={"kid": self.key_id})

    def read(self, token: str, leeway: float = 0) -> Json:
        """The claims of a token of its own. Raises jwt's InvalidTokenError."""
        public = self._key.public_key()
        claims: Json = jwt.decode(
            token, public, [ALGORITHM], audience=CLIENT, issuer=self.issuer, leeway=leeway
        )
        return claims

    def _claims(self, account: Account) -> Json:
        now = int(time.time())
        pairwise = hashlib.sha256(f"{account.oid}{CLIENT}".encode()).hexdigest()[:43]
        claims: Json = {"aud": CLIENT, "iss": self.issuer, "iat": now, "nbf": now}
        claims |= {"exp": now + LIFE, "oid": account.oid, "sub": pairwise, "tid": TENANT}
        claims |= {"ver": "2.0", "roles": list(account.roles) or None}
        if not account.application:
            claims |= {"name": account.display_name, "preferred_username": account.address}
        return claims


def _key(folder: Path) -> rsa.RSAPrivateKey:
    path = folder / "signing.pem"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        text = fresh.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_whole(path, text.decode(), private=True)
    kept = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(kept, rsa.RSAPrivateKey):
        raise TypeError(f"{path} holds no RSA key")
    return kept
