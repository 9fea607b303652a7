"""A restore without an end, as the sweep keeps it going."""

import logging
from dataclasses import dataclass
from datetime import datetime

import azure.durable_functions as df

import clock
from domain.ids import restore_id
from domain.migration.latch import Halt, Restart
from domain.migration.restarting import (
    Course,
    Ended,
    Judgement,
    OrchestrationState,
    Report,
    RestartPolicy,
    for_people,
    judge_course,
)
from domain.notices.notice import RESTORED
from domain.restore.recorded import Restore, RestoreState, close, implied_end, restart, stop
from records.migrations import MigrationRecords
from services.dependencies import Dependencies
from services.restores import settle_restore_end, start_restore
from services.threads import in_records
from triggers.timers.carrying_on import carry_on
from triggers.timers.telling import Teller

log = logging.getLogger("gallery_migrator")


@dataclass(frozen=True)
class WatchedRestore:
    """See `triggers/timers/carrying_on.py`."""

    records: MigrationRecords
    restore: Restore

    @property
    def instance(self) -> str:
        """The restore's id."""
        return restore_id(self.restore.migration, self.restore.attempt)

    @property
    def children(self) -> tuple[str, ...]:
        """It has none."""
        return ()

    @property
    def accepted_at(self) -> datetime:
        """The time at which it was accepted."""
        return self.restore.accepted_at

    def judge(
        self,
        parent: OrchestrationState,
        children: tuple[OrchestrationState, ...],
        now: datetime,
        policy: RestartPolicy,
    ) -> Judgement:
        """Decide what to do about it."""
        one = self.restore
        course = Course(one.started, one.run, one.stopped_run, one.restarts, one.mark)
        return judge_course(course, parent, children, now, policy)

    async def begin(self, client: df.DurableOrchestrationClient) -> None:
        """Start its orchestration."""
        await start_restore(self.records, client, self.restore)

    def write_restart(self, start: Restart) -> bool:
        """Write down the next run."""
        return self._written(
            self.records.change_restore(
                self.restore.migration,
                self.restore.attempt,
                lambda restore: restart(restore, self.restore, start),
            )
        )

    def write_stop(self) -> bool:
        """Write down that the app itself terminates it."""
        return self._written(
            self.records.change_restore(
                self.restore.migration,
                self.restore.attempt,
                lambda restore: stop(restore, self.restore),
            )
        )

    def end(self, ended: Ended, now: datetime) -> None:
        """Write the end that the record implies, if nothing has happened since it was looked at."""
        end = implied_end(self.restore, ended.how, for_people(ended.text), now)
        held = self.records.change_restore(
            self.restore.migration,
            self.restore.attempt,
            lambda restore: close(restore, self.restore, end),
        )
        if not isinstance(held, Halt):
            settle_restore_end(self.records, held)

    def _written(self, held: Restore | Halt) -> bool:
        return not isinstance(held, Halt)


async def look_at_restore(
    app: Dependencies,
    client: df.DurableOrchestrationClient,
    teller: Teller,
    migration: str,
    attempt: int,
) -> bool:
    """Keep a restore going, or see to what its end has left to do; False if there is no such restore."""
    restore = await in_records(app.records.read_restore, migration, attempt)
    if restore is None:
        return False
    now, watched = clock.now(), WatchedRestore(app.records, restore)
    if restore.finished:
        await in_records(settle_restore_end, app.records, restore)
        if await _everybody_knows(app, teller, restore, now):
            await in_records(app.records.close_restore_pointer, migration, attempt)
        return True
    match await carry_on(app, client, watched, now):
        case Ended() as ended:
            await in_records(watched.end, ended, now)
        case Report(warning):
            log.warning("%s: %s", watched.instance, warning)
    return True


async def _everybody_knows(
    app: Dependencies, teller: Teller, restore: Restore, now: datetime
) -> bool:
    """Tell that an image is there again; True once nobody waits for that any more."""
    if restore.state is not RestoreState.RESTORED:
        return True
    snapshot = await in_records(app.records.snapshot, restore.migration)
    kind = f"{RESTORED}.{restore.attempt}"
    return snapshot is None or await teller.has_told(snapshot, kind, now)
