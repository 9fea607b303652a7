"""Orchestrations of the durable extension: started under an id, and their states as it tells them."""

import logging
from collections.abc import Iterable

import azure.durable_functions as df
from azure.durable_functions.models import DurableOrchestrationStatus

from domain.ids import PHASES, replication_instance_id
from domain.migration.restarting import OrchestrationState, Runtime

log = logging.getLogger("gallery_migrator")

Looked = tuple[OrchestrationState, tuple[OrchestrationState, ...]]


def watches_of(migration: str) -> tuple[str, ...]:
    """The instance ids of a migration's children."""
    return tuple(replication_instance_id(migration, phase) for phase in PHASES)


async def start_instance(
    client: df.DurableOrchestrationClient, orchestration: str, instance: str
) -> bool:
    """Start an orchestration that reads all it needs from its record; that it runs already is fine. False when it could
    not be started, which loses nothing: the record stays, and the sweep starts what has no orchestration."""
    try:
        await client.start_new(orchestration, instance)
    except Exception as error:  # noqa: BLE001 - that is what the SDK raises
        # docs/platform-notes.md#starting-an-id-again
        if "already exists" not in str(error):
            log.warning("%s: not started yet, the sweep will: %s", instance, type(error).__name__)
            return False
    return True


async def look_at_orchestrations(
    client: df.DurableOrchestrationClient, instance: str, children: Iterable[str] = ()
) -> Looked | None:
    """An orchestration and its children; None when the extension does not say."""
    parent = _state_of(await client.get_status(instance))
    if parent is None:
        return None
    seen = [_state_of(await client.get_status(child)) for child in children]
    states = tuple(child for child in seen if child is not None)
    return (parent, states) if len(states) == len(seen) else None


def _state_of(status: DurableOrchestrationStatus) -> OrchestrationState | None:
    """Return the state in an SDK's status, or None when the extension failed to tell it.

    The SDK makes a status of the extension's 500 too; only a 404 has no body at all
    (docs/platform-notes.md#statuses-without-an-instance).
    """
    if status.runtime_status is None:
        missing = getattr(status, "message", None) == ""
        return OrchestrationState(Runtime.MISSING) if missing else None
    output = status.output
    return OrchestrationState(
        runtime=Runtime(status.runtime_status.name),
        text=output if isinstance(output, str) else "",
        updated_at=status.last_updated_time,
        superseded=isinstance(output, dict) and output.get("over") is True,
    )
