"""The emulator as a server: HTTPS for ARM, plain HTTP for tokens, one state folder.

A request goes through these steps; each may end it:
1. a fault that strikes before, 2. the token, 3. the path, the api-version and the body, 4. request
limits, 5. the answer (kept in the store before it is sent), 6. a fault that strikes after.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from aiohttp import web

from localcloud.arm.server import certificates, control, deletions, identity
from localcloud.arm.server.emulation import Emulation
from localcloud.arm.server.gateway import Gateway
from localcloud.arm.server.listening import listen, routed, unrouted
from localcloud.arm.server.observing import asked_for
from localcloud.arm.state.profile import DEFAULT, Profile


class ArmCloud(Emulation):
    """An Azure Resource Manager of one tenant, on 127.0.0.1."""

    def __init__(
        self, state: Path, *, now: Callable[[], datetime], profile: Profile = DEFAULT
    ) -> None:
        super().__init__(state, now=now, profile=profile)
        self.identity_endpoint = ""
        self._runners: list[web.BaseRunner] = []

    async def start(self, port: int = 0) -> None:
        """Listen. Without a port the ones of the last start are taken again when they are free."""
        last = self.store.fact("ports") or {}
        self.observers += asked_for()
        self.deletion_observers += deletions.asked_for()
        context = certificates.server_context(self.folder)
        arm = unrouted(Gateway(self).handle, largest_body=4 * 1024 * 1024)
        arm_port = await listen(self._runners, arm, port or last.get("arm", 0), context)
        tokens = web.Application()
        tokens.add_routes(identity.routes(self.tokens, self.identity_header))
        identity_port = await listen(self._runners, routed(tokens), last.get("identity", 0), None)
        self.store.keep("ports", {"arm": arm_port, "identity": identity_port})
        self.url = f"https://127.0.0.1:{arm_port}"
        self.identity_endpoint = f"http://127.0.0.1:{identity_port}{identity.PATH}"

    async def stop(self) -> None:
        """Stop listening and close the file; held requests are let go."""
        self.release("all")
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()
        self.store.close()
        self.requests.close()

    def control_routes(self) -> list[web.RouteDef]:
        """The emulator's routes for the control server."""
        return control.routes(self)
