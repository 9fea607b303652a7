"""The keys of the Functions host, kept in the state folder.

As in Azure: the key `host` opens every function, `function:<name>` that function, `system:<extension>` one
extension's webhooks, and the master key (`_master`) everything.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from aiohttp import web

from localcloud.files import write_whole

EXTENSIONS = ("durabletask", "eventgrid")
Keys = Mapping[str, str]


def load_keys(path: Path, functions: Iterable[str]) -> Keys:
    """The keys kept in `path`, made and written (mode 600) where they are missing."""
    keys: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    names = ["master", "host", *(f"system:{name}" for name in EXTENSIONS)]
    for name in [*names, *(f"function:{name}" for name in functions)]:
        # Safe in a query as it is, unlike Azure's, which need percent-encoding.
        keys.setdefault(name, secrets.token_hex(32))
    write_whole(path, json.dumps(keys, indent=1), private=True)
    return keys


def opens(request: web.Request, keys: Keys, *names: str) -> bool:
    """Whether the request brings one of the keys called so, or the master key: in a header or the URL."""
    offered = request.headers.get("x-functions-key") or request.query.get("code") or ""
    given = offered.encode(errors="replace")  # a header's bytes need not be UTF-8
    return any(hmac.compare_digest(given, keys[name].encode()) for name in ("master", *names))
