"""All that exists in the emulated cloud, in memory for reading and in the store for keeping."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from zlib import crc32

from localcloud.arm.state.delayed import Delayed
from localcloud.arm.state.durations import draw
from localcloud.arm.state.model import Json, Operation, Resource, Tombstone
from localcloud.arm.state.profile import Profile
from localcloud.arm.state.states import envelope, is_gone, properties
from localcloud.arm.state.store import Store

# The hidden mark of what ends by itself: a moment.
ENDS = "ends"
# Hears of a resource that is about to be deleted, under which correlation id and by which client.
Watcher = Callable[[Resource, str, str], None]


def _extends(key: str, prefix: str) -> bool:
    """Return True if this is no child but an extension of the resource, such as a lock."""
    return key.startswith("providers/", len(prefix))


class World:
    """Resources by id without case, by type, and by the collection they are listed in.

    A resource whose deletion has ended is removed when it is next looked at; its tombstone stays.
    """

    def __init__(self, store: Store, now: Callable[[], datetime], profile: Profile) -> None:
        self.store = store
        self.now = now
        self.profile = profile
        self.operations: dict[str, Operation] = {}
        self.tombstones: list[Tombstone] = []
        self.delayed = Delayed()
        self.watchers: list[Watcher] = []
        self._resources: dict[str, Resource] = {}
        self._collections: dict[str, dict[str, Resource]] = defaultdict(dict)
        self._types: dict[str, dict[str, Resource]] = defaultdict(dict)
        self._load()

    def _load(self) -> None:
        kept = self.store.take()
        self.operations, self.tombstones = kept.operations, kept.tombstones
        for resource in kept.resources.values():
            self._hold(resource)
            self.delayed.note(resource.created, resource.key, resource)

    def _hold(self, resource: Resource) -> None:
        key = resource.key
        self._resources[key] = resource
        self._collections[resource.collection][key] = resource
        self._types[resource.type.lower()][key] = resource

    def clear(self) -> None:
        """Forget everything."""
        self.store.clear()
        self.operations.clear()
        self.tombstones.clear()
        self.delayed.clear()
        self._resources.clear()
        self._collections.clear()
        self._types.clear()

    def random(self, what: str) -> Random:
        """Return a random generator; it is the same for the same seed, resource and time."""
        return Random(self._seed(what))  # noqa: S311 - repeatable draws, no secret

    def _seed(self, what: str) -> str:
        return f"{self.profile.seed}|{what}|{self.now().timestamp()}"

    def seconds(self, kind: str, what: str) -> float:
        """Return how many seconds an operation of this kind will take, drawn unless the profile fixes it."""
        fixed = self.profile.seconds.get(kind)
        if fixed is not None:
            return fixed
        # A tenth of the time that a Random takes.
        drawn = crc32(self._seed(what).encode()) / 2**32
        return draw(kind, drawn) * self.profile.time_scale

    def find(self, resource_id: str) -> Resource | None:
        """The resource, unless it does not exist (any more) or is soft-deleted."""
        resource = self._resources.get(resource_id.lower())
        if resource is None or resource.soft_deleted is not None:
            return None
        return None if self._bury_if_gone(resource) else resource

    def find_soft_deleted(self, resource_id: str) -> Resource | None:
        """The soft-deleted version of that id."""
        self.find(resource_id)
        resource = self._resources.get(resource_id.lower())
        return resource if resource and resource.soft_deleted is not None else None

    def listed(self, collection: str) -> list[Resource]:
        """The resources of one collection, in the order of their creation."""
        return self._present(self._collections.get(collection.lower()))

    def of_type(self, kind: str) -> list[Resource]:
        """The resources of a type (`Microsoft.Compute/images`, any case), in that order."""
        return self._present(self._types.get(kind.lower()))

    def _present(self, resources: Mapping[str, Resource] | None) -> list[Resource]:
        if not resources:
            return []
        return [
            r
            for r in list(resources.values())
            if r.soft_deleted is None and not self._bury_if_gone(r)
        ]

    def every(self, predicate: Callable[[Resource], bool] = lambda _: True) -> list[Resource]:
        """All resources that pass, in the order of their creation."""
        passing = [r for r in list(self._resources.values()) if predicate(r)]
        return [r for r in passing if r.soft_deleted is None and not self._bury_if_gone(r)]

    def soft_deleted(self, collection: str) -> list[Resource]:
        """The soft-deleted resources of a collection."""
        self.listed(collection)
        resources = self._collections.get(collection.lower(), {}).values()
        return [r for r in resources if r.soft_deleted is not None]

    def below(self, resource_id: str) -> Iterator[str]:
        """Ids of what ARM still counts as nested in a resource.

        For `index_lag` seconds after a child has gone ARM's own index still holds it.
        """
        prefix = resource_id.lower() + "/"
        nested = [k for k in self._collections if k.startswith(prefix) and not _extends(k, prefix)]
        for key in nested:
            for child in self.listed(key):
                yield child.id
        since = self.now() - timedelta(seconds=self.profile.index_lag)
        for tombstone in self.tombstones:
            key = tombstone.id.lower()
            if tombstone.gone > since and key.startswith(prefix) and not _extends(key, prefix):
                yield tombstone.id

    def save(self, resource: Resource | None = None, *, operation: Operation | None = None) -> None:
        """Keep a resource together with the operation that changes it."""
        self.store.save(resource, operation)
        if resource:
            known = resource.key in self._resources
            self.delayed.note(self.now() if known else resource.created, resource.key, resource)
            self._hold(resource)
        if operation:
            self.operations[operation.id] = operation

    def _bury_if_gone(self, resource: Resource) -> bool:
        if ENDS in resource.hidden:
            return self._bury_if_ended(resource)
        if resource.change != "Deleting" or not is_gone(resource, self.now()):
            return False
        assert resource.ready is not None
        gone = resource.ready
        if resource.hidden.get("soft delete"):
            self.save(replace(resource, change="None", ready=None, soft_deleted=gone, hidden={}))
        else:
            self.bury([resource], gone, str(resource.hidden.get("deleted by", "")))
        return True

    def _bury_if_ended(self, resource: Resource) -> bool:
        end = datetime.fromisoformat(resource.hidden[ENDS])
        if self.now() >= end:
            self.bury([resource], end, "")
            return True
        going = is_gone(resource, self.now()) and resource.ready is not None
        if going:
            self.bury([resource], resource.ready or end, "")
        return going

    def announce(self, resource: Resource, correlation: str, client: str) -> None:
        """Tell the watchers of a deletion that nothing stands against any more, before it begins."""
        for watcher in self.watchers:
            watcher(resource, correlation, client)

    def bury(self, resources: Iterable[Resource], gone: datetime, correlation: str) -> None:
        """Remove resources for good and keep their tombstones."""
        resources = list(resources)
        stones = [Tombstone(r.id, r.type, gone, correlation, self._remains(r)) for r in resources]
        self.store.bury([r.key for r in resources], stones)
        self.tombstones.extend(stones)
        for resource in resources:
            self.delayed.note(gone, resource.key, None)
            self._resources.pop(resource.key, None)
            self._collections[resource.collection].pop(resource.key, None)
            self._types[resource.type.lower()].pop(resource.key, None)

    def _remains(self, resource: Resource) -> Json:
        return envelope(resource, properties(resource, self.now()))
