"""The policies about time: no write leaves late, and Azure's clock is looked at. Imported with the first client."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy, SansIOHTTPPolicy

import clock
from domain.clock_skew import skew_of

_NOT_AFTER = "not_after"


class LateError(AzureError):
    """A write that was not sent, since its time was over."""


class InTime(HTTPPolicy[Any, Any]):
    """Sends nothing after the time that a call was given (`not_after`). It stands right before the transport, so that
    waiting for a token, or a machine that slept, counts."""

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """The response; raises LateError."""
        # The transport knows no such option, and a challenge sends the request a second time.
        given = request.context.options.pop(_NOT_AFTER, None)
        not_after = request.context.setdefault(_NOT_AFTER, given)
        if not_after is not None and clock.now() > not_after:
            raise LateError(f"it had to be sent by {not_after.isoformat()}, and was not sent")
        return self.next.send(request)


class AzureTime(SansIOHTTPPolicy[Any, Any]):
    """Tells how far Azure's clock is ahead of this worker's, by each answer; None for one that told no time."""

    def __init__(self, tell: Callable[[timedelta | None], None]) -> None:
        self._tell = tell

    def on_response(self, request: Any, response: Any) -> None:  # noqa: ARG002 - the SDK's own
        """Look at the answer's Date."""
        self._tell(skew_of(response.http_response.headers.get("Date"), clock.now()))
