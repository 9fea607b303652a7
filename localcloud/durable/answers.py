"""How the Durable HTTP API reads a request, and how it refuses one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TypeVar

from aiohttp import web
from multidict import CIMultiDict

T = TypeVar("T")
# The message of every 500.
WRONG = "Something went wrong while processing your request"
FLAGS = {"true": True, "false": False}


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """Ends a request. `exception`: the message of the .NET exception that led to it."""

    def __init__(self, status: int, message: str = "", exception: str = "") -> None:
        super().__init__(status, message, exception)
        texts = {"Message": message, "ExceptionMessage": exception}
        body = {key: text for key, text in texts.items() if text}
        self.answer = web.json_response(body, status=status) if body else empty(status)


def empty(status: int) -> web.Response:
    return web.Response(status=status)


def parameter(request: web.Request, name: str, read: Callable[[str], T], default: T) -> T:
    """From the query, in any case; what cannot be read is as if it were not there.

    Of a name given more than once .NET makes a list with commas.
    """
    try:
        return read(",".join(CIMultiDict(request.query).getall(name)))
    except (KeyError, ValueError):
        return default


def flag(request: web.Request, name: str, *, default: bool = False) -> bool:
    """`true` or `false` from the query, in any case."""
    return parameter(request, name, lambda text: FLAGS[text.strip().lower()], default)


async def json_body(request: web.Request) -> str | None:
    """The text of the body if there is one; 400 if it is no JSON."""
    text = await request.text()
    try:
        if text:
            json.loads(text)
    except json.JSONDecodeError as problem:
        words = _in_newtonsofts_words(text, problem.pos)
        raise Refused(400, "Invalid JSON content", words) from problem
    return text or None


def _in_newtonsofts_words(text: str, place: int) -> str:
    """They say where it went wrong; `place` is Python's opinion."""
    what = "value"
    if number := re.match(r"[-\d][-+.\dA-FX]*", text, re.IGNORECASE):
        what, place = "number", number.end()
    return (
        f"Unexpected character encountered while parsing {what}: {text[place : place + 1]}."
        f" Path '', line {min(place, 1)}, position {place}."
    )
