"""The emulator as a server: HTTPS for ARM, plain HTTP for tokens, one state folder.

A request goes through these steps; each may end it:
1. a fault that strikes before, 2. the token, 3. the path, the api-version and the body, 4. request
limits, 5. the answer (kept in the store before it is sent), 6. a fault that strikes after.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp import web

from localcloud.arm import certificates, control, identity, seeding
from localcloud.arm.faults import Faults
from localcloud.arm.gateway import Gateway
from localcloud.arm.inspection import whole_state
from localcloud.arm.listening import listen, routed, unrouted
from localcloud.arm.model import Json
from localcloud.arm.observing import Observer, asked_for
from localcloud.arm.profile import DEFAULT, Profile
from localcloud.arm.requestlog import RequestLog
from localcloud.arm.routing import Site
from localcloud.arm.signing import Signer
from localcloud.arm.states import envelope, properties
from localcloud.arm.store import Store
from localcloud.arm.throttling import Throttle
from localcloud.arm.tokens import Identity, Tokens
from localcloud.arm.world import World


class ArmCloud:
    """An Azure Resource Manager of one subscription and one tenant, on 127.0.0.1.

    state: a folder of its own; what was answered before a crash is there after it.
    now: the emulated clock (aware, UTC); every state is computed from it when asked for.
    """

    def __init__(
        self, state: Path, *, now: Callable[[], datetime], profile: Profile = DEFAULT
    ) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self._state = state
        self._store = Store(state / "arm.jsonl")
        facts = self._facts()
        self.ca_file = certificates.ensure(state)
        self.tenant_id = str(facts["tenant"])
        self.subscription_ids = [str(facts["subscription"])]
        self.identity_header = str(facts["identity header"])
        self.world = World(self._store, now, profile)
        self.faults = Faults()
        self.throttle = Throttle(profile)
        self.held: dict[str, tuple[Json, asyncio.Event]] = {}
        self.observers: list[Observer] = []
        self.requests = RequestLog(state / "requests.jsonl")
        key = bytes.fromhex(str(facts["key"]))
        self.site = Site(Signer(key), self.tenant_id, tuple(self.subscription_ids))
        self.tokens = Tokens(key, self._identity(facts))
        self.url = ""
        self.identity_endpoint = ""
        self._runners: list[web.BaseRunner] = []

    def _facts(self) -> Json:
        """Who this cloud is: made at the first start, the same for ever after."""
        facts = self._store.fact("identity")
        if facts is None:
            facts = {
                "tenant": str(uuid4()),
                "subscription": str(uuid4()),
                "client": str(uuid4()),
                "principal": str(uuid4()),
                "identity header": secrets.token_hex(16),
                "key": secrets.token_hex(32),
            }
            self._store.keep("identity", facts)
        return facts

    def _identity(self, facts: Json) -> Identity:
        scope = f"/subscriptions/{facts['subscription']}/resourceGroups/local/providers/"
        app = scope + "Microsoft.Web/sites/gallery-migrator"
        return Identity(self.tenant_id, str(facts["client"]), str(facts["principal"]), app)

    async def start(self, port: int = 0) -> None:
        """Listen. Without a port the ones of the last start are taken again when they are free."""
        last = self._store.fact("ports") or {}
        self.observers += asked_for()
        context = certificates.server_context(self._state)
        arm = unrouted(Gateway(self).handle, largest_body=4 * 1024 * 1024)
        arm_port = await listen(self._runners, arm, port or last.get("arm", 0), context)
        tokens = web.Application()
        tokens.add_routes(identity.routes(self.tokens, self.identity_header))
        identity_port = await listen(self._runners, routed(tokens), last.get("identity", 0), None)
        self._store.keep("ports", {"arm": arm_port, "identity": identity_port})
        self.url = f"https://127.0.0.1:{arm_port}"
        self.identity_endpoint = f"http://127.0.0.1:{identity_port}{identity.PATH}"

    async def stop(self) -> None:
        """Stop listening and close the file; held requests are let go."""
        self.release("all")
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()
        self._store.close()
        self.requests.close()

    def control_routes(self) -> list[web.RouteDef]:
        """The emulator's routes for the control server."""
        return control.routes(self)

    def reset(self) -> None:
        """Forget resources, operations, requests and faults; keep who this cloud is."""
        self.world.clear()
        self.requests.clear()
        self.faults.clear()
        self.throttle.clear()
        self.release("all")

    def set_profile(self, **changes: Any) -> None:
        """Change how the cloud behaves from now on."""
        self.world.profile = replace(self.world.profile, **changes)
        self.throttle.profile = self.world.profile

    def add_image(self, body: Mapping[str, Any]) -> Json:
        """Add a managed image as ARM would return it; see `seeding.resource`."""
        if not str(body.get("type", seeding.IMAGE)).lower() == seeding.IMAGE.lower():
            raise ValueError(f"type must be {seeding.IMAGE}")
        return self.seed([body])[0]

    def seed(self, bodies: Iterable[Mapping[str, Any]]) -> list[Json]:
        """Add resources from bodies as ARM would return them, with `createdTime` if wanted."""
        made = [seeding.resource(self.world, body) for body in bodies]
        return [envelope(r, properties(r, self.world.now())) for r in made]

    def state(self) -> Json:
        """What `GET /state` answers."""
        return whole_state(self.world)

    def release(self, which: object) -> None:
        """Let held requests go on: "all" or their ids."""
        wanted = set(which) if isinstance(which, list) else None
        for held_id, (_, event) in list(self.held.items()):
            if which in ("all", True) or (wanted is not None and held_id in wanted):
                event.set()
