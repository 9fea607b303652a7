"""Resource Graph's own way of answering: its errors, and the headers that count queries down.

Its errors wrap what is wrong in `details`, behind a sentence for the support; texts and headers are
from recorded ones (issues of Azure/aztfexport, Azure/azure-powershell, a client that logged a 429).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from localcloud.arm.protocol.errors import ArmError
from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.state.model import Failure, Json

WINDOW = timedelta(seconds=5)
_INVALID = {
    "code": "InvalidQuery",
    "message": "Query is invalid. Please refer to the documentation for the Azure Resource Graph "
    "service and fix the error before retrying.",
}
_DENIED = "Access is denied to the requested resource. The user might not have enough permission."
_THROTTLED = (
    "Client application has been throttled and should not attempt to repeat the request until an "
    "amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help."
)


def _error(
    status: int,
    code: str,
    details: Sequence[Json],
    now: datetime,
    correlation: str,
    headers: Mapping[str, str] | None = None,
) -> ArmError:
    timestamp = arm_time(now).replace("+00:00", "Z")
    message = (
        "Please provide below info when asking for support: "
        f"timestamp = {timestamp}, correlationId = {correlation}."
    )
    return ArmError(status, Failure(code, message), details=details, headers=headers)


def invalid(detail: Json, now: datetime, correlation: str) -> ArmError:
    """400 for a query that is not taken; the detail says where reading ended."""
    return _error(400, "BadRequest", [_INVALID, detail], now, correlation)


def refused(name: str, reason: str, now: datetime, correlation: str) -> ArmError:
    """400 for another part of the request. `?` the detail is made up: no real one is known."""
    detail = {"code": "InvalidParameter", "message": f"{name}: {reason}"}
    return _error(400, "BadRequest", [detail], now, correlation)


def denied(now: datetime, correlation: str) -> ArmError:
    """403: none of the subscriptions may be read."""
    detail = {"code": "AccessDenied", "message": _DENIED}
    return _error(403, "AccessDenied", [detail], now, correlation)


def throttled(now: datetime, correlation: str, retry_after: str | None = "2") -> ArmError:
    """429: the quota of the window is used up."""
    headers = quota(0) | ({} if retry_after is None else {"Retry-After": retry_after})
    detail = {"code": "RateLimiting", "message": _THROTTLED}
    return _error(429, "RateLimiting", [detail], now, correlation, headers)


def quota(left: int) -> dict[str, str]:
    """The headers that every answer carries."""
    return {
        "x-ms-user-quota-remaining": str(left),
        "x-ms-user-quota-resets-after": f"00:00:{WINDOW.seconds:02}",
        "x-ms-resource-graph-request-duration": "0:00:00:00.0138132",
    }


class Quota:
    """Counts each identity's queries in windows of virtual time. Not kept over a restart."""

    def __init__(self) -> None:
        self._used: dict[str, tuple[int, int]] = {}

    def clear(self) -> None:
        """Full quotas again."""
        self._used.clear()

    def take(self, client: str, now: datetime, size: int) -> int:
        """Count a query and return how many more the window has; below 0 it was one too many."""
        window = int(now.timestamp() // WINDOW.total_seconds())
        last, used = self._used.get(client, (window, 0))
        used = used + 1 if last == window else 1
        self._used[client] = (window, used)
        return size - used
