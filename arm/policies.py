"""The policy that keeps a write from leaving late. Imported with the first client only."""

from typing import Any

from azure.core.exceptions import AzureError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy

import clock

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
