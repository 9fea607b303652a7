"""The effects of a fault on one request and its answer: delays, broken connections, wrong statuses and bodies."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from uuid import uuid4

from aiohttp import web

from localcloud.arm.faults.rules import Rule
from localcloud.arm.protocol import graph_answers
from localcloud.arm.protocol.answering import response
from localcloud.arm.protocol.call import Reply
from localcloud.arm.protocol.denials import denied
from localcloud.arm.protocol.errors import ArmError
from localcloud.arm.protocol.throttling import too_many
from localcloud.arm.protocol.timestamps import http_date
from localcloud.arm.protocol.tokens import Identity
from localcloud.arm.state.model import Failure, Json

# Seconds: longer than any client waits.
_ENDLESS = 3600.0
_STATUS = {
    500: ("InternalServerError", "An internal error occurred."),
    502: ("BadGateway", "The gateway received a bad response from the resource provider."),
    503: ("ServerTimeout", "The request timed out. Please retry later."),
    409: ("Conflict", "The request conflicts with another operation in progress."),
}


class Misbehaviour:
    """One fault rule, applied to one request."""

    def __init__(
        self,
        held: dict[str, tuple[Json, asyncio.Event]],
        rule: Rule,
        line: Json,
        identity: Identity,
    ) -> None:
        self.rule = rule
        self.identity = identity
        self._held = held
        self._line = line

    @property
    def proceeds(self) -> bool:
        """True if the emulator answers although the fault strikes before."""
        return self.rule.what in ("hold", "slow", "truncated", "content-type", "date")

    @property
    def answers(self) -> bool:
        """True if the client gets an answer, right or wrong."""
        return self.rule.what not in ("reset", "timeout")

    async def wait(self, _request: web.BaseRequest) -> None:
        """Wait as long as a hold, slow or timeout rule says; other rules do not wait."""
        if self.rule.what == "slow":
            await asyncio.sleep(self.rule.seconds)
        elif self.rule.what == "timeout":
            await asyncio.sleep(_ENDLESS)
        elif self.rule.what == "hold":
            held_id, event = str(uuid4()), asyncio.Event()
            line = {"id": held_id, "when": self.rule.when, **self._line}
            self._held[held_id] = (line, event)
            try:
                await event.wait()
            finally:
                del self._held[held_id]


async def answer_wrongly(
    request: web.BaseRequest,
    wrong: Misbehaviour,
    right: web.Response | None,
    correlation: str,
    now: datetime,
) -> web.StreamResponse:
    """Send the wrong answer, or the part of the `right` one, that the rule asks for; answers have Azure's headers."""

    def answer(reply: Reply) -> web.Response:
        return response(request.method, reply, {}, correlation, now)

    match wrong.rule.what:
        case "status":
            return answer(_error_status(request, wrong, correlation, now))
        case "reset":
            return _reset(request)
        case "truncated" if right is not None:
            return await _truncated(request, right)
        case "malformed":
            broken = answer(Reply(200, {}))
            broken.body = b'{"name": "x", "properties": {'
            return broken
        case "error-body":
            return answer(Reply(200, _failure(wrong.rule, 500).as_json()))
        case "content-type" if right is not None:
            right.content_type = "text/html"
        case "date" if right is not None:
            right.headers["Date"] = http_date(now + timedelta(seconds=wrong.rule.seconds))
    return right if right is not None else _reset(request)


def _failure(rule: Rule, status: int) -> ArmError:
    code, message = _STATUS.get(status, ("InternalServerError", "An internal error occurred."))
    return ArmError(status, Failure(rule.code or code, rule.message or message))


def _error_status(
    request: web.BaseRequest, wrong: Misbehaviour, correlation: str, now: datetime
) -> Reply:
    rule = wrong.rule
    error = _failure(rule, rule.status)
    if rule.code is None and _is_graph(request):
        error = _graph_error(rule, correlation, now) or error
    elif rule.code is None and rule.status == 429:
        end = now + timedelta(minutes=3)
        error = too_many("CreateUpdateGalleryImageVersion3Min", now, end, 375, 376, None)
    elif rule.code is None and rule.status == 403:
        error = denied(wrong.identity, request.method, request.raw_path)
    headers = dict(error.headers)
    if rule.retry_after is not None:
        moment = now + timedelta(seconds=rule.retry_after)
        headers["Retry-After"] = (
            http_date(moment) if rule.retry_after_date else str(rule.retry_after)
        )
    return Reply(rule.status, error.as_json(), headers)


def _is_graph(request: web.BaseRequest) -> bool:
    return "/microsoft.resourcegraph/" in request.path.lower()


def _graph_error(rule: Rule, correlation: str, now: datetime) -> ArmError | None:
    """Resource Graph's own form of a refusal, where one is known."""
    if rule.status == 429:
        return graph_answers.throttled(now, correlation, None)
    return graph_answers.denied(now, correlation) if rule.status == 403 else None


def _reset(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _truncated(request: web.BaseRequest, right: web.Response) -> web.StreamResponse:
    body = right.body if isinstance(right.body, bytes) else json.dumps({}).encode()
    response = web.StreamResponse(status=right.status, headers=right.headers)
    response.content_length = len(body) or 100
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
