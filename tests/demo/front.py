"""Plays the raw requests that were recorded on the real Functions host, and compares the answers."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SHARED = Path(__file__).resolve().parents[3] / "shared"
RECORDED = SHARED / "functions" / "host_http.json"
# Characters of a body that are recorded.
CUT = 600
NOT_RECORDED = ("date", "server")
# What is another one each time: generated ids, and the text of .NET stack traces (up to the end).
CHANGING = re.compile(r'\b[0-9a-f]{32}\b|(?<="StackTrace":").*', re.DOTALL)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """Headers as `Name: value`, sorted."""

    status: int
    headers: tuple[str, ...]
    body: str


def rows() -> list[Row]:
    """The recorded requests and answers; none where the recordings are not."""
    recorded: list[Row] = json.loads(RECORDED.read_text()) if RECORDED.exists() else []
    return recorded


def play(url: str, row: Row, keys: Mapping[str, str]) -> Answer:
    """The answer to a row's bytes; `keys` are by the marks that stand for them, in both directions."""
    request = row["request"]
    for mark, key in keys.items():
        request = request.replace(mark, key)
    raw = _exchanged(url, request.encode("latin-1"))
    head, _, body = raw.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 1"):
        head, _, body = body.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    kept = (line for line in lines if line.partition(":")[0].lower() not in NOT_RECORDED)
    text = (_joined(body) if b"Transfer-Encoding: chunked" in head else body).decode()
    headers = tuple(sorted(_marked(line, keys) for line in kept))
    return Answer(int(first.split()[1]), headers, _marked(text, keys)[:CUT])


def differences(row: Row, actual: Answer) -> list[str]:
    """Return the differences from the recording; a body without a recorded length is the app's own and not compared."""
    recorded = Answer(row["status"], tuple(row["headers"]), row["body"])
    ours, theirs = _comparable(actual), _comparable(recorded)
    made_by_the_host = any(line.startswith("Content-Length") for line in recorded.headers)
    names = ("status", "headers", "body") if made_by_the_host else ("status", "headers")
    return [
        f"{name}: recorded {getattr(theirs, name)!r}, here {getattr(ours, name)!r}"
        for name in names
        if getattr(ours, name) != getattr(theirs, name)
    ]


def _exchanged(url: str, request: bytes) -> bytes:
    """All that comes back until the server closes, or has nothing more to say after a whole answer."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 80), 20) as link:
        link.sendall(request)
        raw = b""
        while not _whole(raw, request):
            received = link.recv(1 << 16)
            if not received:
                break
            raw += received
    return raw


def _whole(raw: bytes, request: bytes) -> bool:
    head, end, body = raw.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 1"):
        return _whole(body, request)
    length = re.search(rb"^Content-Length: (\d+)", head, re.MULTILINE)
    if b"Transfer-Encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    if request.startswith(b"HEAD"):
        return bool(end)
    return bool(end) and length is not None and len(body) >= int(length[1])


def _joined(chunked: bytes) -> bytes:
    body, rest = b"", chunked
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        body, rest = body + rest[:length], rest[length + 2 :] if length else b""
    return body


def _marked(text: str, keys: Mapping[str, str]) -> str:
    for mark, key in keys.items():
        text = text.replace(key, mark)
    return text


def _comparable(answer: Answer) -> Answer:
    """Without what changes; a length is compared if nothing in the body has changed it, keys neither."""
    body = CHANGING.sub("<changing>", answer.body)
    changed = body != answer.body or "code=<" in body
    headers = [CHANGING.sub("<changing>", line) for line in answer.headers]
    lengths = [
        re.sub(r"(?<=Content-Length: )\d+", "<n>", line) if changed else line for line in headers
    ]
    return Answer(answer.status, tuple(lengths), body[:500])
