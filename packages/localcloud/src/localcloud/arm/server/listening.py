"""Binding a port of the loopback, the wanted one if it is free."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def routed(app: web.Application) -> web.BaseRunner:
    """A runner for handlers with routes of their own."""
    return web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)


def unrouted(handler: Handler, largest_body: int) -> web.BaseRunner:
    """A runner for one handler of all requests, which looks at paths itself: without a router.

    https://docs.aiohttp.org/en/stable/web_lowlevel.html
    """
    loop = asyncio.get_running_loop()
    request = partial(web.BaseRequest, loop=loop, client_max_size=largest_body)
    server = web.Server(
        handler, request_factory=request, handler_cancellation=True, access_log=None
    )
    return web.ServerRunner(server, shutdown_timeout=1.0)


async def listen(
    runners: list[web.BaseRunner], runner: web.BaseRunner, port: int, context: ssl.SSLContext | None
) -> int:
    """Listen on a port and return it; the runner is added to the list, whose owner ends it."""
    await runner.setup()
    runners.append(runner)
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=context)
        await site.start()
    except OSError:
        if port == 0:
            raise
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
    return int(runner.addresses[0][1])
