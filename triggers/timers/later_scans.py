"""The sweep's second look for users of images that were deleted a while ago.

Behind everything else that a sweep does, and a few of them only: a scan takes up to a minute.
"""

import logging
from datetime import datetime

from domain.deletion.late_users import (
    LaterScan,
    LateUsers,
    late_users,
    later_scan_of,
    worth_waiting,
)
from domain.migration.recorded import Snapshot
from domain.migration.stages import ImageFate
from domain.notices.notice import LATE_USERS
from domain.restore.recorded import RestoreState, newest
from services.dependencies import Dependencies
from services.references import scan_references
from services.threads import in_records
from services.timeline import tell_after
from triggers.timers.telling import Teller

MOST_SCANS = 5
STEP = "users after the deletion"
_GONE = frozenset({ImageFate.DELETED.value, ImageFate.UNKNOWN.value})

log = logging.getLogger("gallery_migrator")


class LaterScans:
    """The later scans of one sweep."""

    def __init__(self, app: Dependencies, teller: Teller) -> None:
        self._app, self._teller, self._scans = app, teller, 0

    async def look(self, row: str, due: datetime, now: datetime) -> None:
        """Make one that is due, unless this sweep has made enough, and tell people."""
        migration, records = later_scan_of(row), self._app.records
        if migration is None or now < due:
            return
        later = await in_records(records.read_later_scan, migration)
        snapshot = await in_records(records.snapshot, migration)
        if later is None or (snapshot is not None and snapshot.finished is None):
            return
        if snapshot is None or not _still_gone(snapshot) or await self._told(snapshot, later, now):
            await in_records(records.close_later_scan, migration)

    async def _told(self, snapshot: Snapshot, later: LaterScan, now: datetime) -> bool:
        """Scan, unless it was done already, and tell; True once nothing is left to do."""
        found = snapshot.late_users
        if found is None:
            if self._scans >= MOST_SCANS:
                return False
            self._scans += 1
            found = await self._scan(snapshot, later, now)
        if found is None:
            return False
        await in_records(self._write, snapshot, found, now)
        again = await in_records(self._app.records.snapshot, snapshot.accepted.id)
        if again is None or not found.users:
            return True
        return await self._teller.has_told(again, LATE_USERS, now)

    async def _scan(self, snapshot: Snapshot, later: LaterScan, now: datetime) -> LateUsers | None:
        """Return who appeared; None while a later scan may know more."""
        plan = snapshot.planned
        scan = await scan_references(self._app, plan.image, None, plan.version_id)
        if worth_waiting(scan, later.at, now):
            gaps = "; ".join(map(str, scan.gaps))
            log.warning("%s: it is looked again who needs it: %s", snapshot.accepted.id, gaps)
            return None
        return late_users(scan, later.known, snapshot.accepted.id)

    def _write(self, snapshot: Snapshot, found: LateUsers, now: datetime) -> None:
        migration, records = snapshot.accepted.id, self._app.records
        if snapshot.late_users is None:
            level = logging.ERROR if found.users else logging.INFO
            log.log(level, "%s: %s", migration, found.text)
            records.write_late_users(migration, found)
        tell_after(records, migration, STEP, now, found.text)


def _still_gone(snapshot: Snapshot) -> bool:
    """Return True if the image was deleted by us, and not made again since."""
    restored = newest(snapshot.restores)
    again = restored is not None and restored.state is RestoreState.RESTORED
    end = snapshot.finished
    return end is not None and end.result.get("image") in _GONE and not again
