"""The Azure that an app is served with: ARM and managed identity, and an environment that points at them.

The ARM emulator runs in this process (`EmbeddedCloud`) or in one of its own that was started before
(`SeparateCloud`, `python -m localcloud arm`), whose clock then follows this one's. What the app itself
needs beside that it says by an `AppSide`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from aiohttp import web

from localcloud.advance import Follower
from localcloud.arm.server.arm_cloud import ArmCloud
from localcloud.arm.server.seed import seed_default
from localcloud.clock import Clock
from localcloud.control import UnreachableError
from localcloud.entra import issuer
from localcloud.entra.directory import Directory
from localcloud.entra.people import with_roles
from localcloud.entra.sign_in import SignIn
from localcloud.host.front_door import FrontDoor
from localcloud.state_folder import StateError, StateFolder, read_connection

JSON = {"Content-Type": "application/json"}
PROXIED = ("/images", "/subscriptions", "/requests", "/state", "/roles", "/faults")
# Whoever set these meant another Azure: the credential would use them.
FOREIGN = ("AZURE_CLIENT_ID", "IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT", "MSI_SECRET")


class AppSide(Protocol):
    """The settings, greeting and reset of an app; `demo/gallery_migrator.py` in this repository is an example."""

    def settings(
        self, azure: Mapping[str, Any], folder: StateFolder, control_url: str
    ) -> Mapping[str, str]:
        """Its environment; `azure` has the `arm`, `identity` and `entra` of connection.json."""
        ...

    def roles(self) -> Mapping[str, Sequence[str]]:
        """Return the app roles that people of the local tenant have, by name."""
        ...

    def assignments(self) -> Mapping[str, Any]:
        """Return the roles of its identities in ARM, by client id; one that is not there may do everything."""
        ...

    def connection(self) -> Mapping[str, Any]:
        """Return what connection.json says of it beside its address and keys; asked for after `settings`."""
        ...

    def greeting(self, connection: Mapping[str, Any]) -> str:
        """Return what is printed when all of it is up."""
        ...

    def reset(self) -> None:
        """Empty what it keeps outside of durable functions."""
        ...


class EmbeddedCloud:
    """The ARM emulator in this process, on this process's clock."""

    follower: Follower | None = None

    def __init__(self, state: Path, app: AppSide) -> None:
        self._state, self._app = state, app
        self._arm: ArmCloud | None = None
        self._entra: Directory | None = None

    @property
    def arm(self) -> ArmCloud:
        if self._arm is None:
            raise RuntimeError("the ARM emulator has not been started")
        return self._arm

    @property
    def entra(self) -> Directory:
        if self._entra is None:
            raise RuntimeError("the tenant has no address yet")
        return self._entra

    async def start(self, clock: Clock) -> None:
        self._arm = await start_arm(self._state / "arm", clock)

    async def stop(self) -> None:
        await self.arm.stop()

    async def reset(self) -> None:
        self.arm.reset()
        self._app.reset()

    def control_routes(self) -> list[web.RouteDef]:
        return [*self.arm.control_routes(), *issuer.routes(self.entra)]

    def environment(self, folder: StateFolder, control_url: str) -> Mapping[str, str]:
        self._entra = directory_of(self._state, control_url, self._app.roles())
        self.arm.assign(self._app.assignments())
        azure = self._azure()
        return {**self._app.settings(azure, folder, control_url), **identity_settings(azure)}

    def connection(self) -> Mapping[str, Any]:
        return {**self._app.connection(), **self._azure()}

    def front_door(self) -> FrontDoor:
        return _sign_in(self.entra)

    def _azure(self) -> dict[str, Any]:
        return {**arm_connection(self.arm), "entra": self.entra.connection()}


class SeparateCloud:
    """The ARM emulator of another process, found by its state folder."""

    def __init__(self, arm_state: Path, app: AppSide) -> None:
        self._app, self._arm_state = app, arm_state
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
        await self._call("POST", "/roles", json.dumps(dict(self._app.assignments())).encode())

    async def stop(self) -> None:
        if self._session:
            await self._session.close()

    async def reset(self) -> None:
        await self._call("POST", "/reset")
        self._app.reset()

    def control_routes(self) -> list[web.RouteDef]:
        paths = [path + tail for path in PROXIED for tail in ("", "/{tail:.*}")]
        return [web.route("*", path, self._pass_on) for path in paths]

    def environment(self, folder: StateFolder, control_url: str) -> Mapping[str, str]:
        settings = self._app.settings(self._connection, folder, control_url)
        return {**settings, **identity_settings(self._connection)}

    def connection(self) -> Mapping[str, Any]:
        parts = {name: self._connection[name] for name in ("arm", "identity")}
        return {**self._app.connection(), **parts, "entra": self._entra.connection()}

    def front_door(self) -> FrontDoor:
        return _sign_in(self._entra)

    @property
    def _entra(self) -> Directory:
        """The same tenant: its key lies in that process's state, its address is that process's."""
        return directory_of(self._arm_state, self._control, self._app.roles())

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


def directory_of(
    state: Path, control_url: str, roles: Mapping[str, Sequence[str]] | None = None
) -> Directory:
    """The local tenant, at the control API's address; its key lies in `state`."""
    return Directory(state / "entra", control_url + issuer.PATH, with_roles(roles or {}))


def _sign_in(directory: Directory) -> SignIn:
    """The form offers every role that anybody has."""
    offered = {role: None for account in directory.accounts.values() for role in account.roles}
    return SignIn(directory, tuple(offered))


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


def identity_settings(azure: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings that lead a credential of azure-identity here, whatever the process was told before."""
    for name in FOREIGN:
        os.environ.pop(name, None)
    settings = {
        "REQUESTS_CA_BUNDLE": azure["arm"]["caFile"],
        "IDENTITY_ENDPOINT": azure["identity"]["endpoint"],
        "IDENTITY_HEADER": azure["identity"]["header"],
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
    }
    for name in ("NO_PROXY", "no_proxy"):
        settings[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1", "localhost"]))
    return settings
