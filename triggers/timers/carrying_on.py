"""One orchestration that the sweep keeps going, a migration's or a restore's: looked at, and begun, started again or
terminated as `domain/migration/restarting.py` decides.

What stands in its record was read before the orchestration is looked at: whatever changes meanwhile makes every write
fail.
"""

import logging
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import azure.durable_functions as df

from domain.migration.latch import Restart
from domain.migration.restarting import (
    OrchestrationState,
    Report,
    RestartPolicy,
    Runtime,
    StartAgain,
    Step,
)
from services.dependencies import Dependencies
from services.orchestrations import look_at_orchestrations
from services.threads import in_records

# For a starter, or a last activity, that is still at it.
GRACE = timedelta(minutes=2)

log = logging.getLogger("gallery_migrator")

End = TypeVar("End", covariant=True)


class Watched(Protocol[End]):
    """Something without an outcome, as its record was read. `End`: what becomes of it when it cannot go on."""

    @property
    def instance(self) -> str:
        """The instance id of its orchestration."""

    @property
    def children(self) -> tuple[str, ...]:
        """The instance ids of those that it may wait for."""

    @property
    def accepted_at(self) -> datetime:
        """The time at which it was accepted."""

    def judge(
        self,
        parent: OrchestrationState,
        children: tuple[OrchestrationState, ...],
        now: datetime,
        policy: RestartPolicy,
    ) -> Step | StartAgain | Report | End:
        """Decide what to do about it."""

    async def begin(self, client: df.DurableOrchestrationClient) -> None:
        """Start its orchestration, which reads all it needs from the record."""

    def write_restart(self, start: Restart) -> bool:
        """Write down that the next run is started; False if something has happened since it was looked at: of two
        sweeps one wins, and one that dies behind this has counted it."""

    def write_stop(self) -> bool:
        """Write down that the app itself ends its orchestration; False as above."""


async def carry_on(
    app: Dependencies, client: df.DurableOrchestrationClient, watched: Watched[End], now: datetime
) -> End | Report | Step | None:
    """Keep it going. Returns what is left to the caller: its end, a report, or that it was left alone."""
    seen = await look_at_orchestrations(client, watched.instance, watched.children)
    if seen is None:
        log.warning("%s: the durable extension does not say how it stands", watched.instance)
        return None
    parent, children = seen
    if parent.runtime is Runtime.MISSING and now - watched.accepted_at <= GRACE:
        return None
    settings = app.settings
    policy = RestartPolicy(settings.restart_limit, settings.restart_delay, app.version)
    judged = watched.judge(parent, children, now, policy)
    if isinstance(judged, StartAgain):
        await _start_again(client, watched, judged.start)
    elif judged is Step.BEGIN:
        await watched.begin(client)
    elif judged is Step.TERMINATE:
        await _terminate(client, watched)
    else:
        return judged
    return None


async def _start_again(
    client: df.DurableOrchestrationClient, watched: Watched[End], start: Restart
) -> None:
    if not await in_records(watched.write_restart, start):
        return
    log.warning("%s: started again (run %s): %s", watched.instance, start.run, start.cause)
    await watched.begin(client)


async def _terminate(client: df.DurableOrchestrationClient, watched: Watched[End]) -> None:
    """The next sweep finds it Terminated by the app itself, and starts it again."""
    if await in_records(watched.write_stop):
        log.warning("%s: its orchestration hangs and is terminated", watched.instance)
        await client.terminate(watched.instance, "it hangs; the sweep starts it again")
