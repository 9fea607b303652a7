"""`localcloud`, or `python -m localcloud`: an Azure Resource Manager and a Functions runtime on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from localcloud.cli.control_commands import app as control_commands

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)
cli.registered_commands += control_commands.registered_commands

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
    from localcloud.cli.serving import Options, serve_folder

    options = Options(app_dir.resolve(), state.resolve(), port, speed)
    serve_folder(options, verbose=verbose)


@cli.command()
def arm(
    state: State = Path(".localcloud-arm"),
    port: Annotated[int, typer.Option(help="port of ARM, 0 for the last one or any")] = 0,
    *,
    real_date: Annotated[
        bool,
        typer.Option(
            "--real-date", help="Date headers tell the machine's time, for apps whose clock stays"
        ),
    ] = False,
    verbose: Verbose = False,
) -> None:
    """Serve the ARM emulator alone."""
    from localcloud.cli.serving import serve_arm

    serve_arm(state.resolve(), port, real_date=real_date, verbose=verbose)
