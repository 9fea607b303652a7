"""Start the orchestration of a boot test that no migration waits for."""

import logging

import azure.durable_functions as df

from services.orchestrations import start_instance

ORCHESTRATION = "boot_test"

log = logging.getLogger("gallery_migrator")


async def start_boot_test(client: df.DurableOrchestrationClient, test_id: str) -> None:
    """Start it, as `start_instance` does."""
    if await start_instance(client, ORCHESTRATION, test_id):
        log.info("%s: started", test_id)
