"""The requests that the records make of Table storage, one function each.

They raise the SDK's errors, which `records.backends.table_errors` tells in the records' words, except where
only the request knows what an answer means.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from records.backends.encoding import end_of_prefix
from records.store import RecordChangedError

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableEntity

Entity = dict[str, Any]
Written = Mapping[str, Any]

PAGE = 1000
"""The most entities that Table storage gives in one answer."""


def insert(client: "TableClient", entity: Entity) -> Written:
    """Write an entity that must not be there."""
    return _in_its_table(client, partial(client.create_entity, entity))


def put(client: "TableClient", entity: Entity) -> Written:
    """Write an entity in place of whatever is there."""
    from azure.data.tables import UpdateMode

    return _in_its_table(client, partial(client.upsert_entity, entity, UpdateMode.REPLACE))


def replace(etag: str, client: "TableClient", entity: Entity) -> Written:
    """Write in place of the entity with this etag; `RecordChangedError` when it is gone."""
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceNotFoundError
    from azure.data.tables import UpdateMode

    only = MatchConditions.IfNotModified
    try:
        return client.update_entity(entity, UpdateMode.REPLACE, etag=etag, match_condition=only)
    except ResourceNotFoundError as error:
        raise RecordChangedError(f"{entity['PartitionKey']}/{entity['RowKey']} is gone") from error


def read(partition: str, row: str, client: "TableClient") -> "TableEntity | None":
    """The entity, or None; in a table that is not there yet there is none."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return client.get_entity(partition, row)
    except ResourceNotFoundError:
        return None


def query(where: str, limit: int | None, client: "TableClient") -> "list[TableEntity]":
    """The first entities that match the filter, in the service's order: by row, ordinal."""
    from azure.core.exceptions import ResourceNotFoundError

    entities = client.query_entities(where, results_per_page=min(limit or PAGE, PAGE))
    try:
        return list(islice(entities, limit))
    except ResourceNotFoundError:
        return []


def delete(partition: str, row: str, etag: str | None, client: "TableClient") -> None:
    """Remove the entity; with an etag `RecordChangedError` when it is gone (the SDK: silence)."""
    from azure.core import MatchConditions

    statuses: list[int] = []
    client.delete_entity(
        partition,
        row,
        etag=etag,
        match_condition=None if etag is None else MatchConditions.IfNotModified,
        raw_response_hook=lambda answer: statuses.append(answer.http_response.status_code),
    )
    if etag is not None and 404 in statuses:
        raise RecordChangedError(f"{partition}/{row} is gone")


def range_filter(partition: str, prefix: str, after: str) -> str:
    """The filter for `RecordStore.list`; checked keys need no escaping."""
    bounds = [f"PartitionKey eq '{partition}'"]
    if after:
        bounds.append(f"RowKey gt '{after}'")
    if prefix:
        bounds.append(f"RowKey ge '{prefix}' and RowKey lt '{end_of_prefix(prefix)}'")
    return " and ".join(bounds)


def _in_its_table(client: "TableClient", send: Callable[[], Written]) -> Written:
    """Neither an insert nor an upsert can miss anything but the table itself."""
    from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

    try:
        return send()
    except ResourceNotFoundError:
        with suppress(ResourceExistsError):
            client.create_table()
        return send()
