"""The app's identities in Azure, each made once for a worker process. Tokens are asked for at first use."""

import os
from functools import cache
from typing import TYPE_CHECKING

from domain.settings import in_azure

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

# The credentials' clients would sleep between their tries; an activity answers at once, and the orchestrator waits.
_RETRIES = 0


@cache
def publisher(client_id: str) -> "TokenCredential":
    """Return the identity that reads and publishes: the managed identity in Azure and no other, the developer's login
    elsewhere."""
    from azure.identity import DefaultAzureCredential

    if in_azure(os.environ):
        return managed_identity(client_id)
    return DefaultAzureCredential(
        managed_identity_client_id=client_id or None, retry_total=_RETRIES
    )


@cache
def managed_identity(client_id: str) -> "TokenCredential":
    """Return a managed identity, wherever the app runs: nobody deletes with a login of their own."""
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=client_id or None, retry_total=_RETRIES)


def forget() -> None:
    """Make them anew at their next use."""
    publisher.cache_clear()
    managed_identity.cache_clear()
