"""Long-running operations, by the address that Azure gave, which is signed and so used to the letter.

docs/platform-notes.md#addresses-of-operations-are-signed

It lies in the records, so it is followed only if it is one: of Resource Manager's own host, with an operation's path.
"""

import logging
import re
from urllib.parse import urlsplit

from arm.client import ArmClient
from arm.errors import ArmAnswerError
from arm.requests import read_url, same_host
from domain.ids import ComputeId
from domain.values import Json

_PATH = (
    r"(?i)/subscriptions/([0-9a-f-]{36})/providers/microsoft\.compute/locations/[a-z0-9]+"
    r"/(?:caps|disk)?operations/[0-9a-z-]+"
)

log = logging.getLogger("gallery_migrator")


def is_operation(endpoint: str, owner: ComputeId, url: str) -> bool:
    """Return True if an address is that of an operation in the owner's subscription, at the endpoint."""
    match = re.fullmatch(_PATH, urlsplit(url).path) if same_host(url, endpoint) else None
    return match is not None and match[1].lower() == owner.subscription


def operation_error(arm: ArmClient, owner: ComputeId, url: str) -> Json | None:
    """The error of a long-running operation that has failed; None if it has not, or cannot be read any more."""
    if not is_operation(arm.endpoint, owner, url):
        log.warning("%s: the address of its operation is none, and is not followed", owner)
        return None
    try:
        result = read_url(arm.compute(owner.subscription), url)
    except ArmAnswerError as error:
        # The same token has just read the resource: a 401 is about the address, which is signed for a time.
        if error.value.transient and error.value.status != 401:
            raise
        return None
    inner = result.get("error") if isinstance(result, dict) else None
    return inner if isinstance(inner, dict) else None
