"""The stores that the settings name: of the records, and of the audit's anchors."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import clock
from domain.errors import Problem
from domain.settings import InvalidSettingsError, Settings
from records.audit import AuditBook
from records.migrations import MigrationRecords
from records.store import RecordStore

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

Credential = Callable[[], "TokenCredential"]


class Place(NamedTuple):
    """A table, by its endpoint or else a connection string. `setting`: how the names of its settings begin."""

    setting: str
    endpoint: str
    connection: str
    table: str


def open_records(chosen: Settings, credential: Credential) -> MigrationRecords:
    """The records, with the book of their audit if there is a key. Raises InvalidSettingsError."""
    return MigrationRecords(_store(chosen, credential), _book(chosen, credential))


def _store(chosen: Settings, credential: Credential) -> RecordStore:
    if chosen.records_store == "sqlite":
        return _sqlite(chosen.records_sqlite_path)
    place = Place(
        "RECORDS_TABLE",
        chosen.records_table_endpoint,
        chosen.records_table_connection_string,
        chosen.records_table_name,
    )
    return _table(place, credential)


def _book(chosen: Settings, credential: Credential) -> AuditBook | None:
    """The audit's book; None while there is no key."""
    if not chosen.audit_keys:
        return None
    return AuditBook(_anchors(chosen, credential), chosen.keys_of_audit, clock.now)


def _anchors(chosen: Settings, credential: Credential) -> RecordStore:
    """Never where the records are: whoever puts those back from a copy must not put the anchors back with them."""
    if chosen.records_store == "sqlite":
        beside = Path(chosen.records_sqlite_path).with_suffix(".anchors.sqlite")
        return _sqlite(chosen.audit_anchors_sqlite_path or str(beside))
    place = Place(
        "AUDIT_ANCHORS_TABLE",
        chosen.audit_anchors_table_endpoint,
        chosen.audit_anchors_table_connection_string,
        chosen.audit_anchors_table_name,
    )
    return _table(place, credential)


def _sqlite(path: str) -> RecordStore:
    from records.backends.sqlite import SqliteRecords

    return SqliteRecords(path)


def _table(place: Place, credential: Credential) -> RecordStore:
    """The table that settings name. Raises InvalidSettingsError."""
    from records.backends.table import TableRecords

    if place.endpoint:
        return TableRecords(endpoint=place.endpoint, credential=credential(), table=place.table)
    if not place.connection:
        raise InvalidSettingsError([_no_table(place.setting)])
    try:
        return TableRecords.from_connection_string(place.connection, table=place.table)
    except ValueError as error:
        raise InvalidSettingsError([_no_connection(place.setting)]) from error


def _no_table(setting: str) -> Problem:
    return Problem(
        field=f"{setting}_ENDPOINT",
        message="is required, since neither AzureWebJobsStorage__tableServiceUri nor AzureWebJobsStorage names a "
        "table service; set it to https://<account>.table.core.windows.net",
    )


def _no_connection(setting: str) -> Problem:
    return Problem(
        field=f"{setting}_CONNECTION_STRING",
        message="is no connection string of a storage account (it may have come from AzureWebJobsStorage)",
    )
