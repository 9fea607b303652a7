"""Shows observers each exchange: the request, and the answer as the client gets it, faults included.

`ArmCloud.observers` are called on the server's thread, before the answer leaves; without any, a
request costs nothing more. A `Tape` is an observer that keeps exchanges in a file for another
process; the variable `LOCALCLOUD_EXCHANGES` names the file to `ArmCloud.start`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from aiohttp import web
from yarl import URL

from localcloud.arm.protocol import paths
from localcloud.arm.protocol.call import Exchange
from localcloud.arm.protocol.redaction import (
    VAULT_SECRETS,
    without_secrets,
    without_signature,
    without_value,
)
from localcloud.arm.state.model import Json

Observer = Callable[[Exchange], None]


VARIABLE = "LOCALCLOUD_EXCHANGES"


class Tape:
    """Appends exchanges to a file, one line of JSON each. Tokens and secrets are left out."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, exchange: Exchange) -> None:
        """Keep one exchange; it is on disk when this returns."""
        kept = asdict(exchange)
        kept["url"] = without_signature(exchange.url)
        if isinstance(exchange.request_body, dict):
            kept["request_body"] = _kept(exchange.url, exchange.request_body)
        kept["request_headers"] = {
            name: text
            for name, text in exchange.request_headers.items()
            if name.lower() != "authorization"
        }
        with self._path.open("a") as file:
            file.write(json.dumps(kept) + "\n")

    @staticmethod
    def read(path: Path) -> list[Exchange]:
        """The exchanges that were kept in a file."""
        return [Exchange(**json.loads(line)) for line in path.read_text().splitlines()]


def _kept(url: str, body: Json) -> Json:
    target = paths.parse(URL(url).path)
    of_vault = target is not None and target.kind == VAULT_SECRETS
    return without_secrets(without_value(body) if of_vault else body)


def asked_for() -> list[Observer]:
    """Return a tape for the file that LOCALCLOUD_EXCHANGES names, or an empty list without it."""
    path = os.environ.get(VARIABLE)
    return [Tape(Path(path))] if path else []


async def report(
    observers: Iterable[Observer],
    request: web.BaseRequest,
    response: web.StreamResponse,
    fault: str | None = None,
) -> None:
    """Tell the observers, if there are any, of an answer with a whole body."""
    listening = list(observers)
    if not listening or not isinstance(response, web.Response):
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
        fault=fault,
    )
    for observer in listening:
        observer(exchange)


def _parsed(body: bytes) -> object:
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
