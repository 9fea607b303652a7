"""The answers of Table storage in the records' words.

Codes: https://learn.microsoft.com/rest/api/storageservices/table-service-error-codes
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from domain.retry_after import retry_after
from records.store import (
    RecordChangedError,
    RecordError,
    RecordExistsError,
    RecordsUnavailableError,
    RecordTooLargeError,
)

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError

_TOO_LARGE = frozenset({"EntityTooLarge", "PropertyValueTooLarge", "RequestBodyTooLarge"})
_OUTAGES = frozenset({404, 408, 409, 429})
"""404: no table even after it was made; 409 without a code of its own: the table is just going."""


def record_error(error: "AzureError") -> RecordError:
    """The error to raise for this one; without an answer of the service it is an outage."""
    status = getattr(error, "status_code", None)
    code = _code(error)
    first_line = error.message.partition("\n")[0]
    text = f"{code or type(error).__name__} ({status}): {first_line}"
    if code in _TOO_LARGE or status == 413:
        return RecordTooLargeError(text)
    if code == "EntityAlreadyExists":
        return RecordExistsError(text)
    if status == 412:
        return RecordChangedError(text)
    if status is None or status >= 500 or status < 400 or status in _OUTAGES:
        return RecordsUnavailableError(text, _retry_after(error))
    if status in (401, 403):
        return RecordError(f"role Storage Table Data Contributor missing? {text}")
    return RecordError(text)


def _code(error: "AzureError") -> str | None:
    """The service's own code; `create_entity` alone leaves it in the body undecoded."""
    code = getattr(error, "error_code", None)
    if code is None:
        body = _body(error)
        code = body.get("odata.error", {}).get("code") if isinstance(body, dict) else None
    return None if code is None else str(getattr(code, "value", code))


def _body(error: "AzureError") -> Any:
    response = getattr(error, "response", None)
    try:
        return None if response is None else response.json()
    except ValueError:
        return None


def _retry_after(error: "AzureError") -> float | None:
    """`Retry-After` in seconds; a date counts from the answer's own `Date`."""
    response = getattr(error, "response", None)
    headers = {} if response is None else response.headers
    try:
        sent = parsedate_to_datetime(headers.get("Date") or "")
    except ValueError:
        sent = datetime.now(UTC)
    return retry_after(headers.get("Retry-After"), sent)
