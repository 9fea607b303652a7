"""The commands that serve until Ctrl-C. Imported when one of them is called, since it brings
the Functions runtime and the ARM emulator with it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from localcloud.arm_process import serving_arm
from localcloud.azure import AppSide, EmbeddedCloud, SeparateCloud
from localcloud.host.fork_server import ForkServer
from localcloud.host.worker import LoadError
from localcloud.host.worker_process import HostEndedError
from localcloud.process import LocalCloud, Options, until_stopped
from localcloud.state_folder import StateError

__all__ = ["Options", "serve_arm", "serve_folder", "serve_with_azure"]

NOISY = ("azure", "aiohttp", "asyncio", "msal", "urllib3")


def serve_folder(options: Options, *, verbose: bool) -> None:
    """Serve any Functions folder until a signal ends it."""

    async def serve() -> None:
        async with LocalCloud(options, fork_server) as cloud:
            url = cloud.connection["app"]["url"]
            print(f"{options.app_dir} is served at {url}", flush=True)
            await cloud.until_stopped()

    os.environ.setdefault("FUNCTIONS_WORKER_RUNTIME", "python")
    if options.app_dir.is_dir():
        os.chdir(options.app_dir)
    _configure_log(verbose=verbose)
    fork_server = ForkServer()
    _finish(serve)


def serve_with_azure(
    options: Options, app: AppSide, arm_state: Path | None, *, verbose: bool
) -> None:
    """Serve an app with an ARM emulator: a new one, or the running one whose state folder is `arm_state`."""

    async def serve() -> None:
        azure = SeparateCloud(arm_state, app) if arm_state else EmbeddedCloud(options.state, app)
        async with LocalCloud(options, fork_server, azure) as cloud:
            print(app.greeting(cloud.connection), flush=True)
            await cloud.until_stopped()

    os.chdir(options.app_dir)
    _configure_log(verbose=verbose)
    fork_server = ForkServer()
    _finish(serve)


def serve_arm(state: Path, port: int, *, real_date: bool, verbose: bool) -> None:
    """Serve the ARM emulator alone until a signal ends it."""

    async def serve() -> None:
        async with serving_arm(state, port, real_date=real_date) as url:
            print(f"Azure Resource Manager is served at {url}", flush=True)
            await until_stopped()

    _configure_log(verbose=verbose)
    _finish(serve)


def _configure_log(*, verbose: bool) -> None:
    """Of this process and, since they are its forks, of the app's."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("localcloud").setLevel(logging.DEBUG if verbose else logging.WARNING)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)


def _finish(serve: Callable[[], Awaitable[None]]) -> None:
    """Runs a server to its end, then leaves at once."""
    code = 0
    try:
        asyncio.run(_awaited(serve))
    except (LoadError, StateError, HostEndedError) as error:
        print(f"error: {error}", file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def _awaited(serve: Callable[[], Awaitable[None]]) -> None:
    await serve()
