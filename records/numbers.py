"""The numbers of versions that migrations have taken for themselves, so that of many at once each has its own.

- `versions.<hash of the definition>` / `<number>`: which migration has it. The insert is the claim; a number is never
  given twice, whatever became of the version.
"""

from hashlib import sha256

from domain.ids import MAX_VERSION_PART, fold, parse_version_name
from records.rows import Rows
from records.store import RecordExistsError

_PAGE = 1000


class NumberRecords(Rows):
    """Reads and writes of version numbers. Every method may raise RecordsUnavailable."""

    def take_number(self, definition: str, first: str, migration: str) -> str | None:
        """Take the first number from `first` on that no migration has, counting up the patch; None if none is left."""
        partition = f"versions.{sha256(fold(definition).encode()).hexdigest()[:32]}"
        major, minor, patch = parse_version_name(first)
        for record in self.each(partition, _row(major, minor, patch - 1) if patch else "", _PAGE):
            major, minor, patch = max((major, minor, patch), _after(record.row))
        while patch <= MAX_VERSION_PART:
            try:
                self._store.insert(partition, _row(major, minor, patch), {"migration": migration})
            except RecordExistsError:
                patch += 1
                continue
            return f"{major}.{minor}.{patch}"
        return None


def _row(*parts: int) -> str:
    return ".".join(f"{part:010d}" for part in parts)


def _after(row: str) -> tuple[int, int, int]:
    major, minor, patch = (int(part) for part in row.split("."))
    return major, minor, patch + 1
