"""Paths and queries as ASP.NET reads them, which is not as a URL library does.

What is not valid UTF-8 stays percent-encoded, and so does a slash; dot segments are resolved after that.
Of a query's names and values a plus is a blank.
"""

from __future__ import annotations

import re

from multidict import CIMultiDict

ENCODED = re.compile(r"(?:%[0-9a-f]{2})+", re.IGNORECASE)


def path_of(raw: str) -> str:
    """The decoded path; ValueError when it has a NUL."""
    path = ENCODED.sub(lambda match: _decoded(match[0], kept=b"/"), raw)
    if "\0" in path:
        raise ValueError("the path has a NUL")
    return _without_dots(path)


def query_of(raw: str) -> CIMultiDict[str]:
    """Names (in any case) and values; a name alone has an empty value."""
    pairs = (part.partition("=") for part in raw.split("&") if part)
    return CIMultiDict((_text(name), _text(value)) for name, _, value in pairs)


def _text(encoded: str) -> str:
    return ENCODED.sub(lambda match: _decoded(match[0]), encoded.replace("+", " "))


def _decoded(run: str, kept: bytes = b"") -> str:
    """A run of percent-encoded bytes; what is `kept` or no UTF-8 comes back as it is written in `run`."""
    data = bytes.fromhex(run.replace("%", ""))
    text, at = "", 0
    while at < len(data):
        length = _character(data[at : at + 4])
        if length == 0 or data[at] in kept:
            text, at = text + run[3 * at : 3 * at + 3], at + 1
        else:
            text, at = text + data[at : at + length].decode(), at + length
    return text


def _character(data: bytes) -> int:
    """Return how many bytes the first character of `data` has; 0 if it is no UTF-8."""
    for length in range(1, len(data) + 1):
        try:
            data[:length].decode()
        except UnicodeDecodeError:
            continue
        return length
    return 0


def _without_dots(path: str) -> str:
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for number, segment in enumerate(segments, 1):
        if segment == "..":
            del kept[-1:]
        if segment not in (".", ".."):
            kept.append(segment)
        elif number == len(segments):
            kept.append("")
    return "/" + "/".join(kept)
