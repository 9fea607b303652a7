"""Lists what the emulator leaves out on purpose: not compared with the recordings, and counted.

`sent` rows are still sent, because later exchanges build on them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from packages.localcloud.tests.arm.replay.recordings import ARM_HOSTS, Interaction


@dataclass(frozen=True)
class Row:
    """Exchanges whose `METHOD path` matches are left out, for this reason."""

    pattern: str
    reason: str
    sent: bool = False

    def covers(self, interaction: Interaction) -> bool:
        """Return True if the exchange is one of these."""
        text = f"{interaction.method} {interaction.path}"
        return re.search(self.pattern, text, re.IGNORECASE) is not None


_OTHER_COMPUTE = (
    r"/providers/Microsoft\.Compute/"
    r"(?!images(/|\?|$)|galleries(/|\?|$)|locations/[^/]+/(caps)?operations/)"
)
TABLE = (
    Row(r"/publishers/.*/artifacttypes/", "the marketplace catalogue"),
    Row(r"/providers/Microsoft\.Network", "networks: only what machines are attached to"),
    Row(r"/providers/Microsoft\.KeyVault", "key vaults"),
    Row(r"/providers/Microsoft\.ManagedIdentity", "user-assigned identities"),
    Row(r"/providers/Microsoft\.Authorization/role", "roles and their assignments"),
    Row(r"/diskEncryptionSets", "disk encryption sets: kept as sent", sent=True),
    Row(r"/providers/Microsoft\.Storage/", "storage accounts: kept as sent", sent=True),
    Row(r"/DiskOperations/", "the report on a disk: it holds the disk's details", sent=True),
    Row(r"/(disks|snapshots)(/|\?)", "disks and snapshots: only as sources", sent=True),
    Row(r"/virtualMachines(/|\?)", "machines: only as sources and users of images", sent=True),
    Row(r"/deployments/", "template deployments: only the resources they create", sent=True),
    Row(r"/providers/Microsoft\.\w+(\?|$)", "the list of a provider's types"),
    Row(r"/providers/(?!Microsoft\.(Compute|Authorization)/)", "other resource providers"),
    Row(_OTHER_COMPUTE, "other types of compute: kept as sent", sent=True),
    Row(r"/operationresults/", "the deletion of a resource group is over at once"),
    Row(r"/(sharedGalleries|communityGalleries)", "other tenants' galleries"),
)
OTHER_HOST = Row("", "not Azure Resource Manager (login, graph, vaults)")
OF_LEFT_OUT = Row("", "an operation on something left out")


def left_out(interaction: Interaction) -> Row | None:
    """The row that leaves it out, if any."""
    if interaction.host not in ARM_HOSTS:
        return OTHER_HOST
    return next((row for row in TABLE if row.covers(interaction)), None)
