"""The head of a request as Kestrel reads it, the web server of the Functions host: what it takes, and with which
status it refuses the rest (docs/platform-notes.md#request-heads).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiohttp.http import HttpVersion, HttpVersion10, HttpVersion11, RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from localcloud.dotnet.addresses import path_of

LINE_LIMIT, HEADERS_LIMIT, HEADERS_COUNT = 8 * 1024, 32 * 1024, 100
VERSIONS = {b"HTTP/1.1": HttpVersion11, b"HTTP/1.0": HttpVersion10}
TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
TARGET = re.compile(rb"[\x21-\x7e]+")
HOST = re.compile(r"(?:\[[0-9a-f:.]+\]|[\w!$&'()*+,\-.~%]*)(?::\d*)?", re.IGNORECASE | re.ASCII)
ABSOLUTE = re.compile(r"https?://([^/?#]+)([^?#]*)(.*)", re.IGNORECASE)
KEY_HEADER = b"x-functions-key"


class UnreadableRequestError(Exception):
    """A request that is not valid HTTP, or too large: answered with `status`, no body, and the connection closed."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class Head:
    """A request without its body; `length` is None when the body is chunked."""

    message: RawRequestMessage
    length: int | None


def limits(block: bytes | bytearray) -> None:
    """Raises UnreadableRequestError if a head, complete or not, is too long already."""
    line, end, headers = block.partition(b"\n")
    if len(line) > LINE_LIMIT:
        raise UnreadableRequestError(414)
    if end and (len(headers) > HEADERS_LIMIT or headers.count(b"\n") > HEADERS_COUNT + 1):
        raise UnreadableRequestError(431)


def read_head(block: bytes) -> Head:
    """The head in `block`, which ends with the last header's line; raises UnreadableRequestError."""
    first, *lines = [line.removesuffix(b"\r") for line in block.split(b"\n")]
    method, target, version = _first(first)
    raw = tuple(_header(line) for line in lines if line)
    headers = CIMultiDict((name.decode(), value.decode()) for name, value in raw)
    _check_host(headers, version)
    url = _url(method, target.decode(), headers.get("Host", ""))
    length, ambiguous = _length(method, version, headers)
    close = _closes(headers, version) or ambiguous
    proxy = CIMultiDictProxy(headers)
    message = RawRequestMessage(
        method=method,
        path=str(url),
        version=version,
        headers=proxy,
        raw_headers=raw,
        should_close=close,
        compression=None,
        upgrade=False,
        chunked=length is None,
        url=url,
    )
    return Head(message, length)


def _first(line: bytes) -> tuple[str, bytes, HttpVersion]:
    parts = line.split(b" ", 2)
    if len(parts) != 3 or not TOKEN.fullmatch(parts[0]) or not TARGET.fullmatch(parts[1]):
        raise UnreadableRequestError(400)
    method, target, name = parts
    if name not in VERSIONS:
        raise UnreadableRequestError(505 if name else 400)
    return method.decode(), target, VERSIONS[name]


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    value = value.strip(b" \t")
    if not colon or not TOKEN.fullmatch(name) or b"\0" in value or b"\r" in value:
        raise UnreadableRequestError(400)
    if name.lower() == KEY_HEADER and not value.isascii():
        raise UnreadableRequestError(400)
    try:
        value.decode()
    except UnicodeDecodeError:
        raise UnreadableRequestError(400) from None
    return name, value


def _check_host(headers: CIMultiDict[str], version: HttpVersion) -> None:
    hosts = headers.getall("Host", [])
    if len(hosts) > 1 or (not hosts and version == HttpVersion11):
        raise UnreadableRequestError(400)
    if hosts and not HOST.fullmatch(hosts[0]):
        raise UnreadableRequestError(400)


def _url(method: str, target: str, host: str) -> URL:
    """Path and query; `*` and the authority of a CONNECT lead to no route."""
    if target == "*" and method != "OPTIONS":
        raise UnreadableRequestError(405)
    if target == "*" or (method == "CONNECT" and not target.startswith("/")):
        return URL.build(path="/*")
    if not target.startswith("/"):
        target = _without_authority(target, host)
    path, _, query = target.partition("?")
    try:
        path_of(path)
    except ValueError:
        raise UnreadableRequestError(400) from None
    return URL.build(path=path, query_string=query, encoded=True)


def _without_authority(target: str, host: str) -> str:
    """Of an absolute target, whose authority must be the one of Host."""
    match = ABSOLUTE.fullmatch(target)
    if match is None or host.removesuffix(":80") != match[1].removesuffix(":80"):
        raise UnreadableRequestError(400)
    return (match[2] or "/") + match[3]


def _length(
    method: str, version: HttpVersion, headers: CIMultiDict[str]
) -> tuple[int | None, bool]:
    """The body's length (None: chunked), and whether the request says both, which ends the connection."""
    lengths = headers.getall("Content-Length", [])
    if len(lengths) > 1 or not all(re.fullmatch("[0-9]{1,18}", text, re.ASCII) for text in lengths):
        raise UnreadableRequestError(400)
    codings = ",".join(headers.getall("Transfer-Encoding", []))
    if codings:
        if codings.rpartition(",")[2].strip().lower() != "chunked":
            raise UnreadableRequestError(400)
        # Content-Length does not count beside Transfer-Encoding.
        headers.popall("Content-Length", None)
        return None, bool(lengths)
    if not lengths and version == HttpVersion10 and method in ("POST", "PUT"):
        raise UnreadableRequestError(400)
    return int(lengths[0]) if lengths else 0, False


def _closes(headers: CIMultiDict[str], version: HttpVersion) -> bool:
    said = ",".join(headers.getall("Connection", [])).lower()
    wishes = {text.strip() for text in said.split(",")}
    return "keep-alive" not in wishes if version == HttpVersion10 else "close" in wishes
