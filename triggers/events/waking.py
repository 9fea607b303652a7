"""Wake an orchestration that waits. The event is a hint that carries nothing that counts; it may be lost."""

import logging

import azure.durable_functions as df

log = logging.getLogger("gallery_migrator")


async def wake(
    client: df.DurableOrchestrationClient, migration: str, event: str, key: str = ""
) -> None:
    """Raise the event; an instance that is gone or has ended is normal (docs/platform-notes.md#raising-events)."""
    try:
        await client.raise_event(migration, event, key)
    except Exception as error:  # noqa: BLE001 - that is what the SDK raises
        log.info("%s: could not be woken with %s: %s", migration, event, type(error).__name__)
