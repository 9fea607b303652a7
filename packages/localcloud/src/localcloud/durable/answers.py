"""The Durable HTTP API's reading of requests, and its refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from aiohttp import web

from localcloud.dotnet.addresses import query_of
from localcloud.dotnet.complaints import READER, complaint
from localcloud.durable.history import compact

T = TypeVar("T")
INVALID = "Invalid JSON content"
# The message of every 500.
WRONG = "Something went wrong while processing your request"
NO_STACK = "   (not kept by the local cloud)"
FLAGS = {"true": True, "false": False}


class RefusedError(Exception):
    """Ends a request. `kind` and `exception`: class and message of the .NET exception that led to it."""

    def __init__(self, status: int, message: str = "", kind: str = "", exception: str = "") -> None:
        super().__init__(status, message, kind, exception)
        body = {"Message": message}
        if kind:
            body |= {"ExceptionMessage": exception, "ExceptionType": kind, "StackTrace": NO_STACK}
        self.answer = json_answer(body, status) if message else empty(status)


def json_answer(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return an answer with JSON as .NET writes it."""
    return web.json_response(body, status=status, headers=headers, dumps=compact)


def empty(status: int) -> web.Response:
    return web.Response(status=status)


def parameter(request: web.Request, name: str, read: Callable[[str], T], default: T) -> T:
    """From the query, in any case; what cannot be read is as if it were not there.

    Of a name given more than once .NET makes a list with commas.
    """
    try:
        return read(",".join(query_of(request.rel_url.raw_query_string).getall(name)))
    except (KeyError, ValueError):
        return default


def flag(request: web.Request, name: str, *, default: bool = False) -> bool:
    """`true` or `false` from the query, in any case."""
    return parameter(request, name, lambda text: FLAGS[text.strip().lower()], default)


async def body_text(request: web.Request) -> str:
    """Return the body as text; what is not in the charset is replaced."""
    return (await request.read()).decode(request.charset or "utf-8", "replace")


async def json_input(request: web.Request) -> str | None:
    """The text of the body if there is one. JSON that ends too early is an error of the server."""
    text = await body_text(request)
    if text.strip() and (problem := complaint(text)) is not None:
        if problem.early:
            raise RefusedError(500, WRONG, problem.kind, problem.text)
        raise RefusedError(400, INVALID, problem.kind, problem.text)
    return text or None


async def json_token(request: web.Request) -> str:
    """The text of the body; 400 if it is no JSON, or nothing."""
    text = await body_text(request)
    if (problem := complaint(text)) is not None:
        raise RefusedError(400, INVALID, READER, problem.loading)
    return text
