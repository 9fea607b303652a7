"""Binding a port of the loopback, the wanted one if it is free."""

from __future__ import annotations

import ssl

from aiohttp import web


async def listen(
    runners: list[web.AppRunner], app: web.Application, port: int, context: ssl.SSLContext | None
) -> int:
    """The port the application now listens on; its runner is added to the list."""
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
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
