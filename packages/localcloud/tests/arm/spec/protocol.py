"""Rules that Azure was recorded to follow and no swagger has: headers, operations, identities, values.

Each rule looks at one exchange. It yields None when it had something to look at and all was well,
a sentence when it was not, and nothing when the exchange is none of its business.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from localcloud.arm.protocol.call import Exchange
from packages.localcloud.tests.arm.spec.addresses import (
    headers_of,
    is_operation,
    kind_of,
    names_operation,
    option,
    path_of,
)

Rule = Callable[[Exchange], Iterator[str | None]]

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?[+-]\d\d:\d\d")
_LEFT = re.compile(r"Microsoft\.Compute/\w+;\d+(,Microsoft\.Compute/\w+;\d+)*")
_GATEWAY = {"ResourceNotFound", "ResourceGroupNotFound", "ParentResourceNotFound"}
_WINDOW = {
    "operationGroup",
    "startTime",
    "endTime",
    "allowedRequestCount",
    "measuredRequestCount",
}
_COMMON = {
    "cache-control": "no-cache",
    "pragma": "no-cache",
    "expires": "-1",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
}
_IDENTIFIED = ("x-ms-correlation-request-id", "x-ms-routing-request-id")
_TYPES = {
    "images": "Microsoft.Compute/images",
    "galleries": "Microsoft.Compute/galleries",
    "definitions": "Microsoft.Compute/galleries/images",
    "versions": "Microsoft.Compute/galleries/images/versions",
}
_STATES = {"GET": {"Creating", "Updating", "Deleting", "Succeeded", "Failed"}}
VALUES: Mapping[str, frozenset[str]] = {
    "aggregatedState": frozenset({"Unknown", "InProgress", "Completed", "Failed"}),
    "architecture": frozenset({"x64", "Arm64"}),
    "hyperVGeneration": frozenset({"V1", "V2"}),
    "osState": frozenset({"Generalized", "Specialized"}),
    "osType": frozenset({"Windows", "Linux"}),
    "replicationMode": frozenset({"Full", "Shallow"}),
    "storageAccountType": frozenset({"Standard_LRS", "Standard_ZRS", "Premium_LRS"}),
}


def _judged(*faults: str | None) -> Iterator[str | None]:
    """The faults that there are, or one None."""
    real = [fault for fault in faults if fault]
    yield from real
    if not real:
        yield None


def common_headers(exchange: Exchange) -> Iterator[str | None]:
    """Every answer says that it must not be kept and carries its ids."""
    headers = headers_of(exchange)
    yield from _judged(
        *(
            f"{name} is {headers.get(name)!r}"
            for name, want in _COMMON.items()
            if headers.get(name) != want
        ),
        *(f"no {name}" for name in _IDENTIFIED if not headers.get(name)),
    )


def operation_headers(exchange: Exchange) -> Iterator[str | None]:
    """A write names its operation; only a deletion has a Location, the same with monitor=true."""
    if not kind_of(exchange) or exchange.method == "GET" or exchange.status not in (200, 201, 202):
        return
    headers = headers_of(exchange)
    operation, location = headers.get("azure-asyncoperation"), headers.get("location")
    if not operation or not names_operation(operation):
        yield f"Azure-AsyncOperation is {operation!r}"
        return
    wants_location = exchange.method == "DELETE"
    same = option(operation, "api-version") == option(exchange.url, "api-version")
    yield from _judged(
        None if wants_location == bool(location) else f"Location is {location!r}",
        None if same else f"the operation's api-version is not the request's: {operation}",
        _monitor_fault(operation, location) if location else None,
    )


def _monitor_fault(operation: str, location: str) -> str | None:
    same = urlsplit(operation).path == urlsplit(location).path
    return None if same and option(location, "monitor") == "true" else f"Location is {location}"


def statuses(exchange: Exchange) -> Iterator[str | None]:
    """A successful PUT is 200 or 201, PATCH 200, DELETE 202 with nothing or 204, GET 200."""
    if not kind_of(exchange) or exchange.status >= 400:
        return
    wanted = {"PUT": {200, 201}, "PATCH": {200}, "DELETE": {202, 204}, "GET": {200}}
    bare = exchange.method != "DELETE" or exchange.response_body is None
    yield from _judged(
        None if exchange.status in wanted[exchange.method] else f"status {exchange.status}",
        None if bare else "a deletion answered a body",
    )


def retry_after(exchange: Exchange) -> Iterator[str | None]:
    """Versions ask for 60 seconds, on writes and while the operation runs; nothing else asks."""
    kind, given = kind_of(exchange), headers_of(exchange).get("retry-after")
    if kind and exchange.status < 400:
        write = exchange.method != "GET" and exchange.status != 204
        wanted = "60" if kind == "versions" and write else None
        yield None if given == wanted else f"Retry-After is {given!r}, not {wanted!r}"
    elif is_operation(exchange) and isinstance(exchange.response_body, dict):
        running = exchange.response_body.get("status") == "InProgress"
        fits = given in (None, "60") if running else given is None
        yield None if fits else f"Retry-After is {given!r} with {exchange.response_body}"


def operation_bodies(exchange: Exchange) -> Iterator[str | None]:
    """An operation tells its start, status and name, then its end, and the error if it Failed.

    Only actions on machines have an output, which their Location answers as well; that of a gallery's
    sharing answers what was asked for.
    """
    if not is_operation(exchange):
        return
    action = "/capsOperations/" not in exchange.url
    body = exchange.response_body
    if option(exchange.url, "monitor"):
        sharing = isinstance(body, dict) and "operationType" in body
        fits = exchange.status in (200, 202) and (body is None or action or sharing)
        yield None if fits else f"monitor answered {exchange.status} {body}"
        return
    if exchange.status != 200 or not isinstance(body, dict):
        yield f"{exchange.status} {body}"
        return
    keys = {"startTime", "status", "name"}
    keys |= set() if body.get("status") == "InProgress" else {"endTime"}
    keys |= {"error"} if body.get("status") == "Failed" else set()
    names = set(body) - ({"properties"} if action else set())
    guid = path_of(exchange).rsplit("/", 1)[-1]
    yield from _judged(
        None if names == keys else f"keys {sorted(body)}",
        None if body.get("status") in ("InProgress", "Succeeded", "Failed") else f"{body}",
        None if body.get("name") == guid else f"name {body.get('name')}",
    )


def identities(exchange: Exchange) -> Iterator[str | None]:
    """A resource's answer has the id as asked for, its last segment as name, and its type."""
    kind, body = kind_of(exchange), exchange.response_body
    if not kind or exchange.status >= 400 or not isinstance(body, dict):
        return
    path = path_of(exchange)
    want = {"id": path, "name": path.rsplit("/", 1)[-1], "type": _TYPES[kind]}
    yield from _judged(
        *(f"{key} is {body.get(key)!r}" for key, value in want.items() if body.get(key) != value)
    )


