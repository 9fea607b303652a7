"""A backend that counts what it is asked and what it gives."""

from __future__ import annotations

from collections import Counter

from records.store import Json, Record, Records, RecordStore


class Counting:
    """A backend behind which another one works: `asked` counts its reads, lists and writes, and the rows they gave."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self.asked: Counter[str] = Counter()

    def insert(self, partition: str, row: str, value: Json) -> Record:
        """See `RecordStore.insert`."""
        self.asked["writes"] += 1
        return self._store.insert(partition, row, value)

    def put(self, partition: str, row: str, value: Json) -> Record:
        """See `RecordStore.put`."""
        self.asked["writes"] += 1
        return self._store.put(partition, row, value)

    def replace(self, partition: str, row: str, value: Json, etag: str) -> Record:
        """See `RecordStore.replace`."""
        self.asked["writes"] += 1
        return self._store.replace(partition, row, value, etag)

    def read(self, partition: str, row: str) -> Record | None:
        """See `RecordStore.read`."""
        found = self._store.read(partition, row)
        self.asked.update(queries=1, rows=1 if found else 0)
        return found

    def list(
        self, partition: str, *, prefix: str = "", after: str = "", limit: int | None = None
    ) -> Records:
        """See `RecordStore.list`."""
        rows = self._store.list(partition, prefix=prefix, after=after, limit=limit)
        self.asked.update(queries=1, rows=len(rows))
        return rows

    def delete(self, partition: str, row: str, etag: str | None = None) -> None:
        """See `RecordStore.delete`."""
        self.asked["writes"] += 1
        self._store.delete(partition, row, etag)
