"""Reads from an exchange the kind of resource, the operation, options and headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from localcloud.arm.protocol.call import Exchange

_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_COMPUTE = re.compile(
    r"/providers/Microsoft\.Compute/"
    r"(?P<kind>images|galleries(?:/[^/]+/images(?:/[^/]+/versions)?)?)/(?P<name>[^/]+)$",
    re.IGNORECASE,
)
_OPERATION = re.compile(
    rf"/subscriptions/{_GUID}/providers/Microsoft\.Compute/locations/[A-Za-z0-9]+/"
    rf"(?P<family>capsOperations|operations)/{_GUID}$"
)


def path_of(exchange: Exchange) -> str:
    """The path of the request, unquoted."""
    return unquote(urlsplit(exchange.url).path)


def kind_of(exchange: Exchange) -> str | None:
    """`images`, `galleries`, `definitions` or `versions` for a request to one such resource."""
    match = _COMPUTE.search(path_of(exchange))
    if not match:
        return None
    depth = match["kind"].count("/")
    return "images" if match["kind"].lower() == "images" else _depth(depth)


def _depth(slashes: int) -> str:
    return {0: "galleries", 2: "definitions", 4: "versions"}[slashes]


def is_operation(exchange: Exchange) -> bool:
    """Return True if the request reads an operation."""
    return bool(_OPERATION.search(path_of(exchange)))


def names_operation(url: str) -> bool:
    """Return True if the URL is that of an operation."""
    return bool(_OPERATION.search(urlsplit(url).path))


def headers_of(exchange: Exchange) -> Mapping[str, str]:
    """The answer's headers by their names in lower case."""
    return {name.lower(): text for name, text in exchange.response_headers.items()}


def option(url: str, name: str) -> str | None:
    """A query option of a URL, None when it has none of that name."""
    return next(iter(parse_qs(urlsplit(url).query).get(name, [])), None)
