"""The pipe between host and worker: values over a socket, each behind its length.

Values are pickled, which works for the SDK's data, and is safe: both ends are this program's own.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
from dataclasses import dataclass
from typing import Any

from localcloud.clock import Line
from localcloud.host.indexing import Datum, Function

LENGTH = struct.Struct("!I")


@dataclass(frozen=True)
class Loaded:
    """The worker's first message: the functions that the app declares, or the reasons that it cannot be served."""

    functions: tuple[Function, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    """A function to be run; `client` is the text for durable client bindings."""

    id: int
    function: str
    data: Datum
    client: str


@dataclass(frozen=True)
class HostMessage:
    """A message of the host: the time, always, and a call or nothing more."""

    time: Line
    call: Call | None = None


@dataclass(frozen=True)
class Answer:
    """The end of a call; `failure`: the text of a function that has failed."""

    id: int
    result: Datum | None = None
    failure: str | None = None


def packed(value: Any) -> bytes:
    """The bytes that are sent for a value."""
    body = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(body)) + body


def received(end: socket.socket) -> Any:
    """The next value that the other end sends; EOFError when it is gone."""
    (length,) = LENGTH.unpack(_exactly(end, LENGTH.size))
    return pickle.loads(_exactly(end, length))  # noqa: S301 - its own fork wrote it


def _exactly(end: socket.socket, length: int) -> bytes:
    body = end.recv(length, socket.MSG_WAITALL)
    if len(body) < length:
        raise EOFError
    return body


async def next_value(stream: asyncio.StreamReader) -> Any:
    """The next value that the other end sends; EOFError (IncompleteReadError) when that is gone."""
    (length,) = LENGTH.unpack(await stream.readexactly(LENGTH.size))
    return pickle.loads(await stream.readexactly(length))  # noqa: S301 - likewise
