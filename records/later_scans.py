"""The second look for users of a deleted image: `open` / `<migration id>-users`, from before the DELETE until people
were told, and `<migration id>` / `lateUsers`: who appeared. The first lies among what the sweep looks at, so it costs a
sweep nothing to find, and no death loses it.
"""

from datetime import datetime

from domain.audit.undo import looked_again
from domain.deletion.late_users import LaterScan, LateUsers, later_scan_id
from records.audit import AuditRecords

_OPEN = "open"


class LaterScanRecords(AuditRecords):
    """Reads and writes of scans that are due. Every method may raise RecordsUnavailableError."""

    def plan_later_scan(self, migration: str, due: datetime, known: tuple[str, ...]) -> None:
        """Look again at that time; `known`: the users that were there before the DELETE, by id."""
        later = LaterScan(at=due, known=known)
        self._store.put(_OPEN, later_scan_id(migration), later.model_dump(mode="json"))

    def read_later_scan(self, migration: str) -> LaterScan | None:
        """The scan that is due, or None if there is none."""
        record = self._store.read(_OPEN, later_scan_id(migration))
        return LaterScan.model_validate(record.value) if record else None

    def write_late_users(self, migration: str, found: LateUsers) -> None:
        """Keep who appeared."""
        if self.audited:
            # Before the row, behind which nobody comes here again.
            self.write_audit(migration, looked_again(found, self.audit_now()))
        self._store.put(migration, "lateUsers", found.model_dump(mode="json"))

    def close_later_scan(self, migration: str) -> None:
        """It was made and told, or is not needed."""
        self._store.delete(_OPEN, later_scan_id(migration))
