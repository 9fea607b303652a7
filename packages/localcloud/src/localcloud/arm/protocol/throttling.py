"""Azure's request limits: buckets by operation, counted in headers, answered 429 when empty.

Galleries count requests in windows of 3 and 30 minutes, managed images (since 2024) in buckets
filled anew each minute. Sizes are the highest values recorded in 2023 to 2025.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import ArmError
from localcloud.arm.protocol.timestamps import arm_time, http_date
from localcloud.arm.state.model import Failure
from localcloud.arm.state.profile import Profile


@dataclass(frozen=True, slots=True)
class Bucket:
    """A limit: so many requests in a window of so many seconds; `own`: one for each resource."""

    name: str
    size: int
    seconds: int
    own: bool = False


def _windows(name: str, three: int, thirty: int) -> tuple[Bucket, ...]:
    return Bucket(f"{name}3Min", three, 180), Bucket(f"{name}30Min", thirty, 1800)


def _minute(name: str, size: int, *, own: bool = False) -> Bucket:
    return Bucket(name, size, 60, own)


_GALLERY, _DEFINITION, _VERSION, _IMAGE = (
    "microsoft.compute/galleries",
    "microsoft.compute/galleries/images",
    "microsoft.compute/galleries/images/versions",
    "microsoft.compute/images",
)
_CAPS = "microsoft.compute/locations/capsoperations"
_OPERATIONS = "microsoft.compute/locations/operations"

# (kind, what is done) -> buckets. "list" is a collection, "list all" the whole subscription's.
POLICIES: dict[tuple[str, str], tuple[Bucket, ...]] = {
    (_GALLERY, "write"): _windows("CreateUpdateGallery", 50, 300),
    (_GALLERY, "read"): _windows("GetGallery", 350, 2500),
    (_GALLERY, "delete"): _windows("DeleteGallery", 50, 300),
    (_GALLERY, "list"): _windows("ListGalleryInResourceGroup", 100, 1000),
    (_GALLERY, "list all"): _windows("ListGalleryInSubscription", 100, 1000),
    (_DEFINITION, "write"): _windows("CreateUpdateGalleryImage", 150, 750),
    (_DEFINITION, "read"): _windows("GetGalleryImage", 600, 3000),
    (_DEFINITION, "delete"): _windows("DeleteGalleryImage", 50, 300),
    (_DEFINITION, "list"): _windows("ListGalleryImagesInGallery", 1500, 10_000),
    (_VERSION, "write"): _windows("CreateUpdateGalleryImageVersion", 375, 1200),
    (_VERSION, "read"): _windows("GetGalleryImageVersion", 2000, 10_000),
    (_VERSION, "delete"): _windows("DeleteGalleryImageVersion", 150, 1000),
    (_VERSION, "list"): _windows("ListGalleryImageVersionsInGalleryImage", 1500, 10_000),
    (_CAPS, "read"): _windows("GetOperationStatus", 5000, 15_000),
    (_IMAGE, "write"): (_minute("CreateImagesSubscriptionMaximum", 60),),
    (_IMAGE, "read"): (_minute("GetImagesSubscriptionMaximum", 360),),
    (_IMAGE, "delete"): (_minute("DeleteImagesSubscriptionMaximum", 120),),
    (_IMAGE, "list"): (_minute("HighCostGetImagesSubscriptionMaximum", 90),),
    (_IMAGE, "list all"): (_minute("HighCostGetImagesSubscriptionMaximum", 90),),
    (_OPERATIONS, "read"): (
        _minute("GetOperationResource", 60, own=True),
        _minute("GetOperationSubscriptionMaximum", 15_000),
    ),
}
_ACTIONS = {"PUT": "write", "PATCH": "write", "DELETE": "delete"}


def action(call: Call) -> str:
    """Return the action as which a call is counted."""
    if call.method != "GET":
        return _ACTIONS.get(call.method, "action")
    if call.target.is_collection:
        return "list" if call.target.group else "list all"
    return "read"


class Throttle:
    """Counts requests per subscription in virtual time. Not kept over a restart."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._used: dict[tuple[str, str], tuple[int, int]] = {}

    def clear(self) -> None:
        """Fill all buckets."""
        self._used.clear()

    def take(self, call: Call) -> dict[str, str]:
        """Count the call; return the headers with what is left. Raises 429 when a bucket is empty and throttling on."""
        buckets = POLICIES.get((call.target.kind, action(call)))
        if not buckets:
            return {}
        counts = []
        for bucket in buckets:
            left, used = self._count(bucket, call)
            if left < 0 and self.profile.throttling:
                raise self._empty(bucket, used, call.now)
            counts.append(f"Microsoft.Compute/{bucket.name};{max(left, 0)}")
        return {"x-ms-ratelimit-remaining-resource": ",".join(counts)}

    def _count(self, bucket: Bucket, call: Call) -> tuple[int, int]:
        scope = call.target.key if bucket.own else call.target.subscription
        window = int(call.now.timestamp()) // bucket.seconds
        last, used = self._used.get((bucket.name, scope), (window, 0))
        used = used + 1 if last == window else 1
        self._used[bucket.name, scope] = (window, used)
        return max(int(bucket.size * self.profile.bucket_scale), 1) - used, used

    def _empty(self, bucket: Bucket, used: int, now: datetime) -> ArmError:
        start = int(now.timestamp()) // bucket.seconds * bucket.seconds
        begin = datetime.fromtimestamp(start, UTC)
        end = begin + timedelta(seconds=bucket.seconds)
        allowed = max(int(bucket.size * self.profile.bucket_scale), 1)
        return too_many(bucket.name, begin, end, allowed, used, self._retry_after(now, end))

    def _retry_after(self, now: datetime, end: datetime) -> str | None:
        if self.profile.retry_after is None:
            return None
        if self.profile.retry_after == "date":
            return http_date(end)
        return str(max(int((end - now).total_seconds()), 1))


def too_many(
    group: str, start: datetime, end: datetime, allowed: int, used: int, retry_after: str | None
) -> ArmError:
    """Compute's 429: OperationNotAllowed, with the window as JSON in a string."""
    window = {
        "operationGroup": group,
        "startTime": arm_time(start),
        "endTime": arm_time(end),
        "allowedRequestCount": allowed,
        "measuredRequestCount": used,
    }
    text = json.dumps(window, separators=(",", ":"))
    return ArmError(
        429,
        Failure(
            "OperationNotAllowed",
            "The server rejected the request because too many requests have been received for "
            "this subscription.",
        ),
        details=[{"code": "TooManyRequests", "target": group, "message": text}],
        extra={"innererror": {"internalErrorCode": "TooManyRequestsReceived"}},
        headers={} if retry_after is None else {"Retry-After": retry_after},
    )
