"""The sweep's events: those that came when the hour was full are started in their order, as there is room.

What is there now decides, as when an event comes: an image that is gone, or has been migrated since, is dropped. What
cannot be read now, or whose older image is being migrated, waits on.
"""

import logging

import azure.durable_functions as df

from domain.ids import parse_image_id
from domain.migration.event_starts import WaitingEvent
from services.dependencies import Dependencies
from services.threads import in_records
from triggers.events.image_written import (
    EventIgnoredError,
    HourFullError,
    RetryLaterError,
    start_for,
)

log = logging.getLogger("gallery_migrator")


async def start_waiting(app: Dependencies, client: df.DurableOrchestrationClient) -> None:
    """Start what waits, until the hour is full again."""
    if not app.settings.event_grid_mapping:
        return
    for event, etag in await in_records(app.records.waiting_events):
        try:
            await _start(app, client, event)
        except HourFullError:
            return
        except RetryLaterError as later:
            log.info("%s: waits on, %s", event.image_id, later)
            continue
        except Exception:
            log.exception("%s: could not be started, and waits on", event.image_id)
            continue
        await in_records(app.records.drop_event, event, etag)


async def _start(
    app: Dependencies, client: df.DurableOrchestrationClient, event: WaitingEvent
) -> None:
    try:
        image = parse_image_id(event.image_id)
        await start_for(app, image, event.at, event.requester, client)
    except EventIgnoredError as dropped:
        log.log(dropped.level, "%s: dropped, %s", event.image_id, dropped)
