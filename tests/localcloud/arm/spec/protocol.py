"""What Azure was recorded to do and no swagger says: headers, operations, identities, values.

Each rule looks at one exchange. It yields None when it had something to look at and all was well,
a sentence when it was not, and nothing when the exchange is none of its business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from localcloud.arm.call import Exchange

Rule = Callable[[Exchange], Iterator[str | None]]

_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_COMPUTE = re.compile(
    r"/providers/Microsoft\.Compute/"
    r"(?P<kind>images|galleries(?:/[^/]+/images(?:/[^/]+/versions)?)?)/(?P<name>[^/]+)$",
    re.IGNORECASE,
)
_OPERATION = re.compile(
    rf"/subscriptions/{_GUID}/providers/Microsoft\.Compute/locations/[A-Za-z0-9]+/"
    rf"(?P<family>capsOperations|operations)/{_GUID}$"
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?[+-]\d\d:\d\d")
_COMMON = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
_IDENTIFIED = ("x-ms-request-id", "x-ms-correlation-request-id", "x-ms-routing-request-id")
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


def path_of(exchange: Exchange) -> str:
    """The path of the request, unquoted."""
    return unquote(urlsplit(exchange.url).path)


def kind_of(exchange: Exchange) -> str | None:
    """`images`, `galleries`, `definitions` or `versions` for a request to one such resource."""
    found = _COMPUTE.search(path_of(exchange))
    if not found:
        return None
    depth = found["kind"].count("/")
    return "images" if found["kind"].lower() == "images" else _depth(depth)


def _depth(slashes: int) -> str:
    return {0: "galleries", 2: "definitions", 4: "versions"}[slashes]


def is_operation(exchange: Exchange) -> bool:
    """Whether the request reads an operation."""
    return bool(_OPERATION.search(path_of(exchange)))


def _option(url: str, name: str) -> str | None:
    return next(iter(parse_qs(urlsplit(url).query).get(name, [])), None)


def _judged(*faults: str | None) -> Iterator[str | None]:
    """The faults that there are, or one None."""
    found = [fault for fault in faults if fault]
    yield from found
    if not found:
        yield None


def common_headers(exchange: Exchange) -> Iterator[str | None]:
    """Every answer says that it must not be kept and carries its three ids."""
    headers = exchange.response_headers
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
    headers = exchange.response_headers
    operation, location = headers.get("Azure-AsyncOperation"), headers.get("Location")
    if not operation or not _OPERATION.search(urlsplit(operation).path):
        yield f"Azure-AsyncOperation is {operation!r}"
        return
    wants_location = exchange.method == "DELETE"
    same = _option(operation, "api-version") == _option(exchange.url, "api-version")
    yield from _judged(
        None if wants_location == bool(location) else f"Location is {location!r}",
        None if same else f"the operation's api-version is not the request's: {operation}",
        _monitor_fault(operation, location) if location else None,
    )


def _monitor_fault(operation: str, location: str) -> str | None:
    same = urlsplit(operation).path == urlsplit(location).path
    return None if same and _option(location, "monitor") == "true" else f"Location is {location}"


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
    kind, given = kind_of(exchange), exchange.response_headers.get("Retry-After")
    if kind and exchange.status < 400:
        write = exchange.method != "GET" and exchange.status != 204
        wanted = "60" if kind == "versions" and write else None
        yield None if given == wanted else f"Retry-After is {given!r}, not {wanted!r}"
    elif is_operation(exchange) and isinstance(exchange.response_body, dict):
        running = exchange.response_body.get("status") == "InProgress"
        fits = given in (None, "60") if running else given is None
        yield None if fits else f"Retry-After is {given!r} with {exchange.response_body}"


def operation_bodies(exchange: Exchange) -> Iterator[str | None]:
    """An operation tells its start, status and name, then its end, and the error if it Failed."""
    if not is_operation(exchange):
        return
    if _option(exchange.url, "monitor"):
        empty = exchange.response_body is None and exchange.status in (200, 202)
        yield None if empty else f"monitor answered {exchange.status} {exchange.response_body}"
        return
    body = exchange.response_body
    if exchange.status != 200 or not isinstance(body, dict):
        yield f"{exchange.status} {body}"
        return
    keys = {"startTime", "status", "name"}
    keys |= set() if body.get("status") == "InProgress" else {"endTime"}
    keys |= {"error"} if body.get("status") == "Failed" else set()
    guid = path_of(exchange).rsplit("/", 1)[-1]
    yield from _judged(
        None if set(body) == keys else f"keys {sorted(body)}",
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
    asked = (_option(exchange.url, "$expand") or "").lower() == "replicationstatus"
    status = body["properties"].get("replicationStatus")
    if not asked or status is None:
        yield None if asked == (status is not None) else f"replicationStatus is {status}"
        return
    regions = [
        region["name"] for region in body["properties"]["publishingProfile"]["targetRegions"]
    ]
    told = [entry["region"] for entry in status["summary"]]
    states = {entry["state"] for entry in status["summary"]}
    whole = status["aggregatedState"]
    yield from _judged(
        None if told == [name.replace(" ", "").lower() for name in regions] else f"regions {told}",
        None if (whole == "Completed") == (states == {"Completed"}) else f"{whole} of {states}",
        *(f"{entry}" for entry in status["summary"] if not _progress_fits(entry)),
    )


def _progress_fits(entry: Mapping[str, Any]) -> bool:
    done = entry["state"] == "Completed"
    known = entry["state"] in ("Unknown", "Replicating", "Completed", "Failed")
    return known and (entry["progress"] == 100 if done else 0 <= entry["progress"] <= 100)


def errors(exchange: Exchange) -> Iterator[str | None]:
    """A refusal is JSON with a code and a message, begins no operation, and 404 says whose it is."""
    if exchange.status < 400:
        return
    headers, body = exchange.response_headers, exchange.response_body
    error = body.get("error") if isinstance(body, dict) else None
    coded = isinstance(error, dict) and bool(error.get("code")) and bool(error.get("message"))
    gateway = headers.get("x-ms-failure-cause") == "gateway"
    yield from _judged(
        None if coded else f"body {body!r}",
        None if headers.get("Content-Type", "").startswith("application/json") else "no JSON",
        "an operation begun" if "Azure-AsyncOperation" in headers else None,
        None if gateway or exchange.status != 404 else "a 404 without x-ms-failure-cause",
    )


def values(exchange: Exchange) -> Iterator[str | None]:
    """Values of closed sets are among them, in Azure's spelling."""
    found = [(key, value) for key, value in _leaves(exchange.response_body) if key in VALUES]
    if found:
        yield from _judged(
            *(f"{key} is {value!r}" for key, value in found if value not in VALUES[key])
        )


def moments(exchange: Exchange) -> Iterator[str | None]:
    """The service's own dates have an offset and at most seven digits, never a Z."""
    names = ("startTime", "endTime", "publishedDate")
    found = [value for key, value in _leaves(exchange.response_body) if key in names]
    if found:
        yield from _judged(*(f"{value}" for value in found if not _MOMENT.fullmatch(str(value))))


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
    values,
    moments,
)
