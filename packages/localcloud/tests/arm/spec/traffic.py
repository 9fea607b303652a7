"""The real SDK at work against the emulator, every exchange kept.

`Traffic` wraps the SDK's client; after each write `finish` follows the operation that it began, so
that the kept exchanges hold the operation's answers while it runs and after it has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest
from azure.mgmt.compute import ComputeManagementClient

from localcloud.arm.protocol.call import Exchange
from localcloud.arm.server.arm_cloud import ArmCloud
from localcloud.testing.running_arm import MovableTime

GROUP = "rg"
REGION = "eastus2"
# begin_... returns after the first answer.
NOW: dict[str, Any] = {"polling": False}
# JSON as it is sent: the SDK takes it in place of its models, its types do not say so.
Body = Any


def refused(call: Callable[..., object], *arguments: Any, **options: Any) -> HttpResponseError:
    """Return the error that a call fails with."""
    try:
        call(*arguments, **options)
    except HttpResponseError as error:
        return error
    raise AssertionError("the call was not refused")


@dataclass
class Traffic:
    """A client, the cloud it talks to, and what has been said so far."""

    cloud: ArmCloud
    time: MovableTime
    client: ComputeManagementClient
    seen: list[Exchange] = field(default_factory=list)

    @property
    def subscription(self) -> str:
        """The path of the subscription."""
        return f"/subscriptions/{self.cloud.subscription_ids[0]}"

    @property
    def compute(self) -> str:
        """The path that ids of compute resources in the group begin with."""
        return f"{self.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Compute"

    def send(self, method: str, url: str, body: Body | None = None, **headers: str) -> Exchange:
        """One request through the SDK's pipeline, at a path or URL; its exchange."""
        full = url if url.startswith("https:") else self.cloud.url.rstrip("/") + url
        options: Mapping[str, Any] = {} if body is None else {"json": body}
        self.client.send_request(HttpRequest(method, full, headers=headers, **options))
        return self.seen[-1]

    def finish(self, *_begun: object, meanwhile: Callable[[], object] = lambda: None) -> Exchange:
        """Follows the operation begun last, as `follow` does.

        The arguments are there so that a call can be written around the SDK's `begin_...`.
        """
        return self.follow(self.seen[-1], meanwhile)

    def follow(self, begun: Exchange, meanwhile: Callable[[], object] = lambda: None) -> Exchange:
        """Reads an operation at its start and after its end; its last answer.

        Three hours pass, longer than any operation takes; `meanwhile` is called two minutes after
        the start.
        """
        operation = begun.response_headers["Azure-AsyncOperation"]
        monitor = begun.response_headers.get("Location")
        self.send("GET", operation)
        if monitor:
            self.send("GET", monitor)
        self.time.advance(minutes=2)
        meanwhile()
        self.time.advance(hours=3)
        if monitor:
            self.send("GET", monitor)
        return self.send("GET", operation)
