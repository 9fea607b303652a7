"""How the Durable HTTP API reads parameters and words its answers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from localcloud.durable.history import compact

INVALID_JSON = "Invalid JSON content"
WRONG = "Something went wrong while processing your request"
NO_STACK = "   (not kept by the local cloud)"


def empty(status: int) -> web.Response:
    return web.Response(status=status)


def json_answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, text=compact(body), headers=headers, content_type="application/json"
    )


def error(
    status: int, message: str, exception: str | None = None, kind: str | None = None
) -> web.Response:
    """An HttpError of .NET; with the exception that led to it, if there was one."""
    body = {"Message": message}
    if exception is not None and kind is not None:
        body |= {"ExceptionMessage": exception, "ExceptionType": kind, "StackTrace": NO_STACK}
    return json_answer(status, body)


def query(request: web.Request) -> CIMultiDict[str]:
    """The query parameters; .NET finds them in any case."""
    return CIMultiDict(request.query)


def flag(text: str | None, *, default: bool) -> bool:
    """A bool as .NET parses it; anything else is as if it were not there."""
    return {"true": True, "false": False}.get((text or "").strip().lower(), default)


def number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def checked_json(text: str) -> str:
    """What is wrong with a JSON text, as Newtonsoft words the two most frequent cases."""
    try:
        json.loads(text)
    except ValueError as problem:
        place = getattr(problem, "pos", 0)
        if place == 0:
            return (
                f"Unexpected character encountered while parsing value: {text[0]}."
                " Path '', line 0, position 0."
            )
        if text[0].isdigit() or text[0] == "-":
            place = next(i for i, c in enumerate(text) if c not in "0123456789+-.eEabcdfABCDFxX")
            return (
                f"Unexpected character encountered while parsing number: {text[place]}."
                f" Path '', line 1, position {place}."
            )
        return f"{problem}"
    return ""
