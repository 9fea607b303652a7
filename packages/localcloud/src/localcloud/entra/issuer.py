"""The issuer over HTTP: openid-configuration, keys, and tokens for the asking.

The token endpoint takes the forms of Entra's (`grant_type` password or client_credentials), asks for no password, and
takes `roles` besides: those that the token shall have instead of the account's own.
"""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from localcloud.entra.directory import LIFE, TENANT, Directory
from localcloud.entra.people import Account

PATH = "/entra"


def routes(directory: Directory) -> list[web.RouteDef]:
    """Return the routes below `PATH`."""

    async def configuration(_: web.Request) -> web.Response:
        return web.json_response(directory.configuration())

    async def keys(_: web.Request) -> web.Response:
        return web.json_response(directory.keys())

    async def token(request: web.Request) -> web.Response:
        form = await request.post()
        name = str(form.get("username") or form.get("client_id") or "").partition("@")[0]
        account = directory.accounts.get(name.lower())
        if account is None:
            known = ", ".join(directory.accounts)
            return _refused("invalid_grant", f"nobody is called '{name[:100]}'; known are {known}")
        chosen = _with_roles(account, form.get("roles"))
        body = {"token_type": "Bearer", "expires_in": LIFE, "ext_expires_in": LIFE}
        body |= {"access_token": directory.access_token(chosen)}
        if not account.application:
            body |= {"id_token": directory.id_token(chosen)}
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    tenant = f"{PATH}/{TENANT}"
    return [
        web.get(f"{tenant}/v2.0/.well-known/openid-configuration", configuration),
        web.get(f"{tenant}/discovery/v2.0/keys", keys),
        web.post(f"{tenant}/oauth2/v2.0/token", token),
    ]


def _with_roles(account: Account, asked: object) -> Account:
    if not isinstance(asked, str):
        return account
    return replace(account, roles=tuple(asked.replace(",", " ").split()))


def _refused(error: str, description: str) -> web.Response:
    body = {"error": error, "error_description": description}
    return web.json_response(body, status=400)
