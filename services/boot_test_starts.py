"""Start the orchestration of a boot test that no migration waits for."""

import logging

import azure.durable_functions as df

ORCHESTRATION = "boot_test"

log = logging.getLogger("gallery_migrator")


async def start_boot_test(client: df.DurableOrchestrationClient, test_id: str) -> None:
    """Start it; that it runs already is fine. A failure here loses nothing: the record stays, and the sweep starts
    it."""
    try:
        await client.start_new(ORCHESTRATION, test_id)
    except Exception as error:  # noqa: BLE001 - that is what the SDK raises
        # docs/platform-notes.md#starting-an-id-again
        if "already exists" not in str(error):
            log.warning("%s: not started yet, the sweep will: %s", test_id, type(error).__name__)
            return
    log.info("%s: started", test_id)
