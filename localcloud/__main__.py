"""`python -m localcloud`: the local cloud's command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from localcloud.app_commands import app as app_commands
from localcloud.commands import app as control_commands

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
    from localcloud.serving import Options, serve_folder

    options = Options(app_dir.resolve(), state.resolve(), port, speed)
    serve_folder(options, verbose=verbose)


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
    from localcloud.serving import Options, serve_with_azure

    options = Options(REPOSITORY, state.resolve(), port, speed)
    serve_with_azure(options, arm_state.resolve() if arm_state else None, verbose=verbose)


@cli.command()
def arm(
    state: State = Path(".localcloud-arm"),
    port: Annotated[int, typer.Option(help="port of ARM, 0 for the last one or any")] = 0,
    *,
    verbose: Verbose = False,
) -> None:
    """Serve the ARM emulator alone."""
    from localcloud.serving import serve_arm

    serve_arm(state.resolve(), port, verbose=verbose)


if __name__ == "__main__":
    cli()
