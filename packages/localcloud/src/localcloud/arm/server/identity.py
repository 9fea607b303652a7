"""The source of tokens: App Service's managed identity endpoint, over plain HTTP.

`IDENTITY_ENDPOINT` and `IDENTITY_HEADER` lead azure-identity and the az CLI here; the instance
metadata form (`/metadata/identity/oauth2/token` with `Metadata: true`) answers too. `client_id` asks for a
user-assigned identity, of which there is one for every id.
"""

from __future__ import annotations

import hmac
from typing import Any

from aiohttp import web

from localcloud.arm.protocol.tokens import LIFE, Tokens

PATH = "/msi/token"
_INSTANCE = "/metadata/identity/oauth2/token"


def routes(tokens: Tokens, secret: str) -> list[web.RouteDef]:
    """Return the routes of the endpoint's two forms."""

    async def app_service(request: web.Request) -> web.Response:
        given = request.headers.get("X-IDENTITY-HEADER") or request.headers.get("secret") or ""
        if not hmac.compare_digest(given.encode(errors="replace"), secret.encode()):
            return _refuse(401, "the X-IDENTITY-HEADER header does not hold IDENTITY_HEADER")
        return _token(request, tokens)

    async def instance(request: web.Request) -> web.Response:
        if request.headers.get("Metadata", "").lower() != "true":
            return _refuse(400, "Required metadata header not specified")
        return _token(request, tokens)

    return [web.get(PATH, app_service), web.get(_INSTANCE, instance)]


def _refuse(status: int, why: str) -> web.Response:
    body = {"statusCode": status, "error": "invalid_request", "message": why}
    return web.json_response(body | {"error_description": why}, status=status)


def _token(request: web.Request, tokens: Tokens) -> web.Response:
    resource = request.query.get("resource", "")
    if not resource or not request.query.get("api-version"):
        return _refuse(400, "resource and api-version are required")
    client = request.query.get("client_id") or None
    token, expires = tokens.issue(resource, client=client)
    body: dict[str, Any] = {
        "access_token": token,
        "expires_in": str(LIFE),
        "expires_on": str(expires),
        "not_before": str(expires - LIFE),
        "resource": resource,
        "token_type": "Bearer",
        "client_id": client or tokens.identity.client,
    }
    return web.json_response(body)
