"""A CLI that is logged in to an emulated cloud, and what its tests begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from packages.localcloud.tests.clients.az import AzCli
from packages.localcloud.tests.clients.served import GROUP, REGION, Served

DISK = "/subscriptions/{}/resourceGroups/images/providers/Microsoft.Compute/disks/os"


@dataclass(frozen=True)
class Session(Served):
    """A CLI that is logged in, the cloud it talks to, that cloud's time, and all they said."""

    az: AzCli

    def image(self, name: str, generation: str = "V2") -> str:
        """Adds a generalized Linux image with one data disk; its id."""
        disk = {"managedDisk": {"id": DISK.format(self.subscription)}}
        os_disk = {"osType": "Linux", "osState": "Generalized", "diskSizeGB": 30} | disk
        scope = f"/subscriptions/{self.subscription}/resourceGroups/{GROUP}"
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
