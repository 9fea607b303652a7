"""Errors of calls to Azure Resource Manager: its own code and text, whether and when trying again makes sense.

The SDK's exceptions end here, so that nobody else needs azure-core, which a cold start would wait for.
"""

import logging
from typing import TYPE_CHECKING, Any

import clock
from domain.errors import MigratorError, UnexpectedResponseError
from domain.results import ActivityError
from domain.retry_after import retry_after

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError

# 401: a token that Azure does not take now; the next one may be. A missing role is a 403.
_TRANSIENT_STATUSES = frozenset({401, 408, 429, 500, 502, 503, 504})
# Codes of answers that look final by their status: docs/platform-notes.md#codes-that-pass-by-themselves
_TRANSIENT_CODES = frozenset(
    {"toomanyrequests", "ratelimitexceeded", "retryableerror", "subscriptionrequeststhrottled"}
)
_LONGEST_MESSAGE = 2000
FORBIDDEN = 403

log = logging.getLogger(__name__)


class ArmError(MigratorError):
    """Azure could not be asked, or refused; `value` is what an activity answers then."""

    def __init__(self, value: ActivityError) -> None:
        self.value = value
        super().__init__(value)


class ArmAnswerError(ArmError):
    """An answer with an error status. `by_arm`: with a code of Resource Manager's own, so not of a proxy or gateway;
    `missing`: a 404."""

    def __init__(self, value: ActivityError, *, by_arm: bool) -> None:
        self.by_arm = by_arm
        self.missing = value.status == 404
        super().__init__(value)


class NotSentError(ArmError):
    """A write that never left this app."""


def error_of(raised: MigratorError) -> ActivityError:
    """The value for what asking Azure raised."""
    if isinstance(raised, ArmError):
        return raised.value
    return ActivityError(code="UnexpectedAnswer", message=_cut(str(raised)), transient=True)


def roles_may_come(error: ArmAnswerError) -> ActivityError:
    """The value for what a watch was answered: a 403 may pass, since roles take minutes to spread, and what watches has
    time (`domain/migration/retrying.py` says how much)."""
    if error.value.status != FORBIDDEN:
        return error.value
    return error.value.model_copy(update={"transient": True})


def arm_error(raised: Exception) -> ArmError | UnexpectedResponseError:
    """The error for what the SDK raised: AzureError, or what it stumbled over in a success. It reads the body before we
    can, and a gateway's page is no resource."""
    from azure.core.exceptions import (
        AzureError,
        ClientAuthenticationError,
        HttpResponseError,
        ServiceRequestError,
        ServiceResponseError,
    )

    from arm.policies import LateError

    if isinstance(raised, UnexpectedResponseError):
        return raised
    if not isinstance(raised, AzureError):
        return UnexpectedResponseError(f"the SDK could not read the answer: {raised}")
    if isinstance(raised, HttpResponseError) and raised.response is not None:
        own = raised.error is not None and bool(raised.error.code)
        return ArmAnswerError(_answered(raised), by_arm=own)
    code = type(raised).__name__
    if isinstance(raised, LateError):
        return NotSentError(ActivityError(code="NotSent", message=str(raised), transient=True))
    if isinstance(raised, ServiceRequestError | ServiceResponseError):
        code = "ConnectionFailed"
    elif isinstance(raised, ClientAuthenticationError):
        code = "NoToken"
    return ArmError(ActivityError(code=code, message=_cut(str(raised)), transient=True))


def _answered(raised: "HttpResponseError") -> ActivityError:
    # The SDK types it narrower than what it is.
    response: Any = raised.response
    headers = response.headers
    wait, status = headers.get("Retry-After"), raised.status_code
    code, message = _code_and_message(raised)
    return ActivityError(
        code=code,
        message=_cut(message),
        status=status,
        # A success that could not be read (cut off, malformed) says nothing about what happened: look again.
        transient=status in _TRANSIENT_STATUSES
        or code.lower() in _TRANSIENT_CODES
        or (status or 500) < 400,
        retry_after=retry_after(wait, clock.now()) if wait else None,
        correlation_id=headers.get("x-ms-correlation-request-id"),
    )


def _code_and_message(raised: "HttpResponseError") -> tuple[str, str]:
    body = _json_of(raised)
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict) and error.get("code"):
        return str(error["code"]), str(error.get("message") or error["code"])
    return f"Http{raised.status_code}", raised.message


def _json_of(raised: "HttpResponseError") -> Any:
    response: Any = raised.response
    try:
        return response.json()
    except Exception:
        log.debug("an error answer without a JSON body", exc_info=True)
        return None


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "…"


EXPECTED = (ArmError, UnexpectedResponseError)
"""What a call to Azure may raise without being a bug."""
