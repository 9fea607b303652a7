"""The last complete scan for users of images, for each scope: what a later one is held against.

`scans` / `<scope>`: the counts. Whoever writes last wins: all of them were complete.
"""

from domain.references.scan import ScanCounts
from records.rows import Rows

_SCANS = "scans"


class ScanRecords(Rows):
    """Reads and writes of scans. Every method may raise RecordsUnavailableError."""

    def last_scan(self, scope: str) -> ScanCounts | None:
        """The counts of the last complete scan of a scope, None before the first."""
        record = self._store.read(_SCANS, scope)
        return ScanCounts.model_validate(record.value) if record else None

    def write_scan(self, scope: str, counts: ScanCounts) -> None:
        """Remember a complete scan."""
        self._store.put(_SCANS, scope, counts.model_dump(mode="json"))
