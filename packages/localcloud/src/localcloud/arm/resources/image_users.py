"""The other services that make machines from images, as a table: what they must be told, and what they add.

Their resources are kept as sent and answered at once. The property paths are those of the services'
SDKs, which `make clients` drives against them; no recording holds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localcloud.arm.protocol.call import Call
from localcloud.arm.protocol.errors import refusal
from localcloud.arm.protocol.timestamps import arm_time
from localcloud.arm.provisioning.kinds import Draft, Kind, plain
from localcloud.arm.resources.untyped import extras_of
from localcloud.arm.state.model import Json, Resource
from localcloud.arm.state.world import World

_LISTS, _TEXTS = (list, "a list"), (str, "a text")


@dataclass(frozen=True, slots=True)
class User:
    """A type: the properties that it must have, of which kind some of them are, what the service adds.

    required, lists, texts: paths below `properties`. timed: the property with its time of creation.
    stated: whether it has a provisioningState.
    """

    type: str
    required: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    added: tuple[tuple[str, Any], ...] = ()
    timed: str | None = None
    located: bool = True
    stated: bool = True
    created_status: int = 201


USERS: tuple[User, ...] = (
    User(
        "Microsoft.VirtualMachineImages/imageTemplates",
        required=("source.type", "distribute"),
        lists=("distribute", "customize"),
        texts=("source.imageId",),
    ),
    User("Microsoft.Batch/batchAccounts", created_status=200),
    User(
        "Microsoft.Batch/batchAccounts/pools",
        required=("vmSize", "deploymentConfiguration"),
        texts=("deploymentConfiguration.virtualMachineConfiguration.imageReference.id",),
        added=(("allocationState", "Steady"), ("currentDedicatedNodes", 0)),
        timed="creationTime",
        located=False,
        created_status=200,
    ),
    User(
        "Microsoft.AzureFleet/fleets",
        required=("computeProfile.baseVirtualMachineProfile", "vmSizesProfile"),
        lists=("vmSizesProfile", "additionalLocationsProfile.locationProfiles"),
        timed="timeCreated",
    ),
    User(
        "Microsoft.DevOpsInfrastructure/pools",
        required=("fabricProfile.kind", "maximumConcurrency", "devCenterProjectResourceId"),
        lists=("fabricProfile.images",),
    ),
    User("Microsoft.ServiceFabric/managedClusters", required=("dnsName", "adminUserName")),
    User(
        "Microsoft.ServiceFabric/managedClusters/nodeTypes",
        required=("isPrimary", "vmInstanceCount"),
        texts=("vmImageResourceId", "vmSharedGalleryImageId"),
        located=False,
        created_status=200,
    ),
    User(
        "Microsoft.DesktopVirtualization/hostPools",
        required=("hostPoolType", "loadBalancerType", "preferredAppGroupType"),
        # The template is JSON inside a text.
        texts=("vmTemplate",),
        stated=False,
    ),
    User("Microsoft.DevTestLab/labs", timed="createdDate"),
    User(
        "Microsoft.DevTestLab/labs/customImages",
        texts=("managedImageId",),
        timed="creationDate",
        located=False,
    ),
    User(
        "Microsoft.DevTestLab/labs/virtualMachines",
        texts=("customImageId",),
        timed="createdDate",
    ),
)


def at(inner: Json, path: str) -> Any:
    """The value at a path of names with periods between them, None where there is none."""
    value: Any = inner
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _check(user: User, inner: Json) -> None:
    for path in user.required:
        if at(inner, path) is None:
            raise refusal("required", parameter=f"properties.{path}")
    kinds = [(path, _LISTS) for path in user.lists] + [(path, _TEXTS) for path in user.texts]
    for path, (kind, said) in kinds:
        if at(inner, path) is not None and not isinstance(at(inner, path), kind):
            raise refusal("body", reason=f"properties.{path} must be {said}")


def _kind(user: User) -> Kind:
    def write(_world: World, call: Call, existing: Resource | None) -> Draft:
        inner = dict(call.body.get("properties") or {})
        _check(user, inner)
        old: Json = existing.properties if existing else {}
        made: Json = dict(user.added)
        if user.timed:
            made[user.timed] = old.get(user.timed) or arm_time(call.now)
        return Draft(made | inner, 0, extras=extras_of(call.body))

    def unstated(resource: Resource, _call: Call) -> Json:
        return dict(resource.properties)

    return Kind(
        user.type,
        "other",
        write,
        show=plain if user.stated else unstated,
        synchronous=True,
        located=user.located,
        created_status=user.created_status,
        delete_status=200,
    )


KINDS: tuple[Kind, ...] = tuple(_kind(user) for user in USERS)
