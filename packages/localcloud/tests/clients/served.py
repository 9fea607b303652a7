"""An emulated cloud for somebody else's client: where it is, whom to trust, who asks, all that was said.

Time stands still unless it passes freely: then two hours go by after every answer, so that an
operation has ended when a client asks for it and none waits.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localcloud.arm.protocol.call import Exchange
from localcloud.arm.server.arm_cloud import ArmCloud
from localcloud.arm.state.profile import DEFAULT, Profile
from localcloud.testing.running_arm import MovableTime, running_cloud
from packages.localcloud.tests.arm.driving import Driver

ROOT = Path(__file__).resolve().parents[4]
# `make clients` installs there what does not go into this folder.
INSTALLED = ROOT / ".clients"
GROUP = "images"
REGION = "eastus2"


class Passing:
    """Lets time pass after answers, or not."""

    def __init__(self, time: MovableTime) -> None:
        self.time = time
        self.freely = True

    def after(self, _exchange: Exchange) -> None:
        """To be called after every answer of the emulator."""
        if self.freely:
            self.time.advance(hours=2)


@dataclass(frozen=True)
class Served:
    """A cloud that a client talks to, that cloud's time, and all they said."""

    cloud: ArmCloud
    passing: Passing
    seen: list[Exchange]

    @property
    def subscription(self) -> str:
        """The subscription's id."""
        subscription: str = self.cloud.subscription_ids[0]
        return subscription

    def environment(self, home: Path) -> dict[str, str]:
        """The variables that lead every client here, and to nothing of the person who runs the test."""
        certificates = str(self.cloud.ca_file)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "ARM": self.cloud.url,
            "SUBSCRIPTION": self.subscription,
            "IDENTITY_ENDPOINT": self.cloud.identity_endpoint,
            "IDENTITY_HEADER": self.cloud.identity_header,
            "REQUESTS_CA_BUNDLE": certificates,
            "NODE_EXTRA_CA_CERTS": certificates,
            "SSL_CERT_FILE": certificates,
        }


@contextmanager
def served(state: Path, profile: Profile = DEFAULT) -> Iterator[Served]:
    """The started cloud, with time passing freely."""
    passing = Passing(MovableTime())
    with running_cloud(state, passing.time, profile=profile) as cloud:
        cloud.observers.append(passing.after)
        seen: list[Exchange] = []
        cloud.observers.append(seen.append)
        yield Served(cloud, passing, seen)


def make_group(served: Served) -> None:
    """The resource group, for clients that do not make groups."""
    path = f"/subscriptions/{served.subscription}/resourceGroups/{GROUP}"
    call = Driver(served.cloud, served.passing.time).call
    made = call("PUT", path, {"location": REGION}, api="2024-11-01")
    assert made.status_code == 201, made.text
