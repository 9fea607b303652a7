"""The paths of the extensions: `/runtime/webhooks/<extension>` with one of its keys.

The key comes first, then the extension: whoever has the key of another one is told 403 for any name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from localcloud.host.keys import Keys, refusal, system_key

PREFIX = "/runtime/webhooks/"
# Of a request and the decoded path after the extension's name.
Handler = Callable[[web.Request, str], Awaitable[web.StreamResponse]]


class Webhooks:
    """`handlers` by the names of their extensions in small letters."""

    def __init__(self, keys: Keys, handlers: Mapping[str, Handler]) -> None:
        self._keys, self._handlers = keys, handlers

    async def answer(self, request: web.Request, path: str) -> web.StreamResponse:
        """`path` is the decoded one, and begins with PREFIX in any case."""
        name, _, tail = path.removeprefix(path[: len(PREFIX)]).partition("/")
        refused = refusal(request, self._keys, system_key(name.lower()))
        if refused is not None:
            return refused
        handler = self._handlers.get(name.lower())
        return web.Response(status=404) if handler is None else await handler(request, tail)
