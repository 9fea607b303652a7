"""The emulator without its sockets: the cloud's ids, its resources, its log, faults and profile."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from localcloud.arm.faults.rules import Faults
from localcloud.arm.protocol.graph_answers import Quota
from localcloud.arm.protocol.rights import Rights, read_assignments
from localcloud.arm.protocol.signing import Signer
from localcloud.arm.protocol.throttling import Throttle
from localcloud.arm.protocol.tokens import Identity, Tokens
from localcloud.arm.server import certificates, seeding
from localcloud.arm.server.deletions import DeletionObserver, watcher
from localcloud.arm.server.inspection import whole_state
from localcloud.arm.server.observing import Observer
from localcloud.arm.server.requestlog import RequestLog
from localcloud.arm.server.routing import Site
from localcloud.arm.state.model import Json
from localcloud.arm.state.profile import DEFAULT, Profile
from localcloud.arm.state.states import envelope, properties
from localcloud.arm.state.store import Store
from localcloud.arm.state.world import World


class Emulation:
    """An Azure Resource Manager of one subscription and one tenant.

    state: a folder of its own; what was answered before a crash is there after it.
    now: the emulated clock (aware, UTC); every state is computed from it when asked for.
    """

    def __init__(
        self, state: Path, *, now: Callable[[], datetime], profile: Profile = DEFAULT
    ) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self.folder = state
        self.store = Store(state / "arm.jsonl")
        facts = self._facts()
        self.ca_file = certificates.ensure(state)
        self.tenant_id = str(facts["tenant"])
        more = self.store.fact("more subscriptions") or {"ids": []}
        self.subscription_ids = [str(facts["subscription"]), *more["ids"]]
        self.identity_header = str(facts["identity header"])
        self.world = World(self.store, now, profile)
        self.faults = Faults()
        self.throttle = Throttle(profile)
        self.graph_quota = Quota()
        self.held: dict[str, tuple[Json, asyncio.Event]] = {}
        self.observers: list[Observer] = []
        self.deletion_observers: list[DeletionObserver] = []
        self.world.watchers.append(watcher(self.world, self.deletion_observers))
        self.requests = RequestLog(state / "requests.jsonl")
        key = bytes.fromhex(str(facts["key"]))
        self.site = Site(Signer(key), self.tenant_id, tuple(self.subscription_ids))
        self.tokens = Tokens(key, self._identity(facts))
        self.rights = Rights(self.tokens, self.store.fact("rights"))
        self.url = ""

    def _facts(self) -> Json:
        """Return the ids of this cloud, which are made at the first start and then kept."""
        facts = self.store.fact("identity")
        if facts is None:
            facts = {
                "tenant": str(uuid4()),
                "subscription": str(uuid4()),
                "client": str(uuid4()),
                "principal": str(uuid4()),
                "identity header": secrets.token_hex(16),
                "key": secrets.token_hex(32),
            }
            self.store.keep("identity", facts)
        return facts

    def _identity(self, facts: Json) -> Identity:
        scope = f"/subscriptions/{facts['subscription']}/resourceGroups/local/providers/"
        app = scope + "Microsoft.Web/sites/gallery-migrator"
        return Identity(self.tenant_id, str(facts["client"]), str(facts["principal"]), app)

    def add_subscription(self) -> str:
        """Add a subscription to the tenant, which the identity may use as the first one; return its id."""
        made = str(uuid4())
        self.subscription_ids.append(made)
        self.store.keep("more subscriptions", {"ids": self.subscription_ids[1:]})
        self.site = replace(self.site, subscriptions=tuple(self.subscription_ids))
        return made

    def assign(self, assignments: Any) -> None:
        """Give clients these roles and no others, by client id; see `rights.read_assignments`. Kept over a restart."""
        self.rights.assign(read_assignments(assignments))
        self.store.keep("rights", self.rights.as_json())

    def reset(self) -> None:
        """Forget resources, operations, requests and faults; keep the cloud's ids and its role assignments."""
        self.world.clear()
        self.requests.clear()
        self.faults.clear()
        self.throttle.clear()
        self.graph_quota.clear()
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
        """Return the answer of `GET /state`."""
        return whole_state(self.world)

    def release(self, which: object) -> None:
        """Let held requests go on: "all" or their ids."""
        wanted = set(which) if isinstance(which, list) else None
        for held_id, (_, event) in list(self.held.items()):
            if which in ("all", True) or (wanted is not None and held_id in wanted):
                event.set()
