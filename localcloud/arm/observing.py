"""Exchanges as observers see them: what was asked and answered, after faults had their way.

`ArmCloud.observers` are called on the server's thread, before the answer leaves; without any, a
request costs nothing more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from aiohttp import web

from localcloud.arm.call import Exchange

Observer = Callable[[Exchange], None]


async def report(
    observers: Iterable[Observer], request: web.Request, response: web.StreamResponse
) -> None:
    """Tell the observers, if there are any, of an answer with a whole body."""
    told = list(observers)
    if not told or not isinstance(response, web.Response):
        return
    body = response.body if isinstance(response.body, bytes) else b""
    exchange = Exchange(
        method=request.method,
        url=f"{request.scheme}://{request.host}{request.raw_path}",
        request_headers=dict(request.headers),
        request_body=_parsed(await request.read()),
        status=response.status,
        response_headers=dict(response.headers),
        response_body=_parsed(body),
    )
    for observer in told:
        observer(exchange)


def _parsed(body: bytes) -> object:
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
