"""The app's settings and records, made once per worker process."""

import os
from functools import cache
from typing import TYPE_CHECKING

from migration.settings import Settings
from records.migrations import MigrationRecords
from records.store import RecordStore

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


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
    return TableRecords.from_connection_string(
        chosen.records_table_connection_string, table=chosen.records_table_name
    )
