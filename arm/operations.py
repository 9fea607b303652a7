"""Long-running operations, by the address that Azure gave, which is signed and so used to the letter.

docs/platform-notes.md#addresses-of-operations-are-signed
"""

from arm.client import ArmClient
from arm.errors import ArmAnswerError
from arm.requests import read_url
from domain.ids import ComputeId
from domain.values import Json


def operation_error(arm: ArmClient, owner: ComputeId, url: str) -> Json | None:
    """The error of a long-running operation that has failed; None if it has not, or cannot be read any more."""
    try:
        result = read_url(arm.compute(owner.subscription), url)
    except ArmAnswerError as error:
        # The same token has just read the resource: a 401 is about the address, which is signed for a time.
        if error.value.transient and error.value.status != 401:
            raise
        return None
    inner = result.get("error") if isinstance(result, dict) else None
    return inner if isinstance(inner, dict) else None
