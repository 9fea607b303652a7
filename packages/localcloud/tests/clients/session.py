"""A CLI that is logged in to an emulated cloud, and what the tests begin with.

Time stands still unless it passes freely: then two hours go by after every answer, so that an
operation has ended when the CLI asks for it and no command waits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from localcloud.arm.protocol.call import Exchange
from localcloud.arm.server.arm_cloud import ArmCloud
from localcloud.testing.running_arm import MovableTime
from packages.localcloud.tests.clients.az import AzCli

GROUP = "images"
REGION = "eastus2"
DISK = "/subscriptions/{}/resourceGroups/images/providers/Microsoft.Compute/disks/os"


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
class Session:
    """A CLI that is logged in, the cloud it talks to, that cloud's time, and all they said."""

    az: AzCli
    cloud: ArmCloud
    passing: Passing
    seen: list[Exchange] = field(default_factory=list)

    def image(self, name: str, generation: str = "V2") -> str:
        """Adds a generalized Linux image with one data disk; its id."""
        disk = {"managedDisk": {"id": DISK.format(self.cloud.subscription_ids[0])}}
        os_disk = {"osType": "Linux", "osState": "Generalized", "diskSizeGB": 30} | disk
        scope = f"/subscriptions/{self.cloud.subscription_ids[0]}/resourceGroups/{GROUP}"
        body = {
            "id": f"{scope}/providers/Microsoft.Compute/images/{name}",
            "location": REGION,
            "properties": {
                "storageProfile": {
                    "osDisk": os_disk,
                    "dataDisks": [{"lun": 0, "diskSizeGB": 10} | disk],
                },
                "hyperVGeneration": generation,
            },
        }
        return str(self.cloud.add_image(body)["id"])

    def definition(self, name: str, *more: str) -> list[str]:
        """Creates a gallery (`more`: its options) and a definition; the options that name both."""
        in_gallery = ["-g", GROUP, "-r", name]
        self.az("sig create", *in_gallery, "-l", REGION, *more)
        options = [*in_gallery, "-i", name]
        identity = ["--publisher", "contoso", "--offer", name, "--sku", "2019"]
        self.az("sig image-definition create --os-type linux", *options, *identity)
        return options

    def version(self, options: list[str], *more: str) -> Any:
        """Creates version 1.0.0 under these options; what the CLI prints."""
        return self.az("sig image-version create -e 1.0.0", *options, *more)
