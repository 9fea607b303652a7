"""What the SDK raises, as values: Azure's own code and text, whether trying again makes sense, and from when."""

import logging
from typing import Any

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

import clock
from domain.facts import NoFact
from domain.results import ActivityError
from domain.retry_after import retry_after

# 401: a token that Azure does not take now; the next one may be. A missing role is a 403.
_TRANSIENT_STATUSES = frozenset({401, 408, 429, 500, 502, 503, 504})
# Codes of answers that look final by their status but pass by themselves (mission.md section 4).
_TRANSIENT_CODES = frozenset(
    {"toomanyrequests", "ratelimitexceeded", "retryableerror", "subscriptionrequeststhrottled"}
)
_LONGEST_MESSAGE = 2000

log = logging.getLogger(__name__)


def error_of(raised: Exception) -> ActivityError:
    """The value for an exception of the SDK, or for an answer that was no fact."""
    if isinstance(raised, HttpResponseError) and raised.response is not None:
        return _answered(raised)
    if isinstance(raised, ServiceRequestError | ServiceResponseError):
        return ActivityError(code="ConnectionFailed", message=_cut(str(raised)), transient=True)
    if isinstance(raised, ClientAuthenticationError):
        return ActivityError(code="NoToken", message=_cut(str(raised)), transient=True)
    kind = "UnexpectedAnswer" if isinstance(raised, NoFact) else type(raised).__name__
    return ActivityError(code=kind, message=_cut(str(raised)), transient=True)


def _answered(raised: HttpResponseError) -> ActivityError:
    response: Any = raised.response  # the SDK types it narrower than what it is
    headers = response.headers
    status = raised.status_code
    code, message = _code_and_message(raised)
    return ActivityError(
        code=code,
        message=_cut(message),
        status=status,
        # A success that could not be read (cut off, malformed) says nothing about what happened: look again.
        transient=status in _TRANSIENT_STATUSES
        or code.lower() in _TRANSIENT_CODES
        or (status or 500) < 400,
        retry_after=retry_after(headers.get("Retry-After"), clock.now()),
        correlation_id=headers.get("x-ms-correlation-request-id"),
    )


def _code_and_message(raised: HttpResponseError) -> tuple[str, str]:
    body = _json_of(raised)
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict) and error.get("code"):
        return str(error["code"]), str(error.get("message") or error["code"])
    return f"Http{raised.status_code}", raised.message


def _json_of(raised: HttpResponseError) -> Any:
    response: Any = raised.response
    try:
        return response.json()
    except Exception:
        log.debug("an error answer without a JSON body", exc_info=True)
        return None


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "…"


EXPECTED = (AzureError, NoFact)
"""What a call to Azure may raise without being a bug."""
