"""The one way to Azure Resource Manager: a compute client that never waits and never repeats a write.

What the SDK does by itself is taken out: its retry policy sleeps (and honours Retry-After by sleeping), and its
resource provider registration writes and polls. A status code is an answer, which the orchestrator waits on with a
durable timer (`arm/requests.py`).
"""

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from arm.requests import own_host_only

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.compute import ComputeManagementClient

CONNECT_SECONDS, READ_SECONDS = 5, 30
# A client costs 384 KB, and callers may name any subscription.
MOST_CLIENTS = 32


class ArmClient:
    """Azure Resource Manager as one identity sees it; a client of the SDK for each subscription, a bounded number of
    them."""

    def __init__(
        self, endpoint: str, token_scope: str, credential: "Callable[[], TokenCredential]"
    ) -> None:
        self.endpoint = endpoint
        self._token_scope, self._credential = token_scope, credential
        self.compute = lru_cache(MOST_CLIENTS)(self._client)
        self.skew: timedelta | None = None
        """The time by which Azure's clock was ahead of this worker's at the last answer."""

    def _see_time(self, skew: timedelta | None) -> None:
        self.skew = skew

    def _client(self, subscription: str) -> "ComputeManagementClient":
        from azure.core.pipeline import policies
        from azure.mgmt.compute import ComputeManagementClient
        from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

        from arm.policies import AzureTime, InTime

        credential = self._credential()
        return ComputeManagementClient(
            credential,
            subscription,
            base_url=self.endpoint,
            credential_scopes=[self._token_scope],
            policies=[
                policies.RequestIdPolicy(),
                policies.HeadersPolicy(),
                policies.UserAgentPolicy(base_user_agent="gallery-migrator"),
                policies.ProxyPolicy(),
                policies.ContentDecodePolicy(),
                policies.CustomHookPolicy(),
                # The last before the token.
                own_host_only(self.endpoint),
                ARMChallengeAuthenticationPolicy(credential, self._token_scope),
                policies.DistributedTracingPolicy(),
                InTime(),
                AzureTime(self._see_time),
            ],
            connection_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
        )
