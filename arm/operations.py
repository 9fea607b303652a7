"""Long-running operations, by the address that Azure gave: it is signed, so it is used to the letter (arm.md section
1)."""

from typing import Any

from azure.core.exceptions import HttpResponseError

from arm.client import ArmClient
from arm.errors import error_of
from domain.facts import NoFact
from domain.ids import ComputeId
from domain.values import Json


def operation_error(arm: ArmClient, owner: ComputeId, url: str) -> Json | None:
    """The error of a long-running operation that has failed; None if it has not, or cannot be read any more."""
    response = arm.get(owner.subscription, url)
    try:
        response.raise_for_status()
        result: Any = response.json()
    except HttpResponseError as error:
        # The same token has just read the resource: a 401 is about the address, which is signed for a time.
        if error_of(error).transient and error.status_code != 401:
            raise
        return None
    except ValueError as error:
        raise NoFact(f"an operation that is not JSON: {error}") from error
    found = result.get("error") if isinstance(result, dict) else None
    return found if isinstance(found, dict) else None
