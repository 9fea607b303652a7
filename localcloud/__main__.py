"""`python -m localcloud`: the local cloud's command line."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from localcloud.app_commands import app as app_commands
from localcloud.commands import app as control_commands
from localcloud.host.worker import LoadError
from localcloud.process import LocalCloud, Options, until_stopped
from localcloud.state_folder import StateError

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)
cli.registered_commands += app_commands.registered_commands + control_commands.registered_commands
REPOSITORY = Path(__file__).resolve().parent.parent

State = Annotated[Path, typer.Option(help="folder that keeps everything between runs")]
Port = Annotated[int, typer.Option(help="port of the app, 0 for the last one or any")]
Speed = Annotated[
    float | None, typer.Option(help="of the clock: 0 stops it, 3600 an hour a second")
]
Verbose = Annotated[bool, typer.Option("--verbose", help="log what the local cloud does")]


@cli.command()
def run(
    app_dir: Path,
    port: Port = 7071,
    state: State = Path(".localcloud"),
    speed: Speed = None,
    *,
    verbose: Verbose = False,
) -> None:
    """Serve any Functions folder."""
    options = Options(app_dir.resolve(), state.resolve(), port, speed)

    async def serve() -> None:
        cloud = LocalCloud(options)
        await cloud.start()
        print(f"{app_dir} is served at {cloud.connection['app']['url']}", flush=True)
        await until_stopped()
        await cloud.stop()

    os.environ.setdefault("FUNCTIONS_WORKER_RUNTIME", "python")
    if options.app_dir.is_dir():
        os.chdir(options.app_dir)
    _finish(serve, verbose=verbose)


@cli.command()
def up(
    port: Port = 7071,
    state: State = Path(".localcloud"),
    arm_state: Annotated[
        Path | None, typer.Option(help="state of an ARM emulator started with `arm`")
    ] = None,
    speed: Speed = None,
    *,
    verbose: Verbose = False,
) -> None:
    """Serve this repository's app with an Azure of its own."""
    from localcloud.greeting import greeting
    from localcloud.up import EmbeddedCloud, SeparateCloud

    options = Options(REPOSITORY, state.resolve(), port, speed)

    async def serve() -> None:
        arm = (
            SeparateCloud(options.state, arm_state.resolve())
            if arm_state
            else EmbeddedCloud(options.state)
        )
        cloud = LocalCloud(options, arm)
        await cloud.start()
        print(greeting(cloud.connection, state), flush=True)
        await until_stopped()
        await cloud.stop()

    os.chdir(REPOSITORY)
    _finish(serve, verbose=verbose)


@cli.command()
def arm(
    state: State = Path(".localcloud-arm"),
    port: Annotated[int, typer.Option(help="port of ARM, 0 for the last one or any")] = 0,
    *,
    verbose: Verbose = False,
) -> None:
    """Serve the ARM emulator alone."""
    from localcloud.arm_process import serving_arm

    async def serve() -> None:
        async with serving_arm(state.resolve(), port) as url:
            print(f"Azure Resource Manager is served at {url}", flush=True)
            await until_stopped()

    _finish(serve, verbose=verbose)


def _finish(serve: Callable[[], Awaitable[None]], *, verbose: bool) -> None:
    """Runs a server to its end, then leaves at once: app code still running is abandoned, as the
    Functions host abandons what a worker does when it stops."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("localcloud").setLevel(logging.DEBUG if verbose else logging.WARNING)
    for noisy in ("azure", "aiohttp", "asyncio", "msal", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.INFO if verbose else logging.WARNING)
    code = 0
    try:
        asyncio.run(_awaited(serve))
    except (LoadError, StateError) as error:
        print(f"error: {error}", file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def _awaited(serve: Callable[[], Awaitable[None]]) -> None:
    await serve()


if __name__ == "__main__":
    cli()
