"""The kinds of resources that use images, as a table: where each names its image, and what that means for the image.

The first use whose path and condition fit is the one that counts. What names the image anywhere else, and whatever has
a type that is not in the table, blocks: nobody here knows what for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from domain.values import Json


class Effect(StrEnum):
    """The effect of a user on the deletion of its image."""

    BLOCKS = "blocks"
    WARNS = "warns"


@dataclass(frozen=True)
class Use:
    """A way of using an image. `path`: where, without indices; `effect` None: it does not need the image at all."""

    path: str
    words: str
    effect: Effect | None
    when: Callable[[Json], bool] = lambda _properties: True


@dataclass(frozen=True)
class Kind:
    """A kind of resources. `made`: paths of the time when it was last made from its image, the first that is there."""

    name: str
    uses: tuple[Use, ...] = ()
    made: tuple[str, ...] = ()


def at(properties: Json, path: str) -> object:
    """The value at a path of names with points between them, None where there is none."""
    value: object = properties
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _ephemeral(properties: Json) -> bool:
    settings = at(properties, "storageProfile.osDisk.diffDiskSettings")
    return isinstance(settings, dict) and bool(settings.get("option"))


def _not_full(properties: Json) -> bool:
    return str(at(properties, "publishingProfile.replicationMode") or "Full").lower() != "full"


def _unfinished(properties: Json) -> bool:
    # Failed and Canceled ones read nothing any more.
    state = str(at(properties, "provisioningState") or "unknown").lower()
    return state not in {"succeeded", "failed", "canceled"}


_MACHINE = "storageProfile.imageReference.id"
_MACHINE_USES = (
    Use(
        _MACHINE,
        "its OS disk is ephemeral, so reimaging reads the image again",
        Effect.BLOCKS,
        _ephemeral,
    ),
    Use(_MACHINE, "was made from the image and has a disk of its own", Effect.WARNS),
)
_SOURCE = "storageProfile.source.id"
_MODEL = "its model names the image, so it cannot grow or reimage without it"

MACHINE = "microsoft.compute/virtualmachines"
SCALE_SET = "microsoft.compute/virtualmachinescalesets"
SCALE_SET_MACHINE = "microsoft.compute/virtualmachinescalesets/virtualmachines"
VERSION = "microsoft.compute/galleries/images/versions"
TEMPLATE = "microsoft.virtualmachineimages/imagetemplates"
BATCH_POOL = "microsoft.batch/batchaccounts/pools"
FLEET = "microsoft.azurefleet/fleets"
DEVOPS_POOL = "microsoft.devopsinfrastructure/pools"
NODE_TYPE = "microsoft.servicefabric/managedclusters/nodetypes"
HOST_POOL = "microsoft.desktopvirtualization/hostpools"
LAB_IMAGE = "microsoft.devtestlab/labs/customimages"
DISK = "microsoft.compute/disks"

_FLEET_PROFILES = (
    "computeProfile.baseVirtualMachineProfile",
    "additionalLocationsProfile.locationProfiles[].virtualMachineProfileOverride",
)

KINDS: dict[str, Kind] = {
    MACHINE: Kind("virtual machine", _MACHINE_USES, ("timeCreated",)),
    SCALE_SET: Kind(
        "scale set",
        (Use(f"virtualMachineProfile.{_MACHINE}", _MODEL, Effect.BLOCKS),),
    ),
    SCALE_SET_MACHINE: Kind("machine of a scale set", _MACHINE_USES, ("timeCreated",)),
    VERSION: Kind(
        "image version",
        (
            Use(_SOURCE, "is a shallow version, which reads the image", Effect.BLOCKS, _not_full),
            Use(_SOURCE, "is still being made from the image", Effect.BLOCKS, _unfinished),
            Use(_SOURCE, "has a copy of its own", None),
        ),
        ("publishingProfile.publishedDate",),
    ),
    TEMPLATE: Kind(
        "Image Builder template",
        (
            Use("source.imageId", "builds from the image", Effect.BLOCKS),
            Use("distribute[].imageId", "makes the image anew at each build", Effect.BLOCKS),
        ),
        ("lastRunStatus.endTime", "lastRunStatus.startTime"),
    ),
    BATCH_POOL: Kind(
        "Batch pool",
        (
            Use(
                "deploymentConfiguration.virtualMachineConfiguration.imageReference.id",
                "its nodes are made from the image",
                Effect.BLOCKS,
            ),
        ),
        ("allocationStateTransitionTime", "creationTime"),
    ),
    FLEET: Kind(
        "Compute Fleet",
        tuple(
            Use(f"{profile}.{_MACHINE}", "its machines are made from the image", Effect.BLOCKS)
            for profile in _FLEET_PROFILES
        ),
        ("timeCreated",),
    ),
    DEVOPS_POOL: Kind(
        "Managed DevOps pool",
        (
            Use(
                "fabricProfile.images[].resourceId",
                "its agents are made from the image",
                Effect.BLOCKS,
            ),
        ),
    ),
    NODE_TYPE: Kind(
        "Service Fabric node type",
        (Use("vmImageResourceId", "its nodes are made from the image", Effect.BLOCKS),),
    ),
    HOST_POOL: Kind(
        "Virtual Desktop host pool",
        (Use("vmTemplate", "its session hosts are made from the image", Effect.BLOCKS),),
    ),
    LAB_IMAGE: Kind(
        "DevTest Labs custom image",
        (Use("managedImageId", "is the image under a name in a lab", Effect.BLOCKS),),
        ("creationDate",),
    ),
    DISK: Kind(
        "disk",
        (
            Use("creationData.imageReference.id", "was made from the image", Effect.WARNS),
            Use("creationData.galleryImageReference.id", "was made from the image", Effect.WARNS),
        ),
        ("timeCreated",),
    ),
}