def provisioning_states(exchange: Exchange) -> Iterator[str | None]:
    """A new resource is Creating, a changed one Updating (a gallery often Succeeded at once)."""
    kind, body = kind_of(exchange), exchange.response_body
    if not kind or exchange.status >= 400 or not isinstance(body, dict):
        return
    wanted = _STATES.get(exchange.method, {"Updating"})
    if exchange.method != "GET" and exchange.status == 201:
        wanted = {"Creating"}
    elif exchange.method != "GET" and kind == "galleries":
        wanted = {"Updating", "Succeeded"}
    state = body["properties"].get("provisioningState")
    yield None if state in wanted else f"provisioningState is {state!r}"


def replication_status(exchange: Exchange) -> Iterator[str | None]:
    """Replication is told only when asked for, by short region names, the parts as the whole."""
    body = exchange.response_body
    if kind_of(exchange) != "versions" or exchange.status >= 400 or not isinstance(body, dict):
        return
    asked = (option(exchange.url, "$expand") or "").lower() == "replicationstatus"
    status = body["properties"].get("replicationStatus")
    if not asked or status is None:
        yield None if asked == (status is not None) else f"replicationStatus is {status}"
        return
    regions = [
        region["name"] for region in body["properties"]["publishingProfile"]["targetRegions"]
    ]
    summarised = [entry["region"] for entry in status["summary"]]
    states = {entry["state"] for entry in status["summary"]}
    whole = status["aggregatedState"]
    yield from _judged(
        None
        if summarised == [name.replace(" ", "").lower() for name in regions]
        else f"regions {summarised}",
        None if (whole == "Completed") == (states == {"Completed"}) else f"{whole} of {states}",
        *(f"{entry}" for entry in status["summary"] if not _progress_fits(entry)),
    )


