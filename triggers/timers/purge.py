"""The timer's purge: histories of orchestrations that ended long ago, but those of migrations without an outcome; and
people, from the audit of what ended longer ago. The records stay: they are what people read."""

import logging
from datetime import UTC, datetime

import azure.durable_functions as df

import clock
from domain.migration.restarting import ENDED
from records.store import RecordError
from services.audit_erasing import erase_people
from services.dependencies import Dependencies, dependencies
from services.threads import in_records

log = logging.getLogger("gallery_migrator")

# Always named, or more would be purged: docs/platform-notes.md#purging-by-time
_ENDED = [
    status for status in df.OrchestrationRuntimeStatus if status.name in {r.value for r in ENDED}
]


async def purge(client: df.DurableOrchestrationClient) -> None:
    """Purge what was created longer ago than the retention and has ended."""
    app = dependencies()
    await _erase(app)
    until = clock.now() - app.settings.history_retention
    try:
        result = await client.purge_instance_history_by(
            created_time_from=datetime.fromtimestamp(0, tz=UTC),
            created_time_to=min([until, *await _needed(app, client)]),
            runtime_status=_ENDED,
        )
    except Exception as error:  # noqa: BLE001 - that is what the SDK raises
        log.warning("histories could not be purged now: %s", type(error).__name__)
        return
    if result.instances_deleted:
        log.info("purged %s histories", result.instances_deleted)


async def _erase(app: Dependencies) -> None:
    """Erase people from the audit of what ended long ago; what cannot be done now is done the next night."""
    before = clock.now() - app.settings.audit_people_retention
    try:
        await in_records(erase_people, app.records, before)
    except RecordError as error:
        log.warning("people could not be erased from the audit now: %s", error)


async def _needed(app: Dependencies, client: df.DurableOrchestrationClient) -> list[datetime]:
    """Return when those orchestrations were created that have ended without an outcome: the sweep still has to read
    how."""
    created = []
    for migration, _, _ in await in_records(app.records.open_migrations):
        status = await client.get_status(migration)
        if status.runtime_status in _ENDED and status.created_time:
            created.append(status.created_time)
    return created
