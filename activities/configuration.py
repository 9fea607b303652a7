"""The app's settings and records, made once per worker process."""

import logging
import os
from functools import cache
from typing import TYPE_CHECKING

from domain.errors import Problem
from domain.settings import InvalidSettings, Settings
from records.migrations import MigrationRecords
from records.store import RecordStore

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_NO_TABLE = Problem(
    field="RECORDS_TABLE_ENDPOINT",
    message="is required, since neither AzureWebJobsStorage__tableServiceUri nor AzureWebJobsStorage names a table "
    "service; set it to https://<account>.table.core.windows.net",
)
_NO_CONNECTION = Problem(
    field="RECORDS_TABLE_CONNECTION_STRING",
    message="is no connection string of a storage account (it may have come from AzureWebJobsStorage)",
)

log = logging.getLogger("gallery_migrator")


def settings_at_start() -> Settings:
    """The settings that the app's functions are registered with: the defaults while any of them is wrong.

    A host only disables a timer whose schedule it cannot read, and an app that cannot be loaded answers nothing at all.
    So the app is always loaded, and every route says what is wrong. The log says it once here.
    """
    try:
        return Settings.from_environ(os.environ)
    except InvalidSettings as invalid:
        log.error("invalid settings: %s", invalid)
        return Settings()


@cache
def settings() -> Settings:
    """The settings in the environment. Raises InvalidSettings with every one that is wrong."""
    return Settings.from_environ(os.environ)


@cache
def records() -> MigrationRecords:
    """The records in the home that the settings name."""
    return MigrationRecords(_store(settings()))


@cache
def credential() -> "TokenCredential":
    """Who the app is in Azure: the managed identity there, the developer's login elsewhere."""
    from azure.identity import DefaultAzureCredential

    # Its clients would sleep between their tries; an activity answers at once, and the orchestrator waits.
    return DefaultAzureCredential(retry_total=0)


def _store(chosen: Settings) -> RecordStore:
    if chosen.records_store == "sqlite":
        from records.sqlite import SqliteRecords

        return SqliteRecords(chosen.records_sqlite_path)
    from records.table import TableRecords

    if chosen.records_table_endpoint:
        return TableRecords(
            endpoint=chosen.records_table_endpoint,
            credential=credential(),
            table=chosen.records_table_name,
        )
    if not chosen.records_table_connection_string:
        raise InvalidSettings([_NO_TABLE])
    try:
        return TableRecords.from_connection_string(
            chosen.records_table_connection_string, table=chosen.records_table_name
        )
    except ValueError as error:
        raise InvalidSettings([_NO_CONNECTION]) from error
