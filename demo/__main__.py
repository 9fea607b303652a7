"""`python -m demo`: this app on the local cloud. Without a command, the demo."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from demo.examples import gallery_id
from localcloud.state_folder import StateError, read_connection

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)
REPOSITORY = Path(__file__).resolve().parent.parent
State = Annotated[Path, typer.Option(help="folder of the running local cloud", envvar="STATE")]
DEFAULT = Path(".localcloud")


@cli.callback(invoke_without_command=True)
def demo(context: typer.Context) -> None:
    """Migrate a managed image on a local cloud of its own, start to end; or do what a command says."""
    if context.invoked_subcommand is None:
        _show_the_demo()


def _show_the_demo() -> None:
    from rich.console import Console

    from demo.callers import CallFailedError
    from demo.failure import DemoFailedError
    from demo.story import tell

    # These leave nothing behind either.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    console = Console(highlight=False)
    try:
        tell(console)
    except KeyboardInterrupt:
        print("\nStopped; the local cloud is removed.")
        raise typer.Exit(128 + signal.SIGINT) from None
    except (DemoFailedError, CallFailedError) as error:
        _fail(f"\nThe demo failed: {error}")


@cli.command()
def up(
    port: Annotated[int, typer.Option(help="port of the app, 0 for the last one or any")] = 7071,
    state: Annotated[
        Path, typer.Option(help="folder that keeps everything between runs")
    ] = DEFAULT,
    arm_state: Annotated[
        Path | None, typer.Option(help="state of an ARM emulator started with `arm`")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(help="of the clock: 0 stops it, 3600 an hour a second")
    ] = None,
    *,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="log what the local cloud does")
    ] = False,
) -> None:
    """Serve this repository's app with an Azure of its own."""
    from demo.gallery_migrator import GalleryMigrator
    from localcloud.cli.serving import Options, serve_with_azure

    options = Options(REPOSITORY, state.resolve(), port, speed)
    other = arm_state.resolve() if arm_state else None
    serve_with_azure(options, GalleryMigrator(options.state), other, verbose=verbose)


@cli.command()
def env(state: State = DEFAULT) -> None:
    """Print shell variables for the running app: eval "$(python -m demo env)"."""
    connection = _connection(state)
    subscription = connection["arm"]["subscriptionIds"][0]
    images = f"/subscriptions/{subscription}/resourceGroups/web/providers/Microsoft.Compute/images"
    variables = {
        "APP_URL": connection["app"]["url"],
        "APP_KEY": connection["namedKey"],
        "EVENT_GRID_KEY": connection["systemKeys"]["eventgrid"],
        "WEBHOOK_SECRET": connection["webhookSecret"],
        "SUBSCRIPTION_ID": subscription,
        "IMAGE_ID": f"{images}/web-2019",
        "GALLERY_ID": gallery_id(subscription),
    }
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")


@cli.command("sign-in")
def sign_in(person: str, state: State = DEFAULT) -> None:
    """Print a token of one of the people (ada, grace, alan, mary) for a Bearer header."""
    from demo.callers import CallFailedError, access_token

    try:
        print(access_token(_connection(state), person))
    except CallFailedError as error:
        _fail(str(error))


@cli.command()
def approve(
    migration: str,
    approver: Annotated[str, typer.Option(help="who decides")],
    reason: Annotated[str, typer.Option(help="why, for the records")] = "",
    state: State = DEFAULT,
    *,
    reject: Annotated[bool, typer.Option("--reject", help="reject instead")] = False,
) -> None:
    """Decide on a deletion: the signed webhook call that an approval tool would make."""
    from demo.callers import App, CallFailedError

    connection = _connection(state)
    try:
        answer = App(connection).decide(
            migration, "reject" if reject else "approve", approver, reason
        )
    except CallFailedError as error:
        _fail(str(error))
    print(json.dumps(answer, indent=2, ensure_ascii=False))


def _connection(state: Path) -> dict[str, Any]:
    try:
        return read_connection(state)
    except StateError as error:
        _fail(str(error))


def _fail(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    raise typer.Exit(1)


if __name__ == "__main__":
    cli()
