"""The records in one table of Azure Table storage: the backend for a deployed app.

Every call is one request, and the SDK retries none: a write that is sent twice would take its own
first success for somebody else's. Instead:

1. Each write carries a random write id in the entity.
2. When its answer is a conflict, or no answer at all, the entity is read once; if it carries that
   id the write has succeeded. Otherwise the answer stands.
3. A read that fails is tried once more at once. Waiting longer is the caller's business.

The table is made when the first record finds none.
"""

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from records.backends import table_calls
from records.backends.chunks import from_properties, to_properties
from records.backends.encoding import (
    encode,
    is_bound,
    is_key,
    is_plain,
    no_keys,
    no_range,
    to_plain,
)
from records.backends.table_errors import record_error
from records.store import (
    Json,
    Record,
    RecordChangedError,
    RecordError,
    RecordExistsError,
    Records,
    RecordsUnavailableError,
)

if TYPE_CHECKING:
    from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential, TokenCredential
    from azure.data.tables import TableClient, TableEntity

    Credential = TokenCredential | AzureNamedKeyCredential | AzureSasCredential

TABLE = "migrations"
_OPTIONS: Mapping[str, Any] = {
    "retry_total": 0,
    "connection_timeout": 3,
    "read_timeout": 10,
    # The first one that takes Microsoft Entra tokens.
    "api_version": "2020-12-06",
}

_Answer = TypeVar("_Answer")
_Send = Callable[["TableClient", table_calls.Entity], table_calls.Written]


class TableRecords:
    """The records in `table` at `endpoint` (`https://<account>.table.core.windows.net`).

    The identity needs the role Storage Table Data Contributor on the account or the table.
    """

    def __init__(self, *, endpoint: str, credential: "Credential", table: str = TABLE) -> None:
        self._connect = partial(_client, endpoint, credential, table)
        self._client: TableClient | None = None
        self._connecting = threading.Lock()

    @classmethod
    def from_connection_string(
        cls, connection_string: str, *, table: str = TABLE
    ) -> "TableRecords":
        """The same with an account key, as Azurite has one (`UseDevelopmentStorage=true`)."""
        from azure.data.tables import TableClient

        with TableClient.from_connection_string(connection_string, table) as client:
            return cls(endpoint=client.url, credential=client.credential, table=table)

    def insert(self, partition: str, row: str, value: Json) -> Record:
        """See `RecordStore.insert`."""
        return self._write(partition, row, value, table_calls.insert)

    def put(self, partition: str, row: str, value: Json) -> Record:
        """See `RecordStore.put`."""
        return self._write(partition, row, value, table_calls.put)

    def replace(self, partition: str, row: str, value: Json, etag: str) -> Record:
        """See `RecordStore.replace`."""
        return self._write(partition, row, value, partial(table_calls.replace, etag))

    def read(self, partition: str, row: str) -> Record | None:
        """See `RecordStore.read`."""
        _check(partition, row)
        entity = self._twice(partial(table_calls.read, partition, row))
        return None if entity is None else _record(entity)

    def list(
        self, partition: str, *, prefix: str = "", after: str = "", limit: int | None = None
    ) -> Records:
        """See `RecordStore.list`."""
        least = 1 if limit is None else limit
        if not (is_key(partition) and is_bound(prefix) and is_bound(after) and least > 0):
            raise no_range(partition, prefix, after, least)
        where = table_calls.range_filter(partition, prefix, after)
        return [_record(entity) for entity in self._twice(partial(table_calls.query, where, limit))]

    def delete(self, partition: str, row: str, etag: str | None = None) -> None:
        """See `RecordStore.delete`."""
        _check(partition, row)
        self._call(partial(table_calls.delete, partition, row, etag))

    def _write(self, partition: str, row: str, value: Json, send: _Send) -> Record:
        _check(partition, row)
        text, write = encode(value), uuid.uuid4().hex
        text = text if is_plain(text) else to_plain(text)
        entity = {"PartitionKey": partition, "RowKey": row, "write": write, **to_properties(text)}
        try:
            etag = _etag(self._call(lambda client: send(client, entity)))
        except (RecordExistsError, RecordChangedError, RecordsUnavailableError):
            own = self._own(partition, row, write)
            if own is None:
                raise
            return own
        return Record(partition, row, json.loads(text), etag)

    def _own(self, partition: str, row: str, write: str) -> Record | None:
        """The record if this very write has made it, None if that is not so or not known."""
        try:
            entity = self._call(partial(table_calls.read, partition, row))
        except RecordError:
            return None
        return _record(entity) if entity is not None and entity.get("write") == write else None

    def _twice(self, ask: Callable[["TableClient"], _Answer]) -> _Answer:
        try:
            return self._call(ask)
        except RecordsUnavailableError as error:
            if error.retry_after is not None:
                raise
        return self._call(ask)

    def _call(self, ask: Callable[["TableClient"], _Answer]) -> _Answer:
        """Ask the table, and tell what goes wrong in the records' words."""
        from azure.core.exceptions import AzureError, DeserializationError

        try:
            return ask(self._open())
        except AzureError as error:
            raise record_error(error) from error
        except DeserializationError as error:
            raise RecordsUnavailableError("this is no answer of Table storage") from error

    def _open(self) -> "TableClient":
        with self._connecting:
            if self._client is None:
                self._client = self._connect().__enter__()
            return self._client


def _check(partition: str, row: str) -> None:
    if not (is_key(partition) and is_key(row)):
        raise no_keys(partition, row)


def _client(endpoint: str, credential: "Credential", table: str) -> "TableClient":
    from azure.data.tables import TableClient

    return TableClient(endpoint, table, credential=credential, **_OPTIONS)


def _record(found: "TableEntity") -> Record:
    value = json.loads(from_properties(found))
    return Record(found["PartitionKey"], found["RowKey"], value, str(found.metadata["etag"]))


def _etag(written: table_calls.Written) -> str:
    """The new etag; an answer without one is not the service's (a gateway's page, say)."""
    etag = written["etag"]
    if not etag:
        raise RecordsUnavailableError("a success without an etag is no answer of Table storage")
    return str(etag)
