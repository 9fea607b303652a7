"""The place in front of an app where App Service authentication stands, if an app has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from aiohttp import web

PREFIX = "/.auth/"
# Set by the platform only: https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
RESERVED = ("x-ms-client-principal", "x-ms-token-")


class FrontDoor(Protocol):
    """Signs people in, and tells the app who asks."""

    async def answer(self, request: web.Request, path: str) -> web.StreamResponse:
        """Answer a request below `PREFIX`."""
        ...

    def refusal(self, request: web.Request) -> web.StreamResponse | None:
        """Return the refusal of a request that never reaches the app, else None."""
        ...

    def headers(self, request: web.Request) -> Mapping[str, str]:
        """Return what the app is told of the one who asks; nothing when nobody has signed in."""
        ...


def reserved(name: str) -> bool:
    """Return True for a header that nobody outside may set."""
    return name.lower().startswith(RESERVED)
