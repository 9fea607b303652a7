"""A reply as an HTTP response: ARM's headers and compact JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from aiohttp import web

from localcloud.arm.protocol.call import Reply
from localcloud.arm.protocol.guids import guid
from localcloud.arm.protocol.timestamps import http_date
from localcloud.arm.state.serialise import encode

_COMMON = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Cache": "CONFIG_NOCACHE",
}
_READS = {**_COMMON, "x-ms-ratelimit-remaining-subscription-global-reads": "3749"}
_DELETES = {
    **_COMMON,
    "x-ms-ratelimit-remaining-subscription-deletes": "199",
    "x-ms-ratelimit-remaining-subscription-global-deletes": "2999",
}
_WRITES = {
    **_COMMON,
    "x-ms-ratelimit-remaining-subscription-writes": "199",
    "x-ms-ratelimit-remaining-subscription-global-writes": "2999",
}
_ALWAYS = {"GET": _READS, "HEAD": _READS, "DELETE": _DELETES}


@lru_cache(maxsize=64)
def _stamps(second: int) -> tuple[str, str]:
    moment = datetime.fromtimestamp(second, UTC)
    return http_date(moment), f"LOCALCLOUD:{moment:%Y%m%dT%H%M%SZ}:"


def response(
    method: str, reply: Reply, counted: Mapping[str, str], correlation: str, now: datetime
) -> web.Response:
    """The response; `counted` are the headers that count requests down."""
    request_id = guid()
    date, route = _stamps(int(now.timestamp()))
    headers = {
        **_ALWAYS.get(method, _WRITES),
        "Date": date,
        "x-ms-correlation-request-id": correlation,
        "x-ms-request-id": request_id,
        "x-ms-routing-request-id": route + request_id,
        **counted,
        **reply.headers,
    }
    if reply.body is None:
        return web.Response(status=reply.status, headers=headers)
    headers["Content-Type"] = "application/json; charset=utf-8"
    return web.Response(status=reply.status, headers=headers, body=encode(reply.body))
