"""Names that Azure refuses for resources whose kind has no rule of its own, and for resource groups."""

from __future__ import annotations

import re

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal

_COMPUTE = re.compile(r"[^_\W][\w.-]{0,79}(?<![-.])\Z", re.ASCII)
_ENTITIES = {
    "microsoft.compute/images": "entity name",
    "microsoft.compute/virtualmachines": "entity name",
    "microsoft.compute/disks": "disk name",
    "microsoft.compute/snapshots": "disk name",
}
_NO_GROUP = re.compile(r"[^\w.()-]")
_LONGEST_GROUP = 90


def check(call: Call) -> None:
    """Raises InvalidParameter for a name that a new image, disk, snapshot or machine cannot have."""
    refused = _ENTITIES.get(call.target.kind)
    if refused and not _COMPUTE.match(call.target.name):
        raise refusal(refused)


def check_group(name: str) -> None:
    """Raises InvalidResourceGroup: letters, digits, `-._()`, at most 90 and no period at the end."""
    if wrong := "".join(dict.fromkeys(_NO_GROUP.findall(name))):
        raise refusal("group name", name=name, wrong=wrong)
    if name.endswith("."):
        raise refusal("group name", name=name, wrong=".")
    if len(name) > _LONGEST_GROUP:
        raise refusal("group name length", name=name, length=len(name), most=_LONGEST_GROUP)
