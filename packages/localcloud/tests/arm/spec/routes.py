"""The emulator's routes: those that the saved swagger describes, and rules for the others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from localcloud.arm.protocol.call import Exchange
from packages.localcloud.tests.arm.spec.addresses import option, path_of

_CHANGES = ("CreateOrUpdate", "Update", "Get", "Delete")

# The swagger's operations for each type of resource that the emulator has rules for.
PUBLISHED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Microsoft.Compute/images": ("Images", (*_CHANGES, "ListByResourceGroup", "List")),
    "Microsoft.Compute/galleries": ("Galleries", (*_CHANGES, "ListByResourceGroup", "List")),
    "Microsoft.Compute/galleries/images": ("GalleryImages", (*_CHANGES, "ListByGallery")),
    "Microsoft.Compute/galleries/images/versions": (
        "GalleryImageVersions",
        (*_CHANGES, "ListByGalleryImage"),
    ),
    "Microsoft.Compute/galleries/applications": (
        "GalleryApplications",
        (*_CHANGES, "ListByGallery"),
    ),
    "Microsoft.Compute/galleries/applications/versions": (
        "GalleryApplicationVersions",
        (*_CHANGES, "ListByGalleryApplication"),
    ),
    "Microsoft.Compute/virtualMachines": (
        "VirtualMachines",
        (
            *(*_CHANGES, "List", "ListAll", "ListByLocation", "Generalize", "Deallocate"),
            *("InstanceView", "RetrieveBootDiagnosticsData"),
        ),
    ),
}
# Routes beside the types' own, by the emulator's name for them.
PUBLISHED_ROUTES: Mapping[str, str] = {
    "microsoft.compute/galleries/softdeletedartifacttypes/artifacts/versions": (
        "SoftDeletedResource_ListByArtifactName"
    ),
    "microsoft.compute/galleries/share": "GallerySharingProfile_Update",
    "microsoft.compute/locations/virtualmachines": "VirtualMachines_ListByLocation",
    "microsoft.compute/virtualmachines/instanceview": "VirtualMachines_InstanceView",
    "microsoft.compute/virtualmachines/retrievebootdiagnosticsdata": (
        "VirtualMachines_RetrieveBootDiagnosticsData"
    ),
}
OPERATIONS = frozenset(
    f"{group}_{verb}" for group, verbs in PUBLISHED.values() for verb in verbs
) | frozenset(PUBLISHED_ROUTES.values())

_PROVIDERS = (
    ("GalleryRP", re.compile(r"/providers/microsoft\.compute/galleries(/|$)", re.IGNORECASE)),
    (
        "ComputeRP",
        re.compile(
            r"/providers/microsoft\.compute/(images|virtualmachines|locations/[^/]+/virtualmachines)(/|$)",
            re.IGNORECASE,
        ),
    ),
)
# Not an api-version at all: sent so as to be refused.
UNKNOWN_VERSION = "2020-02-30"


def provider_of(exchange: Exchange) -> str | None:
    """The folder of the swagger that describes the request, None when none does."""
    path = path_of(exchange)
    if (
        "/providers/Microsoft.Authorization/" in path
        or "/runCommands" in path
        or api_version(exchange) == UNKNOWN_VERSION
    ):
        return None
    return next((name for name, pattern in _PROVIDERS if pattern.search(path)), None)


def api_version(exchange: Exchange) -> str:
    """The request's api-version."""
    return parse_qs(urlsplit(exchange.url).query).get("api-version", [""])[0]


@dataclass(frozen=True, slots=True)
class Unpublished:
    """A route that no saved swagger describes: why, and the keys its good answers have.

    `kind` is the emulator's name for it (`routing.py`); `keys` are those of the body, or of every
    line of a list; `asked` is the method by which it has to be taken.
    """

    kind: str
    pattern: str
    reason: str
    keys: frozenset[str]
    asked: str = "GET"

    def matches(self, exchange: Exchange) -> bool:
        """Return True if the request takes this route."""
        return bool(re.search(self.pattern, path_of(exchange), re.IGNORECASE))

    def fault(self, exchange: Exchange) -> str | None:
        """Return the fault of a successful answer, or None; a Location answers the resource that was made."""
        body = exchange.response_body
        made = option(exchange.url, "monitor") is not None
        if exchange.status >= 400 or not isinstance(body, dict) or made:
            return None
        lines: list[Any] = body.get("value", [body])
        missing = [self.keys - set(line) for line in lines if self.keys - set(line)]
        return f"{exchange.url}: without {missing}" if missing else None


def _provider(kind: str, reason: str, keys: frozenset[str]) -> Unpublished:
    """A type of resource, its lists left out."""
    space, _, types = kind.partition("/")
    names = "".join(f"/{re.escape(part)}/[^/]+" for part in types.split("/"))
    return Unpublished(kind, rf"/providers/{re.escape(space)}{names}$", reason, keys)


def _listed(kind: str, reason: str, keys: frozenset[str]) -> Unpublished:
    """The lists of a type of resource."""
    space, _, types = kind.partition("/")
    *above, last = types.split("/")
    names = "".join(f"/{re.escape(part)}/[^/]+" for part in above)
    pattern = rf"/providers/{re.escape(space)}{names}/{re.escape(last)}$"
    return Unpublished(kind, pattern, reason, keys)


def _subscription(kind: str, below: str, keys: frozenset[str]) -> Unpublished:
    """A route below one subscription."""
    return Unpublished(kind, rf"^/subscriptions/[^/]+{below}$", _ELSEWHERE, keys)


