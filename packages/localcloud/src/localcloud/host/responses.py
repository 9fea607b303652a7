"""An HTTP function's result, as the Functions host sends it: in chunks, without a length."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from localcloud.host.worker import Datum

HOP_HEADERS = ("content-length", "transfer-encoding", "connection")
TEXT = "text/plain; charset=utf-8"
WITHOUT_A_BODY = (204, 304)
# Kestrel knows these and spells them so, however the function has; others go as they are.
KNOWN = """
    Accept-Ranges Age Allow Cache-Control Content-Encoding Content-Language Content-Location Content-MD5
    Content-Range Content-Type Date ETag Expires Last-Modified Location Pragma Proxy-Authenticate Retry-After
    Server Set-Cookie Vary Via Warning WWW-Authenticate
"""
SPELLINGS = {name.lower(): name for name in KNOWN.split()}


async def respond(request: web.Request, datum: Datum | None) -> web.StreamResponse:
    """Sends the HttpResponse or the text; ValueError if it cannot be sent."""
    if datum is None:
        return web.Response(status=204)
    if datum.type != "http":
        return await _sent(request, 200, CIMultiDict({"Content-Type": TEXT}), str(datum.value))
    value: dict[str, Any] = datum.value
    headers = CIMultiDict(
        (SPELLINGS.get(name.lower(), name), header.value)
        for name, header in value["headers"].items()
        if name.lower() not in HOP_HEADERS
    )
    for cookie in value["cookies"] or ():
        for morsel in cookie.values():
            headers.add("Set-Cookie", morsel.OutputString())
    return await _sent(request, int(value["status_code"].value), headers, value["body"].value)


async def _sent(
    request: web.Request, status: int, headers: CIMultiDict[str], body: str | bytes | None
) -> web.StreamResponse:
    content = body.encode() if isinstance(body, str) else body or b""
    if not content or request.method == "HEAD" or status in WITHOUT_A_BODY:
        return web.Response(status=status, headers=headers)
    response = web.StreamResponse(status=status, headers=headers)
    # Without a length, the end of the connection is the end of the answer.
    if request.version < (1, 1):
        response.force_close()
    response.headers.update(connection_header(request, response))
    await response.prepare(request)
    await response.write_eof(content)
    return response


def connection_header(request: web.Request, answer: web.StreamResponse) -> dict[str, str]:
    """Kestrel says when it will close, in HTTP/1.0 as well."""
    stays = request.keep_alive if answer.keep_alive is None else answer.keep_alive
    return {} if stays else {"Connection": "close"}
