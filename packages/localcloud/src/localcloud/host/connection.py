"""The HTTP/1.1 connections of the Functions host: Kestrel's reading of requests under aiohttp's answering.

aiohttp's own parsers refuse with texts of their own what Kestrel takes or refuses without a word. So a connection
gets a reader in the place of its parser (`BaseProtocol._parser`; the version of aiohttp is pinned). A request is
handed on when its body is there; a client that goes away before has not asked for anything.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from localcloud.host.heads import Head, UnreadableRequestError, limits, read_head

# The default of FUNCTIONS_REQUEST_BODY_SIZE_LIMIT.
BODY_LIMIT = 104_857_600
END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
REFUSED = web.RequestKey("refused", UnreadableRequestError)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Message = tuple[RawRequestMessage | UnreadableRequestError, StreamReader]


class Front(web.Server):
    """Makes a connection for each client; `handler` never sees a request that was refused."""

    def __init__(self, handler: Handler) -> None:
        super().__init__(
            self._handled,
            request_factory=self._requested,
            # A function runs to its end when the caller has gone.
            handler_cancellation=False,
            access_log=None,
        )
        self._handler = handler

    def __call__(self) -> web.RequestHandler:
        """A new connection."""
        connection = super().__call__()
        connection._parser = cast("Any", Reader(connection, self._loop))  # noqa: SLF001
        return connection

    def _requested(
        self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any
    ) -> web.BaseRequest:
        refused = message if isinstance(message, UnreadableRequestError) else None
        request = web.Request(
            _NOTHING if refused else message,
            payload,
            protocol,
            writer,
            task,
            self._loop,
            client_max_size=BODY_LIMIT + 1,
        )
        if refused:
            request[REFUSED] = refused
        return request

    async def _handled(self, request: web.BaseRequest) -> web.StreamResponse:
        refused = request.get(REFUSED)
        if refused is not None:
            answer: web.StreamResponse = web.Response(status=refused.status)
            answer.headers["Connection"] = "close"
            answer.force_close()
            return answer
        return await self._handler(cast("web.Request", request))


# What aiohttp makes the request of that cannot be read; HTTP/1.1 is what it is answered in.
_NOTHING = read_head(b"GET / HTTP/1.1\r\nHost: refused\r\nConnection: close").message


class Reader:
    """The bytes of one connection, taken apart; in the place of aiohttp's parser."""

    def __init__(self, connection: web.RequestHandler, loop: asyncio.AbstractEventLoop) -> None:
        self._connection, self._loop = connection, loop
        self._buffer = bytearray()
        self._head: Head | None = None
        self._body = bytearray()
        self._ended = False

    def feed_data(self, data: bytes) -> tuple[list[Message], bool, bytes]:
        """The requests that are complete now."""
        self._buffer += data
        messages: list[Message] = []
        while not self._ended:
            try:
                message = self._next()
            except UnreadableRequestError as refused:
                self._ended = True
                message = refused, EMPTY_PAYLOAD
            if message is None:
                break
            messages.append(message)
        return messages, False, b""

    def feed_eof(self) -> None:
        """Ignore a request that is not complete."""

    def set_upgraded(self, val: bool) -> None:
        """Nothing is upgraded here."""

    def message_consumed(self) -> None:
        """Do nothing: what is complete was handed on already."""

    def pause_reading(self) -> None:
        """Bodies are complete when they are handed on."""

    def _next(self) -> Message | None:
        if self._head is None:
            self._head = self._next_head()
        if self._head is None or not self._whole(self._head):
            return None
        message, body = self._head.message, bytes(self._body)
        self._head, self._body = None, bytearray()
        payload = StreamReader(self._connection, BODY_LIMIT, loop=self._loop)
        payload.feed_data(body)
        payload.feed_eof()
        return message, payload

    def _next_head(self) -> Head | None:
        del self._buffer[: len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))]
        end = END_OF_HEAD.search(self._buffer)
        limits(self._buffer[: end.end()] if end else self._buffer)
        if end is None:
            return None
        block = bytes(self._buffer[: end.start()])
        del self._buffer[: end.end()]
        head = read_head(block)
        waits = head.message.headers.get("Expect", "").lower() == "100-continue"
        if waits and not self._buffer and self._connection.transport and head.length != 0:
            self._connection.transport.write(GO_ON)
        return head

    def _whole(self, head: Head) -> bool:
        """Return True if all of the body has come; it is in `_body` then."""
        if head.length is None:
            return self._chunks()
        if head.length > BODY_LIMIT:
            raise UnreadableRequestError(500)
        part = self._buffer[: head.length - len(self._body)]
        del self._buffer[: len(part)]
        self._body += part
        return len(self._body) == head.length

    def _chunks(self) -> bool:
        while (line_end := self._buffer.find(b"\n")) >= 0:
            size = self._size(bytes(self._buffer[:line_end]))
            if size == 0:
                return self._trailers(line_end + 1)
            end = line_end + 1 + size
            if len(self._buffer) < end + 2:
                break
            if self._buffer[end : end + 2] != b"\r\n":
                raise UnreadableRequestError(400)
            self._body += self._buffer[line_end + 1 : end]
            del self._buffer[: end + 2]
        return False

    def _size(self, line: bytes) -> int:
        match = re.fullmatch(rb"([0-9a-f]{1,8})(?:[ \t]*;.*)?\r", line, re.IGNORECASE)
        if match is None:
            raise UnreadableRequestError(400)
        size = int(match[1], 16)
        if len(self._body) + size > BODY_LIMIT:
            raise UnreadableRequestError(500)
        return size

    def _trailers(self, start: int) -> bool:
        """Return True if the lines after the last chunk have ended; they are not read."""
        rest = self._buffer[start:]
        end = 2 if rest.startswith(b"\r\n") else rest.find(b"\r\n\r\n") + 4
        if end < 4 and not rest.startswith(b"\r\n"):
            return False
        del self._buffer[: start + end]
        return True