def _progress_fits(entry: Mapping[str, Any]) -> bool:
    done = entry["state"] == "Completed"
    known = entry["state"] in ("Unknown", "Replicating", "Completed", "Failed")
    return known and (entry["progress"] == 100 if done else 0 <= entry["progress"] <= 100)


def errors(exchange: Exchange) -> Iterator[str | None]:
    """A refusal is JSON with a code and a message and begins no operation.

    What ARM itself does not find carries `x-ms-failure-cause: gateway`.
    """
    if exchange.status < 400 or exchange.method == "HEAD":
        return
    headers, body = headers_of(exchange), exchange.response_body
    error = body.get("error") if isinstance(body, dict) else None
    coded = isinstance(error, dict) and bool(error.get("code")) and bool(error.get("message"))
    missing = isinstance(error, dict) and error.get("code") in _GATEWAY
    gateway = headers.get("x-ms-failure-cause") == "gateway"
    yield from _judged(
        None if coded else f"body {body!r}",
        None if headers.get("content-type", "").startswith("application/json") else "no JSON",
        "an operation begun" if "azure-asyncoperation" in headers else None,
        None if gateway or not missing else "a 404 without x-ms-failure-cause",
    )


def request_limits(exchange: Exchange) -> Iterator[str | None]:
    """Answers for resources and operations count down; an empty bucket says so as Azure does."""
    headers, body = headers_of(exchange), exchange.response_body
    if exchange.status < 400 and (kind_of(exchange) or is_operation(exchange)):
        left = headers.get("x-ms-ratelimit-remaining-resource", "")
        yield None if _LEFT.fullmatch(left) else f"x-ms-ratelimit-remaining-resource is {left!r}"
    elif exchange.status == 429 and isinstance(body, dict):
        error = body["error"]
        window = json.loads(error["details"][0]["message"])
        yield from _judged(
            None if error["code"] == "OperationNotAllowed" else f"code {error['code']}",
            None if error["details"][0]["code"] == "TooManyRequests" else f"{error['details']}",
            None if set(window) == _WINDOW else f"{sorted(window)}",
        )


def values(exchange: Exchange) -> Iterator[str | None]:
    """Values of closed sets are among them, in Azure's spelling."""
    leaves = [(key, value) for key, value in _leaves(exchange.response_body) if key in VALUES]
    if leaves:
        yield from _judged(
            *(f"{key} is {value!r}" for key, value in leaves if value not in VALUES[key])
        )


def moments(exchange: Exchange) -> Iterator[str | None]:
    """The service's own dates have an offset and at most seven digits, never a Z."""
    names = ("startTime", "endTime", "publishedDate")
    moments = [value for key, value in _leaves(exchange.response_body) if key in names]
    if moments:
        yield from _judged(*(f"{value}" for value in moments if not _MOMENT.fullmatch(str(value))))


def _leaves(body: object) -> Iterator[tuple[str, object]]:
    """All keys with plain values, at any depth."""
    if isinstance(body, dict):
        for key, value in body.items():
            if isinstance(value, dict | list):
                yield from _leaves(value)
            else:
                yield str(key), value
    elif isinstance(body, list):
        for value in body:
            yield from _leaves(value)


RULES: tuple[Rule, ...] = (
    common_headers,
    statuses,
    operation_headers,
    retry_after,
    operation_bodies,
    identities,
    provisioning_states,
    replication_status,
    errors,
    request_limits,
    values,
    moments,
)
