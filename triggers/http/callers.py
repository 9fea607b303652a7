"""Recognise who asks, by the one credential that a request shows.

1. App Service's header, where its authentication is on and the path is not left alone by it; with it the ID token, or
   the Bearer token, which has to be the same person's.
2. A Bearer token alone. 3. A named key. 4. A webhook's signature, on the routes that take one.

A credential that does not hold is never passed over for another one, and two at once are none. A sign-in whose ID token
has expired is App Service's word alone, which carries no more than to look and to ask.
"""

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import azure.functions as func

from domain.callers.access import SIGNED_ROUTES
from domain.callers.actors import ActorKind, Caller, Proof
from domain.callers.named_keys import caller_of_key
from domain.callers.principals import Principal, PrincipalError, parse_principal
from domain.callers.tokens import TokenError
from services.dependencies import Dependencies
from services.signatures import SIGNATURE_HEADERS, SigningCaller, verified
from services.threads import in_tokens
from triggers.http.bodies import body_of

KEY_HEADER = "X-API-Key"
PRINCIPAL_HEADER, ID_TOKEN_HEADER = "X-MS-CLIENT-PRINCIPAL", "X-MS-TOKEN-AAD-ID-TOKEN"
_BEARER = "bearer "

HOW = (
    f"Sign in, send `Authorization: Bearer` with a token of the deployment's Entra application, or a named key as "
    f"{KEY_HEADER}; a webhook's decision is signed."
)
BEGIN = (
    "Nobody is configured yet, so everything is refused. Begin with NAMED_KEYS, or with ENTRA_TENANT_ID and "
    'ENTRA_AUDIENCES, in the app\'s settings: docs/configuration.md, "Who may ask".'
)


class UnrecognisedError(Exception):
    """Nobody is proven by what a request shows; the text says what to do."""


async def caller_of(app: Dependencies, req: func.HttpRequest, handler: str) -> Caller:
    """The caller of a request. Raises UnrecognisedError, and KeysUnavailableError while tokens cannot be verified."""
    principal = _principal_header(app, req)
    bearer = _bearer(req.headers)
    key = req.headers.get(KEY_HEADER) or ""
    signed = handler in SIGNED_ROUTES and any(req.headers.get(name) for name in SIGNATURE_HEADERS)
    match bool(principal or bearer), bool(key), signed:
        case True, False, False:
            return await _in_entra(app, principal, bearer, req.headers)
        case False, True, False:
            return _of_key(app, key)
        case False, False, True:
            return _of_signature(app, req)
        case False, False, False:
            raise UnrecognisedError(HOW if app.settings.configured else BEGIN)
        case _:
            raise UnrecognisedError("More than one credential was sent; send one.")


async def _in_entra(
    app: Dependencies, principal: str, bearer: str, headers: Mapping[str, str]
) -> Caller:
    try:
        signed_in = parse_principal(principal, app.settings.entra_tenant_id) if principal else None
    except PrincipalError as error:
        raise UnrecognisedError(f"{PRINCIPAL_HEADER} is not taken: {error}.") from error
    id_token = headers.get(ID_TOKEN_HEADER) or ""
    try:
        token = bearer or id_token
        proven = await in_tokens(app.tokens.caller, token, identity=not bearer) if token else None
    except TokenError as error:
        if signed_in and not bearer:
            return _by_header(signed_in, f"the sign-in's token is not taken, since {error}")
        raise UnrecognisedError(f"The token is not taken: {error}.") from error
    if signed_in is None:
        return _certain(proven)
    if proven is None:
        return _by_header(signed_in, "there is no token beside it; switch the token store on")
    if proven.id != signed_in.oid:
        raise UnrecognisedError(f"{PRINCIPAL_HEADER} and the token are of two people.")
    return proven


def _certain(proven: Caller | None) -> Caller:
    if proven is None:
        raise UnrecognisedError(HOW)
    return proven


def _by_header(signed_in: Principal, flaw: str) -> Caller:
    return Caller(
        kind=ActorKind.PERSON,
        id=signed_in.oid,
        label=signed_in.label,
        proof=Proof.HEADER,
        roles=signed_in.roles,
        flaw=flaw,
    )


def _of_key(app: Dependencies, shown: str) -> Caller:
    caller = caller_of_key(shown, app.settings.named_keys)
    if caller is None:
        raise UnrecognisedError(f"No named key of this deployment is what {KEY_HEADER} holds.")
    return caller


def _of_signature(app: Dependencies, req: func.HttpRequest) -> Caller:
    """Of a lost body no signature could hold, so that is told first."""
    signed = verified(body_of(req), req.headers, app.settings.webhook_secrets)
    if signed is None:
        raise UnrecognisedError(
            "Sign the body as the Standard Webhooks specification says, with the webhook's secret."
        )
    return SigningCaller(**dict(signed.secret.caller), signed=signed)


def _principal_header(app: Dependencies, req: func.HttpRequest) -> str:
    """The header, or nothing where it may come from outside."""
    if not app.settings.app_service_authentication:
        return ""
    path = urlsplit(req.url).path.lower()
    excluded = [start.lower() for start in app.settings.sign_in_excluded_paths]
    if any(text.startswith(start) for start in excluded for text in (path, unquote(path))):
        return ""
    return req.headers.get(PRINCIPAL_HEADER) or ""


def _bearer(headers: Mapping[str, str]) -> str:
    given = headers.get("Authorization") or ""
    return given[len(_BEARER) :].strip() if given.lower().startswith(_BEARER) else ""
