"""The world as something sees it that hears of changes late: Resource Graph.

Changes are kept with their moments; a view takes those that had been heard of by then. Changes that
are older than the longest lag are merged, so that what is kept stays small.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from localcloud.arm.state.model import Resource
from localcloud.arm.state.states import is_gone

LONGEST = timedelta(hours=6)
# Changes that are kept, whatever their age.
_MOST = 20_000


class Delayed:
    """All changes of the world with their moments. Not kept over a restart but for times of creation."""

    def __init__(self) -> None:
        self._settled: dict[str, Resource] = {}
        self._changes: list[tuple[datetime, str, Resource | None]] = []

    def note(self, moment: datetime, key: str, resource: Resource | None) -> None:
        """Remember that the resource of this key became this one, or None, at that moment."""
        self._changes.append((moment, key, resource))
        if len(self._changes) > _MOST:
            self._settle(self._changes[: _MOST // 2])
            del self._changes[: _MOST // 2]

    def clear(self) -> None:
        """Forget everything."""
        self._settled.clear()
        self._changes.clear()

    def view(self, now: datetime, lag: timedelta) -> list[Resource]:
        """The resources as they were a lag ago, in the order of their creation."""
        old = now - LONGEST
        self._settle([change for change in self._changes if change[0] <= old])
        self._changes = [change for change in self._changes if change[0] > old]
        moment = now - min(lag, LONGEST)
        seen = dict(self._settled)
        _apply(seen, [change for change in self._changes if change[0] <= moment])
        return [resource for resource in seen.values() if _exists(resource, moment)]

    def _settle(self, changes: list[tuple[datetime, str, Resource | None]]) -> None:
        _apply(self._settled, changes)


def _apply(seen: dict[str, Resource], changes: list[tuple[datetime, str, Resource | None]]) -> None:
    for _, key, resource in changes:
        if resource is None:
            seen.pop(key, None)
        else:
            seen[key] = resource


def _exists(resource: Resource, moment: datetime) -> bool:
    deleted = resource.soft_deleted is not None and resource.soft_deleted <= moment
    return not deleted and not is_gone(resource, moment)
