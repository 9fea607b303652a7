"""The one way to Azure Resource Manager: a compute client that never waits and never repeats a write.

What the SDK does by itself is taken out: its retry policy sleeps (and honours Retry-After by sleeping), and its
resource provider registration writes and polls. A status code is an answer, which the orchestrator waits on with a
durable timer. Only a connection that fails under a GET is tried again, at once.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy

from activities.configuration import credential, settings

if TYPE_CHECKING:
    from azure.mgmt.compute import ComputeManagementClient

CONNECT_SECONDS, READ_SECONDS = 5, 30
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


@cache
def compute(subscription: str) -> "ComputeManagementClient":
    """The compute client of a subscription."""
    from azure.core.pipeline import policies
    from azure.mgmt.compute import ComputeManagementClient
    from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

    chosen = settings()
    return ComputeManagementClient(
        credential(),
        subscription,
        base_url=chosen.arm_endpoint,
        credential_scopes=[chosen.token_scope],
        policies=[
            policies.RequestIdPolicy(),
            policies.HeadersPolicy(),
            policies.UserAgentPolicy(base_user_agent="gallery-migrator"),
            policies.ProxyPolicy(),
            policies.ContentDecodePolicy(),
            policies.CustomHookPolicy(),
            RepeatBrokenGets(),
            ARMChallengeAuthenticationPolicy(credential(), chosen.token_scope),
            policies.DistributedTracingPolicy(),
        ],
        connection_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
    )
