"""The commands of a user of the app: the demo, the shell's variables, a signed decision."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from localcloud.examples import gallery_id
from localcloud.state_folder import StateError, read_connection

app = typer.Typer()
State = Annotated[Path, typer.Option(help="folder of the running local cloud", envvar="STATE")]
DEFAULT = Path(".localcloud")


@app.command()
def demo() -> None:
    """Migrate a managed image on a local cloud of its own, start to end."""
    from rich.console import Console

    from localcloud.demo.callers import CallFailed
    from localcloud.demo.failure import DemoFailed
    from localcloud.demo.story import tell

    for number in (signal.SIGTERM, signal.SIGHUP):  # these leave nothing behind either
        signal.signal(number, signal.default_int_handler)
    console = Console(highlight=False)
    try:
        tell(console)
    except KeyboardInterrupt:
        print("\nStopped; the local cloud is removed.")
        raise typer.Exit(128 + signal.SIGINT) from None
    except (DemoFailed, CallFailed) as error:
        _fail(f"\nThe demo failed: {error}")


@app.command()
def env(state: State = DEFAULT) -> None:
    """Print shell variables for the running app: eval "$(python -m localcloud env)"."""
    connection = _connection(state)
    subscription = connection["arm"]["subscriptionIds"][0]
    images = f"/subscriptions/{subscription}/resourceGroups/web/providers/Microsoft.Compute/images"
    variables = {
        "APP_URL": connection["app"]["url"],
        "APP_KEY": connection["app"]["key"],
        "EVENT_GRID_KEY": connection["systemKeys"]["eventgrid"],
        "WEBHOOK_SECRET": connection["webhookSecret"],
        "SUBSCRIPTION_ID": subscription,
        "IMAGE_ID": f"{images}/web-2019",
        "GALLERY_ID": gallery_id(subscription),
    }
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")


@app.command()
def approve(
    migration: str,
    approver: Annotated[str, typer.Option(help="who decides")],
    reason: Annotated[str, typer.Option(help="why, for the records")] = "",
    state: State = DEFAULT,
    *,
    reject: Annotated[bool, typer.Option("--reject", help="reject instead")] = False,
) -> None:
    """Decide on a deletion: the signed webhook call that an approval tool would make."""
    from localcloud.demo.callers import App, CallFailed

    connection = _connection(state)
    try:
        answer = App(connection).decide(
            migration, "reject" if reject else "approve", approver, reason
        )
    except CallFailed as error:
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
