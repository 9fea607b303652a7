"""The numbers of versions that migrations have taken for themselves, so that of many at once each has its own.

- `versions.<hash of the definition>` / `<number>`: which migration has it. The insert is the claim; a number is never
  given twice, whatever became of the version.
"""

from hashlib import sha256

from domain.ids import MAX_VERSION_PART, fold, parse_version_name
from records.rows import Rows
from records.store import RecordExistsError


class NumberRecords(Rows):
    """Reads and writes of version numbers. Every method may raise RecordsUnavailableError."""

    def take_number(
        self, definition: str, first: str, migration: str, taken: str = ""
    ) -> str | None:
        """Take the first number from `first` on that no migration has, counting up the patch; None if none is left.

        One that this migration took before it died is its own still, unless somebody else has it in Azure (`taken`).
        """
        partition = f"versions.{sha256(fold(definition).encode()).hexdigest()[:32]}"
        wanted = major, minor, patch = parse_version_name(first)
        behind = _row(major, minor, patch - 1) if patch else ""
        for record in self._store.list(partition, after=behind):
            number = _parts(record.row)
            own = record.value.get("migration") == migration and number >= wanted
            if own and _name(number) != taken:
                return _name(number)
            major, minor, patch = max((major, minor, patch), (*number[:2], number[2] + 1))
        while patch <= MAX_VERSION_PART:
            try:
                self._store.insert(partition, _row(major, minor, patch), {"migration": migration})
            except RecordExistsError:
                patch += 1
                continue
            return _name((major, minor, patch))
        return None


def _row(*parts: int) -> str:
    return ".".join(f"{part:010d}" for part in parts)


def _parts(row: str) -> tuple[int, int, int]:
    major, minor, patch = (int(part) for part in row.split("."))
    return major, minor, patch


def _name(number: tuple[int, int, int]) -> str:
    return ".".join(map(str, number))
