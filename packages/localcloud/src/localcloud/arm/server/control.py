"""The emulator's part of the control API: what scripts and tests drive it with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from localcloud.arm.faults.rules import RuleError, read_rule
from localcloud.arm.protocol.rights import RightsError
from localcloud.arm.server.emulation import Emulation
from localcloud.arm.server.inspection import whole_state

Handler = Callable[[web.Request], Awaitable[web.Response]]


def routes(cloud: Emulation) -> list[web.RouteDef]:
    """Routes for the control server, relative to its root."""
    return [
        web.post("/images", _add_image(cloud)),
        web.post("/subscriptions", _add_subscription(cloud)),
        web.get("/requests", _requests(cloud)),
        web.get("/state", _state(cloud)),
        web.get("/roles", _get_roles(cloud)),
        web.post("/roles", _post_roles(cloud)),
        web.get("/faults", _get_faults(cloud)),
        web.post("/faults", _post_faults(cloud)),
        web.delete("/faults", _delete_faults(cloud)),
    ]


async def _json(request: web.Request) -> Any:
    try:
        return await request.json()
    except ValueError as error:
        raise _bad(f"the body is no JSON: {error}") from error


def _bad(why: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=f'{{"error": {why!r}}}', content_type="application/json")


def _add_image(cloud: Emulation) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        body = await _json(request)
        try:
            image = cloud.add_image(body)
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(image, status=201)

    return handle


def _add_subscription(cloud: Emulation) -> Handler:
    async def handle(_request: web.Request) -> web.Response:
        return web.json_response({"subscriptionId": cloud.add_subscription()}, status=201)

    return handle


def _requests(cloud: Emulation) -> Handler:
    async def handle(_request: web.Request) -> web.Response:
        return web.json_response({"requests": list(cloud.requests)})

    return handle


def _state(cloud: Emulation) -> Handler:
    async def handle(_request: web.Request) -> web.Response:
        return web.json_response(whole_state(cloud.world))

    return handle


def _get_roles(cloud: Emulation) -> Handler:
    async def handle(_request: web.Request) -> web.Response:
        return web.json_response(cloud.rights.as_json())

    return handle


def _post_roles(cloud: Emulation) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        body = await _json(request)
        try:
            cloud.assign(body)
        except (RightsError, TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(cloud.rights.as_json())

    return handle


def _get_faults(cloud: Emulation) -> Handler:
    async def handle(_request: web.Request) -> web.Response:
        return web.json_response(_faults(cloud))

    return handle


def _faults(cloud: Emulation) -> dict[str, Any]:
    held = [line for line, _ in cloud.held.values()]
    return {"rules": cloud.faults.as_json(), "seed": cloud.faults.seed, "held": held}


def _post_faults(cloud: Emulation) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        body = await _json(request)
        if not isinstance(body, dict) or not set(body) <= {"rules", "seed", "release"}:
            return web.json_response({"error": "send rules, seed or release"}, status=400)
        try:
            rules = [read_rule(raw) for raw in body.get("rules", [])]
        except (RuleError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        cloud.faults.set(rules, int(body.get("seed", 0)))
        cloud.release(body.get("release", []))
        return web.json_response(_faults(cloud))

    return handle


def _delete_faults(cloud: Emulation) -> Handler:
    async def handle(_request: web.Request) -> web.Response:
        cloud.faults.clear()
        cloud.release("all")
        return web.json_response(_faults(cloud))

    return handle
