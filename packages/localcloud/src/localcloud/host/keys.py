"""The keys of the Functions host, kept in the state folder, and what a request's key opens.

As in Azure: the key `host` opens every function, `function:<name>` that function, `system:<extension>_extension` one
extension's webhooks, and the master key (`_master`) everything.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from aiohttp import web

from localcloud.dotnet.addresses import query_of
from localcloud.files import write_whole

EXTENSIONS = ("durabletask", "eventgrid")
HEADER = "x-functions-key"
Keys = Mapping[str, str]


def load_keys(path: Path, functions: Iterable[str]) -> Keys:
    """The keys kept in `path`, made and written (mode 600) where they are missing."""
    keys: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    names = ["master", "host", *map(system_key, EXTENSIONS)]
    for name in [*names, *(f"function:{name}" for name in functions)]:
        # A folder of an earlier version has the system keys without their ending.
        former = keys.pop(name.removesuffix("_extension"), None) if name in names[2:] else None
        # Safe in a query as it is, unlike Azure's, which need percent-encoding.
        keys.setdefault(name, former or secrets.token_hex(32))
    write_whole(path, json.dumps(keys, indent=1), private=True)
    return keys


def system_key(extension: str) -> str:
    """The name in the store of the key that opens an extension's webhooks."""
    return f"system:{extension}_extension"


def opens(request: web.Request, keys: Keys, *names: str) -> bool:
    """Return True if the request brings one of the keys called so, or the master key."""
    return bool({"master", *names} & _known(request, keys))


def refusal(request: web.Request, keys: Keys, *names: str) -> web.Response | None:
    """Return the refusal of a request that none of the keys called so, nor the master key, opens; else None.

    403 with another key of the host, 401 with none; a function's own key is not the host's.
    """
    known = {name for name in _known(request, keys) if not name.startswith("function:")}
    if {"master", *names} & known:
        return None
    return web.Response(status=403) if known else _challenge()


def _challenge() -> web.Response:
    return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})


def _known(request: web.Request, keys: Keys) -> set[str]:
    """The names of the key that the request brings: the first one in the header, else in the URL."""
    offered = request.headers.get(HEADER)
    if offered is None:
        offered = query_of(request.rel_url.raw_query_string).get("code", "")
    given = offered.encode(errors="replace")
    return {name for name, key in keys.items() if hmac.compare_digest(given, key.encode())}
