"""The path under which a durable client of this machine calls the extension: `/durabletask/<key>/`.

The SDK sends no key of its own there. So the key is in the address that a binding tells it, and a request that comes
from a web page, by whatever name, is refused before that.
"""

from __future__ import annotations

import hmac
import re

from aiohttp import web

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def from_this_machine(request: web.Request) -> bool:
    """Return True unless Host or Origin name another one: a page by a name of its own (DNS rebinding), or from
    elsewhere."""
    for name, default in (("Host", ""), ("Origin", LOOPBACK[0])):
        address = request.headers.get(name, default).lower().rpartition("//")[2]
        if re.sub(r":\d+$", "", address) not in LOOPBACK:
            return False
    return True


def path_behind(key: str, path: str) -> str | None:
    """Return what comes behind the key in a path, or None if it does not begin with it."""
    given, _, rest = path.partition("/")
    same = hmac.compare_digest(given.encode(errors="replace"), key.encode())
    return rest if same else None
