"""The one policy that this app adds to the SDK's pipeline. Imported with the first client only."""

from typing import Any

from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy

_GET_TRIES = 3


class RepeatBrokenGets(HTTPPolicy[Any, Any]):
    """Sends a GET again when the connection broke; anything else once."""

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """The response; raises the last connection error."""
        tries = _GET_TRIES if request.http_request.method == "GET" else 1
        for left in range(tries - 1, -1, -1):
            try:
                return self.next.send(request)
            except (ServiceRequestError, ServiceResponseError):
                if not left:
                    raise
        raise AssertionError("unreachable")
