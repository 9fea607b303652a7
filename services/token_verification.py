"""Tokens of Entra: signature, issuer, audience and expiry, verified by PyJWT; what they say is judged in
`domain/callers/tokens.py`."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from domain.callers.actors import Caller
from domain.callers.caller_settings import CallerSettings
from domain.callers.tokens import ALGORITHMS, TokenError, caller_of_token
from services.signing_keys import SigningKeys

LONGEST_TOKEN = 32_768
LEEWAY_SECONDS = 60
_REQUIRED = ["exp", "iat", "nbf", "iss", "aud"]


class TokenVerifier:
    """Verifies the tokens of one tenant for one app."""

    def __init__(
        self, settings: CallerSettings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._tenant, self._issuer = settings.entra_tenant_id, settings.issuer
        self._audiences = settings.entra_audiences
        self._keys = SigningKeys(settings.issuer, monotonic)

    def caller(self, token: str, *, identity: bool = False) -> Caller:
        """The caller that a token proves; `identity`: it has to be an ID token's. May wait for the issuer, so call it
        in a thread. Raises TokenError, which says why it proves nobody, and KeysUnavailableError."""
        return caller_of_token(self._claims(token), self._tenant, identity=identity)

    def _claims(self, token: str) -> Mapping[str, Any]:
        import jwt

        if not self._tenant or not self._audiences:
            raise TokenError("no tenant is configured")
        if len(token) > LONGEST_TOKEN:
            raise TokenError("it is too long")
        try:
            head = jwt.get_unverified_header(token)
            if head.get("alg") not in ALGORITHMS:
                raise TokenError(f"it is not signed with {' or '.join(ALGORITHMS)}")
            key = self._keys.find(str(head.get("kid")))
            if key is None:
                raise TokenError("it is signed with a key that the issuer does not have")
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=list(self._audiences),
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": _REQUIRED, "strict_aud": False},
            )
        except jwt.InvalidTokenError as error:
            raise TokenError(f"it is not valid: {error}") from error
        return claims
