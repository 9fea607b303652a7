"""The control API as commands: `python -m localcloud clock --advance P1D` and the like."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from localcloud.state_folder import StateError, read_connection

app = typer.Typer()
State = Annotated[Path, typer.Option(help="folder of the running local cloud", envvar="STATE")]
Body = Annotated[str | None, typer.Argument(help="JSON, or @file")]
DEFAULT = Path(".localcloud")
MOVE_SECONDS = 3600


@app.command()
def clock(
    state: State = DEFAULT,
    advance: Annotated[str | None, typer.Option(help="a duration, as P1D or PT90S")] = None,
    speed: Annotated[float | None, typer.Option(help="0 stops time, 1 is real")] = None,
) -> None:
    """Show the time, move it, or change its speed."""
    given = {"advance": advance, "speed": speed}
    body = {name: value for name, value in given.items() if value is not None}
    _call(state, "POST" if body else "GET", "/clock", body or None)


@app.command()
def images(body: Body = None, state: State = DEFAULT) -> None:
    """Add a managed image, from a body as ARM would return it; without a body, list them."""
    if body is not None:
        _call(state, "POST", "/images", _json(body))
        return
    resources = _answer(state, "GET", "/state", None)["resources"]
    _show([r for r in resources if "/microsoft.compute/images/" in str(r.get("id", "")).lower()])


@app.command()
def subscriptions(state: State = DEFAULT) -> None:
    """Add a subscription to the tenant; the app hears of it when it is started again."""
    _call(state, "POST", "/subscriptions", {})


@app.command()
def requests(state: State = DEFAULT) -> None:
    """The log of ARM calls."""
    _call(state, "GET", "/requests", None)


@app.command("state")
def show_state(state: State = DEFAULT) -> None:
    """All resources with their states."""
    _call(state, "GET", "/state", None)


@app.command()
def notifications(state: State = DEFAULT) -> None:
    """Show what the app has notified."""
    _call(state, "GET", "/notifications", None)


@app.command()
def reset(state: State = DEFAULT) -> None:
    """Empty the local cloud."""
    _call(state, "POST", "/reset", None)


@app.command()
def faults(
    body: Body = None,
    state: State = DEFAULT,
    *,
    clear: Annotated[bool, typer.Option("--clear", help="remove all rules")] = False,
) -> None:
    """Show the ARM emulator's fault rules, set them from a body, or clear them."""
    if clear:
        _call(state, "DELETE", "/faults", None)
    else:
        _call(state, "GET" if body is None else "POST", "/faults", _json(body) if body else None)


def _json(text: str) -> Any:
    try:
        return json.loads(Path(text[1:]).read_text() if text.startswith("@") else text)
    except (OSError, ValueError) as error:
        _fail(f"the body cannot be read: {error}")


def _call(state: Path, method: str, path: str, body: Any) -> None:
    answer = _answer(state, method, path, body)
    if answer is not None:
        _show(answer)


def _answer(state: Path, method: str, path: str, body: Any) -> Any:
    try:
        url = read_connection(state)["control"]["url"] + path
    except StateError as error:
        _fail(str(error))
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    # Never through a proxy: the control API is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=MOVE_SECONDS) as response:
            text = response.read().decode()
    except urllib.error.HTTPError as error:
        _fail(error.read().decode() or str(error))
    except OSError as error:
        _fail(f"the local cloud does not answer: {error}")
    return json.loads(text) if text else None


def _show(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _fail(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    raise typer.Exit(1)
