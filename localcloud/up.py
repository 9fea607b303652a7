"""What `make up` adds to a Functions folder: an ARM side, and the settings that point the app at it.

The ARM emulator runs in this process (`EmbeddedCloud`) or in one of its own that was started before
(`SeparateCloud`, `python -m localcloud arm`), whose clock then follows this one's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from localcloud.advance import Follower
from localcloud.arm.seed import seed_default
from localcloud.arm.server import ArmCloud
from localcloud.clock import Clock
from localcloud.control import UnreachableError
from localcloud.examples import example_mapping
from localcloud.secrets import new_webhook_secret
from localcloud.state_folder import StateError, StateFolder, read_connection
from localcloud.tables import empty_tables

JSON = {"Content-Type": "application/json"}
RECORDS = "records.sqlite"
PROXIED = ("/images", "/requests", "/state", "/faults")
# Whoever set these meant another Azure: the credential would use them.
FOREIGN = ("AZURE_CLIENT_ID", "IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT", "MSI_SECRET")


class EmbeddedCloud:
    """The ARM emulator in this process, on this process's clock."""

    follower: Follower | None = None

    def __init__(self, state: Path) -> None:
        self._state = state
        self._arm: ArmCloud | None = None

    @property
    def arm(self) -> ArmCloud:
        if self._arm is None:
            raise RuntimeError("the ARM emulator has not been started")
        return self._arm

    async def start(self, clock: Clock) -> None:
        self._arm = await start_arm(self._state / "arm", clock)

    async def stop(self) -> None:
        await self.arm.stop()

    async def reset(self) -> None:
        self.arm.reset()
        empty_tables(self._state / RECORDS)

    def control_routes(self) -> list[web.RouteDef]:
        return self.arm.control_routes()

    def environment(self, folder: StateFolder, control_url: str) -> Mapping[str, str]:
        return app_settings(arm_connection(self.arm), folder, control_url)

    def connection(self) -> Mapping[str, Any]:
        return {"webhookSecret": webhook_secret(), **arm_connection(self.arm)}


class SeparateCloud:
    """The ARM emulator of another process, found by its state folder."""

    def __init__(self, state: Path, arm_state: Path) -> None:
        self._state = state
        self._connection = read_connection(arm_state)
        self._control = str(self._connection["control"]["url"])
        self._session: aiohttp.ClientSession | None = None
        self.follower: Follower | None = self._follow

    async def start(self, clock: Clock) -> None:
        """Takes over its time if that is later: a kill between the two must not turn time back."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        theirs = datetime.fromisoformat(json.loads(await self._call("GET", "/clock"))["now"])
        if theirs > clock.now():
            clock.change(now=theirs)

    async def stop(self) -> None:
        if self._session:
            await self._session.close()

    async def reset(self) -> None:
        await self._call("POST", "/reset")
        empty_tables(self._state / RECORDS)

    def control_routes(self) -> list[web.RouteDef]:
        paths = [path + tail for path in PROXIED for tail in ("", "/{tail:.*}")]
        return [web.route("*", path, self._pass_on) for path in paths]

    def environment(self, folder: StateFolder, control_url: str) -> Mapping[str, str]:
        return app_settings(self._connection, folder, control_url)

    def connection(self) -> Mapping[str, Any]:
        parts = {name: self._connection[name] for name in ("arm", "identity")}
        return {"webhookSecret": webhook_secret(), **parts}

    async def _follow(self, state: dict[str, Any]) -> None:
        await self._call("POST", "/clock", json.dumps(state).encode())

    async def _pass_on(self, request: web.Request) -> web.Response:
        answer, body = await self._ask(request.method, str(request.rel_url), await request.read())
        kind = answer.headers.get("Content-Type", "text/plain")
        return web.Response(status=answer.status, body=body, headers={"Content-Type": kind})

    async def _call(self, method: str, path: str, body: bytes = b"") -> bytes:
        answer, content = await self._ask(method, path, body)
        answer.raise_for_status()
        return content

    async def _ask(
        self, method: str, path: str, body: bytes
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        if self._session is None:
            raise RuntimeError("not started")
        url = self._control + path
        try:
            async with self._session.request(method, url, data=body, headers=JSON) as answer:
                return answer, await answer.read()
        except aiohttp.ClientConnectionError as error:
            raise UnreachableError(f"the ARM emulator does not answer at {url}: {error}") from error


async def start_arm(state: Path, clock: Clock, port: int = 0) -> ArmCloud:
    """The emulator on `state`; a fresh one gets some images to play with."""
    arm = _emulator(state, clock)
    await arm.start(port)
    seeded = state / "seeded"
    if not seeded.exists():
        seed_default(arm)
        seeded.touch()
    return arm


def _emulator(state: Path, clock: Clock) -> ArmCloud:
    """StateError if another process has `state`, or if its Azure is one that cannot be read any more:
    an empty one in its place would lack the images that the app's records tell of."""
    if (state / "arm.sqlite").exists() and not (state / "arm.jsonl").exists():
        raise StateError(
            f"{state / 'arm.sqlite'} was kept by an earlier version and cannot be read any more:"
            " begin anew on an empty --state"
        )
    try:
        return ArmCloud(state, now=clock.now)
    except BlockingIOError:
        raise StateError(
            f"{state} is in use by another process: stop it, or choose another --state"
        ) from None


def arm_connection(arm: ArmCloud) -> dict[str, Any]:
    """The `arm` and `identity` of connection.json."""
    return {
        "arm": {
            "url": arm.url,
            "caFile": str(arm.ca_file.resolve()),
            "subscriptionIds": list(arm.subscription_ids),
        },
        "identity": {"endpoint": arm.identity_endpoint, "header": arm.identity_header},
    }


def app_settings(
    connection: Mapping[str, Any], folder: StateFolder, control_url: str
) -> dict[str, str]:
    """The app's environment. Where ARM, identity and records are is always this local cloud; of the
    other settings, those of the process win."""
    for name in FOREIGN:
        os.environ.pop(name, None)
    arm, identity = connection["arm"], connection["identity"]
    here = {
        "ARM_ENDPOINT": arm["url"],
        "ARM_TOKEN_SCOPE": f"{arm['url']}/.default",
        "REQUESTS_CA_BUNDLE": arm["caFile"],
        "IDENTITY_ENDPOINT": identity["endpoint"],
        "IDENTITY_HEADER": identity["header"],
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        "SUBSCRIPTION_IDS": ",".join(arm["subscriptionIds"]),
        "RECORDS_STORE": "sqlite",
        "RECORDS_SQLITE_PATH": str(folder.path / RECORDS),
    }
    for name in ("NO_PROXY", "no_proxy"):
        here[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1", "localhost"]))
    defaults = {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "APPROVAL_WEBHOOK_SECRETS": folder.value("webhook secret", new_webhook_secret),
        "NOTIFICATION_URL": f"{control_url}/notifications",
        "NOTIFICATION_SECRET": folder.value("notification secret", new_webhook_secret),
        "REPLICATION_POLL_INTERVAL": "PT5S",
        "SWEEP_SCHEDULE": "*/30 * * * * *",
        "EVENT_GRID_MAPPING": json.dumps([example_mapping(arm["subscriptionIds"][0])]),
    }
    return {**defaults, **{n: os.environ[n] for n in defaults if os.environ.get(n)}, **here}


def webhook_secret() -> str:
    """The first of the secrets that the app takes."""
    return os.environ["APPROVAL_WEBHOOK_SECRETS"].split(",")[0].strip()
