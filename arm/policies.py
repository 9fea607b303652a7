"""The policies that this app adds to the SDK's pipeline. Imported with the first client only."""

from typing import Any

from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy

from arm.hosts import same_host

_GET_TRIES = 3


class ForeignHostError(AzureError):
    """A request for another host than Resource Manager's."""


class OwnHostOnly(HTTPPolicy[Any, Any]):
    """Sends nothing to any host but the configured one: behind this policy the token is added, and whoever gets it may
    do what the app may. Addresses of operations and of further pages come from answers and from the records."""

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._endpoint = endpoint

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """The response; raises ForeignHostError."""
        if not same_host(request.http_request.url, self._endpoint):
            raise ForeignHostError("a request for another host than ARM_ENDPOINT was not sent")
        return self.next.send(request)


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
