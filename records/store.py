"""The contract of a backend of the records: one small interface, its value and its errors.

A record is one JSON object under a partition and a row, with an etag that changes at every write.
Every call is one atomic step at the backend, so that a claim is won by exactly one writer; there are
no transactions over several records. The same contract test runs against both backends.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from domain.errors import MigratorError

Json = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """A JSON object as the backend holds it; `etag` is opaque and names this very write."""

    partition: str
    row: str
    value: Json
    etag: str


Records = list[Record]


class RecordError(MigratorError):
    """The backend answered with something no caller can act on; the base of all the others."""


class RecordExistsError(RecordError):
    """An insert of a key that somebody else has written already."""


class RecordChangedError(RecordError):
    """The etag given is no longer the current one, or the record is gone."""


class RecordTooLargeError(RecordError):
    """The value does not fit into one record of this backend."""


class RecordsUnavailableError(RecordError):
    """An outage: network, throttling, 5xx, a locked database, a full disk. Try again later.

    Whether a write took place is open: read the record before drawing a conclusion from it.
    `retry_after` is what the backend asked for in seconds, None when it did not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RecordStore(Protocol):
    """One backend of the records; calls may come from many threads and processes at once.

    Partition and row: 1 to 255 characters of `A-Z a-z 0-9 . _ -`. Anything else, and a value that
    is no JSON object, is a bug of the caller: ValueError. Every method may raise
    `RecordsUnavailableError`, every write `RecordTooLargeError`.
    """

    def insert(self, partition: str, row: str, value: Json) -> Record:
        """Write a record that must not be there yet; `RecordExistsError` when it is."""

    def put(self, partition: str, row: str, value: Json) -> Record:
        """Write a record whether or not it is there."""

    def replace(self, partition: str, row: str, value: Json, etag: str) -> Record:
        """Write over the record that has this etag; `RecordChangedError` when it is not there."""

    def read(self, partition: str, row: str) -> Record | None:
        """Return the record, or None if there is none."""

    def list(
        self, partition: str, *, prefix: str = "", after: str = "", limit: int | None = None
    ) -> Records:
        """The records in ordinal order of their rows, which start with `prefix`; with a `limit` the first of them.

        Only rows greater than `after` are given: the last row of a page continues the list. Fewer than `limit` are
        given at the end only.
        """

    def delete(self, partition: str, row: str, etag: str | None = None) -> None:
        """Remove the record. Without an etag a missing record is fine, with one `RecordChangedError`."""