_RESOURCE = frozenset({"id", "name", "type"})
_TRACKED = _RESOURCE | {"location", "properties"}
_ELSEWHERE = "the swagger of Microsoft.Resources and Microsoft.Authorization was not saved"
_SETS = (
    "the swagger of scale sets was not saved: `bicep_types.py` holds them to its generated types"
)
_COMMANDS = (
    "the swagger of run commands was not saved: `bicep_types.py` holds them to its generated types"
)
_NETWORKS = "Microsoft.Network's swagger was not saved: only what machines make of it is there"
_USERS = "another service, whose swagger was not saved"
_DISKS = "DiskRP's swagger was not saved: its resources are there only to make images from"
UNPUBLISHED: tuple[Unpublished, ...] = (
    Unpublished(
        "operation results",
        r"/providers/Microsoft\.Compute/locations/[^/]+/[a-z]*operations/[^/]+$",
        "operation results are in no swagger at all",
        frozenset({"startTime", "status", "name"}),
    ),
    Unpublished(
        "unknown api-version",
        r"/providers/Microsoft\.Compute/galleries/refused$",
        "asked for with an api-version that does not exist: a swagger cannot know it",
        frozenset(),
    ),
    Unpublished(
        "subscriptions",
        r"^/subscriptions$",
        _ELSEWHERE,
        frozenset({"id", "subscriptionId", "tenantId", "displayName", "state"}),
    ),
    Unpublished("tenants", r"^/tenants$", _ELSEWHERE, frozenset({"id", "tenantId"})),
    _subscription("", "", frozenset({"id", "subscriptionId", "tenantId", "displayName", "state"})),
    _subscription("resourcegroups", "/resourcegroups(/[^/]+)?", _TRACKED),
    _subscription("resources", "/resources", _RESOURCE | {"location", "createdTime"}),
    _subscription("locations", "/locations", frozenset({"id", "name", "displayName"})),
    _subscription("providers", "/providers(/[^/]+)?", frozenset({"namespace", "resourceTypes"})),
    _subscription("operationresults", "/operationresults/[^/]+", frozenset()),
    _subscription("tagnames", "/tagnames(/[^/]+)?", frozenset()),
    _provider("microsoft.compute/disks", _DISKS, _TRACKED),
    _provider("microsoft.compute/snapshots", _DISKS, _TRACKED),
    _provider("microsoft.compute/diskencryptionsets", _DISKS, _TRACKED),
    Unpublished(
        "microsoft.authorization/locks",
        r"/providers/Microsoft\.Authorization/locks(/[^/]+)?$",
        _ELSEWHERE,
        _RESOURCE | {"properties"},
    ),
    _provider("microsoft.compute/virtualmachines/runcommands", _COMMANDS, _TRACKED),
    _listed("microsoft.compute/virtualmachines/runcommands", _COMMANDS, _TRACKED),
    _provider("microsoft.network/virtualnetworks", _NETWORKS, _TRACKED),
    _provider("microsoft.network/networkinterfaces", _NETWORKS, _TRACKED),
    _provider("microsoft.compute/virtualmachinescalesets", _SETS, _TRACKED | {"sku"}),
    _provider(
        "microsoft.compute/virtualmachinescalesets/virtualmachines",
        _SETS,
        _TRACKED | {"instanceId"},
    ),
    _listed("microsoft.compute/virtualmachinescalesets", _SETS, _TRACKED | {"sku"}),
    _listed(
        "microsoft.compute/virtualmachinescalesets/virtualmachines",
        _SETS,
        _TRACKED | {"instanceId"},
    ),
    Unpublished(
        "microsoft.compute/locations/virtualmachinescalesets",
        r"/locations/[^/]+/virtualMachineScaleSets$",
        _SETS,
        _TRACKED | {"sku"},
    ),
    Unpublished(
        "microsoft.compute/virtualmachinescalesets/manualupgrade",
        r"/virtualMachineScaleSets/[^/]+/manualupgrade$",
        _SETS,
        frozenset(),
        asked="POST",
    ),
    Unpublished(
        "microsoft.compute/virtualmachinescalesets/delete",
        r"/virtualMachineScaleSets/[^/]+/delete$",
        _SETS,
        frozenset(),
        asked="POST",
    ),
    Unpublished(
        "microsoft.compute/virtualmachinescalesets/deallocate",
        r"/virtualMachineScaleSets/[^/]+/deallocate$",
        _SETS,
        frozenset(),
        asked="POST",
    ),
    Unpublished(
        "resource graph",
        r"^/providers/Microsoft\.ResourceGraph/resources$",
        "the swagger of Microsoft.ResourceGraph was not saved",
        frozenset({"totalRecords", "count", "data", "facets", "resultTruncated"}),
        asked="POST",
    ),
    *(
        made(kind, _USERS, _RESOURCE | {"properties"})
        for kind in (
            "microsoft.virtualmachineimages/imagetemplates",
            "microsoft.batch/batchaccounts",
            "microsoft.batch/batchaccounts/pools",
            "microsoft.azurefleet/fleets",
            "microsoft.devopsinfrastructure/pools",
            "microsoft.servicefabric/managedclusters",
            "microsoft.servicefabric/managedclusters/nodetypes",
            "microsoft.desktopvirtualization/hostpools",
            "microsoft.devtestlab/labs",
            "microsoft.devtestlab/labs/customimages",
            "microsoft.devtestlab/labs/virtualmachines",
        )
        for made in (_provider, _listed)
    ),
    _provider("microsoft.resources/deployments", _ELSEWHERE, _RESOURCE | {"properties"}),
    _provider(
        "microsoft.resources/deployments/operationstatuses", _ELSEWHERE, frozenset({"status"})
    ),
)
