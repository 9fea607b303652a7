"""Runs an activity and turns its result into the event that the orchestration waits for.

Activities run at least once: a result that was not stored before the process died is lost, and the
activity runs again. `call_http` is an activity of the extension itself; like the real one it does
not poll when it gets a 202 from Python (docs/platform-notes.md#http-calls-of-orchestrations).
"""

from __future__ import annotations

import json
import logging
from typing import Any

import aiohttp

from localcloud.clock import Clock
from localcloud.durable.failures import activity_failure
from localcloud.durable.history import Event, compact, task_completed, task_failed
from localcloud.durable.shim import HTTP_ACTIVITY
from localcloud.durable.turn import ActivityCall, Message
from localcloud.host.worker import FunctionFailedError, Worker, WorkerDiedError

log = logging.getLogger(__name__)


class Activities:
    def __init__(self, worker: Worker, clock: Clock) -> None:
        self._worker, self._clock = worker, clock

    async def run(self, call: ActivityCall) -> Message:
        if call.name == HTTP_ACTIVITY:
            event = await self._http(call)
        else:
            event = await self._function(call)
        return Message(call.instance_id, event, self._clock.now(), call.execution_id)

    async def _function(self, call: ActivityCall) -> Event:
        function = self._worker.find("activityTrigger", call.name)
        # The app has changed since the call was decided.
        if function is None:
            return self._failed(call, f"Result: Failure\nException: no {call.name}\nStack: ")
        try:
            text = await self._worker.invoke_durable(function, call.input or "null")
        except WorkerDiedError as died:
            reason = f"Activity function '{call.name}' failed: {died}"
            return task_failed(self._clock.now(), call.task_id, reason, died.details)
        except FunctionFailedError as failure:
            log.info("activity %s of %s failed: %s", call.name, call.instance_id, failure)
            return self._failed(call, failure.text)
        return task_completed(self._clock.now(), call.task_id, normalised(text))

    def _failed(self, call: ActivityCall, text: str) -> Event:
        reason, details = activity_failure(call.name, text)
        return task_failed(self._clock.now(), call.task_id, reason, details)

    async def _http(self, call: ActivityCall) -> Event:
        request: dict[str, Any] = json.loads(call.input or "{}")
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.request(
                    request.get("method") or "GET",
                    request["uri"],
                    data=request.get("content"),
                    headers=request.get("headers"),
                    allow_redirects=False,
                ) as response,
            ):
                answer = {
                    "statusCode": response.status,
                    "headers": dict(response.headers),
                    "content": await response.text(),
                }
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return self._failed(call, f"Result: Failure\nException: {error}\nStack: ")
        return task_completed(self._clock.now(), call.task_id, compact(answer))


def normalised(text: str) -> str:
    """The JSON that the extension keeps; a text that is none becomes a JSON string."""
    try:
        return compact(json.loads(text))
    except ValueError:
        return compact(text)
