"""Parses ARM's paths; their case is kept for answers and ignored when a resource is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

_SPELLING = {
    word.lower(): word
    for word in (
        *("subscriptions", "resourceGroups", "providers", "locations", "operationResults"),
        *("Microsoft.Compute", "Microsoft.Authorization", "Microsoft.Network", "Microsoft.Storage"),
        *("Microsoft.Resources", "Microsoft.KeyVault", "deployments", "operationStatuses"),
        *("images", "galleries", "versions", "applications", "share", "locks", "disks"),
        *("snapshots", "virtualMachines", "softDeletedArtifactTypes", "artifacts"),
        *("virtualMachineScaleSets", "Microsoft.VirtualMachineImages", "imageTemplates"),
        *("Microsoft.Batch", "batchAccounts", "pools", "Microsoft.AzureFleet", "fleets"),
        *("Microsoft.DevOpsInfrastructure", "Microsoft.ServiceFabric", "managedClusters"),
        *("nodeTypes", "Microsoft.DesktopVirtualization", "hostPools", "Microsoft.DevTestLab"),
        *("labs", "customImages", "runCommands", "instanceView", "networkInterfaces"),
    )
}


@dataclass(frozen=True, slots=True)
class Target:
    """A path below `/subscriptions/{id}`.

    `kind` is the lower-cased type ("microsoft.compute/galleries/images"), "" for the subscription
    itself, "resourcegroups" for groups. `names` has one entry less than the type has parts when
    the path ends in a collection or, for POST, in an action.
    """

    path: str
    subscription: str
    group: str | None
    kind: str
    types: tuple[str, ...]
    names: tuple[str, ...]
    namespace: str = ""
    # Of an extension resource (a lock): the id of the resource that it extends.
    scope: str = ""

    @property
    def is_collection(self) -> bool:
        """True if the path ends with a type, not a name."""
        return len(self.types) > len(self.names)

    @property
    def key(self) -> str:
        """The lower-cased path, the key of the resource or the collection."""
        return self.path.lower()

    @property
    def type(self) -> str:
        """The type as it was written, `Microsoft.Compute/images`."""
        return "/".join((self.namespace, *self.types)) if self.namespace else self.kind

    @property
    def name(self) -> str:
        """The last name of the path."""
        return self.names[-1] if self.names else ""

    @property
    def parent(self) -> str:
        """The id of the parent resource, "" for top-level ones."""
        return self.path.rsplit("/", 2)[0] if len(self.types) > 1 else ""

    @property
    def group_id(self) -> str:
        """The id of the resource group."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"


def _spelled(parts: list[str]) -> list[str]:
    """The segments with keywords, namespaces and types as Azure spells them; names as they are.

    Keywords and names take turns; after `providers` a namespace comes in between.
    """
    spelled: list[str] = []
    is_keyword = True
    for part in parts:
        word = _SPELLING.get(part.lower(), part) if is_keyword else part
        after_providers = bool(spelled) and spelled[-1] == "providers"
        spelled.append(_SPELLING.get(part.lower(), part) if after_providers else word)
        is_keyword = after_providers or (word != "providers" and not is_keyword)
    return spelled


@lru_cache(maxsize=4096)
def parse(raw: str) -> Target | None:
    """Return the target of a path, or None when it has none of ARM's forms."""
    head, _, last = raw.rpartition("/")
    if last and last != "providers" and "%" not in last:
        place = _parsed(head)
        if place is not None and place.namespace and place.is_collection:
            return _named(place, last)
    return _parsed(raw)


def _named(place: Target, name: str) -> Target:
    """Return the target of a member; only its collection is parsed (and cached), since collections are few."""
    return Target(
        f"{place.path}/{name}",
        place.subscription,
        place.group,
        place.kind,
        place.types,
        (*place.names, name),
        place.namespace,
        place.scope,
    )


@lru_cache(maxsize=4096)
def _parsed(raw: str) -> Target | None:
    # Empty segments go: the az CLI may double slashes.
    parts = _spelled([part for part in unquote(raw).split("/") if part])
    path = "/" + "/".join(parts)
    if len(parts) < 2 or parts[0] != "subscriptions":
        return None
    subscription, rest = parts[1], parts[2:]
    group = None
    if rest and rest[0] == "resourceGroups":
        if len(rest) < 2:
            return Target(path, subscription, None, "resourcegroups", ("resourceGroups",), ())
        group, rest = rest[1], rest[2:]
    if not rest:
        kind, names = ("resourcegroups", (group,)) if group else ("", (subscription,))
        return Target(path, subscription, group, kind, (kind,), names)
    if rest[0] != "providers":
        return Target(
            path, subscription, group, rest[0].lower(), tuple(rest[::2]), tuple(rest[1::2])
        )
    return _provider(path, subscription, group, parts)


def _provider(path: str, subscription: str, group: str | None, parts: list[str]) -> Target | None:
    at = max(i for i, part in enumerate(parts) if part == "providers")
    tail = parts[at + 1 :]
    if not tail:
        return Target(path, subscription, group, "providers", ("providers",), ())
    if len(tail) == 1:
        return Target(path, subscription, group, "providers", ("providers",), (tail[0],))
    types, names = tuple(tail[1::2]), tuple(tail[2::2])
    return Target(
        path,
        subscription,
        group,
        "/".join((tail[0], *types)).lower(),
        types,
        names,
        namespace=tail[0],
        scope="/" + "/".join(parts[:at]),
    )
