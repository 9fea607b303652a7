"""A migration without an outcome, as the sweep keeps it going."""

from dataclasses import dataclass
from datetime import datetime

import azure.durable_functions as df

from domain.migration.latch import Halt, Restart, restart, stop
from domain.migration.recorded import Snapshot
from domain.migration.restarting import (
    Decision,
    OrchestrationState,
    RestartPolicy,
    judge_orchestration,
)
from records.migrations import MigrationRecords
from services.migrations import start_orchestration
from services.orchestrations import watches_of
from services.timeline import tell_restarts


@dataclass(frozen=True)
class WatchedMigration:
    """See `triggers/timers/carrying_on.py`."""

    records: MigrationRecords
    snapshot: Snapshot

    @property
    def instance(self) -> str:
        """The migration's id."""
        return self.snapshot.accepted.id

    @property
    def children(self) -> tuple[str, ...]:
        """Its two watches."""
        return watches_of(self.instance)

    @property
    def accepted_at(self) -> datetime:
        """The time at which it was accepted."""
        return self.snapshot.accepted.accepted_at

    def judge(
        self,
        parent: OrchestrationState,
        children: tuple[OrchestrationState, ...],
        now: datetime,
        policy: RestartPolicy,
    ) -> Decision:
        """Decide what to do about it."""
        return judge_orchestration(self.snapshot, parent, children, now, policy)

    async def begin(self, client: df.DurableOrchestrationClient) -> None:
        """Start its orchestration."""
        await start_orchestration(self.records, client, self.snapshot.accepted)

    def write_restart(self, start: Restart) -> bool:
        """Write down the next run, and its line in the timeline."""
        seen = self.snapshot.latch
        held = self.records.change_latch(self.instance, lambda latch: restart(latch, seen, start))
        if isinstance(held, Halt):
            return False
        tell_restarts(self.records, self.snapshot.model_copy(update={"latch": held}))
        return True

    def write_stop(self) -> bool:
        """Write down that the app itself terminates it."""
        seen = self.snapshot.latch
        held = self.records.change_latch(self.instance, lambda latch: stop(latch, seen))
        return not isinstance(held, Halt)
