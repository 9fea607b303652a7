"""Asynchronous operations: begun with a write, read through the URLs its answer carries."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from uuid import UUID

from localcloud.arm.protocol.call import Call, Reply
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.guids import guid
from localcloud.arm.protocol.regions import url_form
from localcloud.arm.protocol.signing import Signer
from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.state.model import Failure, Json, Operation
from localcloud.arm.state.states import envelope, properties
from localcloud.arm.state.world import World


def begin(
    call: Call,
    *,
    name: str | None = None,
    resource: str,
    family: str,
    location: str,
    end: datetime,
    failure: Failure | None = None,
    retry_after: int | None = None,
    output: bool = False,
    answer: Json | None = None,
) -> Operation:
    """The operation for an accepted write; saved together with the resource it changes.

    name: the id that the resource has for it already.
    """
    return Operation(
        id=name or guid(),
        resource=resource,
        family=family,
        location=location,
        start=call.now,
        end=end,
        failure=failure,
        retry_after=retry_after,
        output=output,
        answer=answer,
    )


def headers(
    world: World, call: Call, operation: Operation, signer: Signer, *, updates: bool = False
) -> Json:
    """`Azure-AsyncOperation`, for deletions and disks also `Location`, and `Retry-After`."""
    family, subscription = operation.family, call.target.subscription
    place, partition = _place(call.base, subscription, operation.location, family)

    def url(options: str) -> str:
        plain = f"{place}{operation.id}?{partition}{options}api-version={call.api}"
        return signer.sign(plain, call.now) if world.profile.signed_urls else plain

    headers: Json = {"Azure-AsyncOperation": url("")}
    if _has_location(call, operation) or (updates and is_first(call, family)):
        headers["Location"] = url("monitor=true&")
    if operation.retry_after is not None:
        headers["Retry-After"] = str(operation.retry_after)
    if family == "operations":
        headers["azure-asyncnotification"] = "Enabled"
    return headers


def _has_location(call: Call, operation: Operation) -> bool:
    return call.method in ("DELETE", "POST") or operation.family == "DiskOperations"


def is_first(call: Call, family: str) -> bool:
    """Return True if this is the galleries' first api-version, whose updates answer 202 with Location."""
    return call.api == "2018-06-01" and family == "capsOperations"


@lru_cache(maxsize=64)
def _place(base: str, subscription: str, location: str, family: str) -> tuple[str, str]:
    """An operation's URL up to its id, and the `p=` of compute: a guid for each subscription."""
    place = (
        f"{base}/subscriptions/{subscription}/providers/Microsoft.Compute/locations/"
        f"{url_form(location)}/{family}/"
    )
    if family == "capsOperations":
        return place, ""
    return place, f"p={UUID(bytes=(subscription.encode() * 16)[:16], version=4)}&"


def read(world: World, call: Call) -> Reply:
    """GET of an operation URL: always 200, Retry-After only while it runs.

    With `monitor=true` (the Location form) 202 while it runs, then 200 and the operation's output:
    the disk that was made, the SharingUpdate, nothing for images and galleries.
    """
    operation = world.operations.get(call.target.name.lower())
    if operation is None:
        raise refusal("operation missing")
    running = call.now < operation.end
    waiting = {"Retry-After": str(operation.retry_after)} if operation.retry_after else {}
    if call.query.get("monitor", "").lower() == "true":
        if not running:
            report = _report(world, operation, call.now).get("properties") or {}
            return Reply(200, operation.answer or report.get("output"))
        return Reply(202, None, waiting | {"Location": call.base + call.raw})
    return Reply(200, _report(world, operation, call.now), waiting if running else {})


def _report(world: World, operation: Operation, now: datetime) -> Json:
    report: Json = {"startTime": arm_time(operation.start)}
    if now < operation.end:
        return report | {"status": "InProgress", "name": operation.id}
    report["endTime"] = arm_time(operation.end)
    report["status"] = "Failed" if operation.failure else "Succeeded"
    if operation.failure:
        report["error"] = operation.failure.as_json()
    elif operation.output and (resource := world.find(operation.resource)):
        report["properties"] = {"output": envelope(resource, properties(resource, now))}
    return report | {"name": operation.id}
