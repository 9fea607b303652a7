"""App Service authentication, played: a form to sign in with, a cookie, and the headers that an app gets.

The cookie holds the ID token of the sign-in. Requests that nobody has signed in go through (`AllowAnonymous`). As App
Service does, a POST with the cookie and a foreign Origin is refused, and so is one from a browser without Origin and
Referer (docs/local-cloud.md). The form itself is for this machine only.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import escape
from typing import Any
from urllib.parse import quote, urlsplit

import jwt
from aiohttp import web

from localcloud.entra.directory import Directory
from localcloud.entra.people import Account

COOKIE = "AppServiceAuthSession"
# Seconds: longer than the token in it, as in Azure.
SESSION = 8 * 3600
LOGIN, DONE = "/.auth/login/aad", "/.auth/login/aad/callback"
LOOPBACK = ("127.0.0.1", "localhost")
_CLAIMS = "http://schemas.microsoft.com/identity/claims/"
MAPPED = {"oid": f"{_CLAIMS}objectidentifier", "tid": f"{_CLAIMS}tenantid"}
ROLE_TYPE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
NAME_TYPE = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"


class SignIn:
    """In front of one app; `roles`: all that its form offers."""

    def __init__(self, directory: Directory, roles: tuple[str, ...]) -> None:
        self._directory, self._roles = directory, roles

    async def answer(self, request: web.Request, path: str) -> web.StreamResponse:
        """Answer what is below `/.auth/`."""
        if not _is_here(request):
            return web.Response(status=403, text="The sign-in is for this machine only.")
        match request.method, path.lower().rstrip("/"):
            case "GET", "/.auth/login/aad":
                return self._form(_local(request.query.get("post_login_redirect_uri", "/")))
            case "POST", "/.auth/login/aad/callback":
                return await self._signed_in(request)
            case _, "/.auth/logout":
                answer = _redirect("/")
                answer.del_cookie(COOKIE)
                return answer
            case "GET", "/.auth/me":
                return self._me(request)
        return web.Response(status=404)

    def refusal(self, request: web.Request) -> web.StreamResponse | None:
        """Refuse what another page makes a browser send."""
        if request.method != "POST" or self._session(request) is None:
            return None
        origin = request.headers.get("Origin")
        source = origin or request.headers.get("Referer")
        browser = request.headers.get("User-Agent", "").startswith("Mozilla/")
        foreign = source is not None and urlsplit(source).netloc != request.headers.get("Host")
        if foreign or (browser and source is None):
            return web.Response(status=403, text="A request from another site.")
        return None

    def headers(self, request: web.Request) -> Mapping[str, str]:
        """The headers of the one who has signed in."""
        session = self._session(request) if _is_here(request) else None
        if session is None:
            return {}
        token, claims = session
        return {
            "X-MS-CLIENT-PRINCIPAL": base64.b64encode(_principal(claims)).decode(),
            "X-MS-CLIENT-PRINCIPAL-ID": str(claims["oid"]),
            "X-MS-CLIENT-PRINCIPAL-NAME": str(claims["preferred_username"]),
            "X-MS-CLIENT-PRINCIPAL-IDP": "aad",
            "X-MS-TOKEN-AAD-ID-TOKEN": token,
        }

    def _session(self, request: web.Request) -> tuple[str, dict[str, Any]] | None:
        token = request.cookies.get(COOKIE, "")
        try:
            return (token, self._directory.read(token, leeway=SESSION)) if token else None
        except jwt.InvalidTokenError:
            return None

    def _me(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if session is None:
            return web.Response(status=401)
        token, claims = session
        entry = {"provider_name": "aad", "user_id": claims["preferred_username"]}
        return web.json_response(
            [{**entry, "id_token": token, "user_claims": list(_typed(claims))}]
        )

    async def _signed_in(self, request: web.Request) -> web.StreamResponse:
        if urlsplit(request.headers.get("Origin", "")).netloc not in ("", request.headers["Host"]):
            return web.Response(status=403, text="A form of another site.")
        form = await request.post()
        account = self._directory.accounts.get(str(form.get("person")))
        if account is None or account.application:
            return web.Response(status=400, text="Nobody is called that.")
        roles = tuple(role for role in self._roles if role in form.getall("role", []))
        answer = _redirect(_local(str(form.get("to", "/"))))
        token = self._directory.id_token(replace(account, roles=roles))
        answer.set_cookie(COOKIE, token, httponly=True, samesite="Lax", max_age=SESSION)
        return answer

    def _form(self, to: str) -> web.Response:
        people = [a for a in self._directory.accounts.values() if not a.application]
        forms = "".join(self._person(account, to) for account in people)
        head = "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Sign in</title><h1>Sign in</h1>"
        note = "<p>This plays Entra on this machine. Choose somebody; nobody has a password.</p>"
        headers = {"Content-Security-Policy": "default-src 'none'; form-action 'self'"}
        return web.Response(text=head + note + forms, content_type="text/html", headers=headers)

    def _person(self, account: Account, to: str) -> str:
        boxes = "".join(
            f"<label><input type=checkbox name=role value='{escape(role, quote=True)}'"
            f"{' checked' if role in account.roles else ''}>{escape(role)}</label> "
            for role in self._roles
        )
        hidden = f"<input type=hidden name=to value='{escape(to, quote=True)}'>"
        return (
            f"<form method=post action='{DONE}'><fieldset><legend>{escape(account.display_name)}, "
            f"{escape(account.address)}</legend>{hidden}{boxes}"
            f"<button name=person value='{escape(account.name, quote=True)}'>Sign in as "
            f"{escape(account.display_name)}</button></fieldset></form>"
        )


def _principal(claims: Mapping[str, Any]) -> bytes:
    body = {"auth_typ": "aad", "claims": list(_typed(claims))}
    return json.dumps({**body, "name_typ": NAME_TYPE, "role_typ": ROLE_TYPE}).encode()


def _typed(claims: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Claims as App Service lists them: one entry for each value, some under their mapped names."""
    for name, value in claims.items():
        for one in value if isinstance(value, list) else [value]:
            yield {"typ": MAPPED.get(name, name), "val": str(one)}


def _redirect(to: str) -> web.Response:
    return web.Response(status=302, headers={"Location": quote(to, safe="/?&=%#.-_~:")})


def _local(address: str) -> str:
    """The address if it is a path of this app, else the first page."""
    plain = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if plain else "/"


def _is_here(request: web.Request) -> bool:
    """Return True unless a name of somebody else's leads a browser to this machine."""
    return (urlsplit(f"//{request.headers.get('Host', '')}").hostname or "") in LOOPBACK
