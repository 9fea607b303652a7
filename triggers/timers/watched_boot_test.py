"""A boot test that is not finished, as the sweep keeps it going: until nothing is left of its machine, however often.

One that may not go on (somebody terminated it, or it died too often without coming further) has no verdict on its
version, and is started again all the same: to clean up.
"""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

import azure.durable_functions as df

from domain.boot_test.judging import inconclusive
from domain.boot_test.recorded import BootSnapshot, restart, stop
from domain.migration.latch import Halt, Restart
from domain.migration.restarting import (
    Course,
    Ended,
    OrchestrationState,
    Report,
    RestartPolicy,
    StartAgain,
    Step,
    delay_after,
    for_people,
    judge_course,
)
from records.migrations import MigrationRecords
from services.boot_test_starts import start_boot_test


@dataclass
class WatchedBootTest:
    """See `triggers/timers/carrying_on.py`. `over`: it may only clean up."""

    records: MigrationRecords
    snapshot: BootSnapshot
    over: bool = field(default=False, init=False)

    @property
    def instance(self) -> str:
        """The test's id."""
        return self.snapshot.test.id

    @property
    def children(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def accepted_at(self) -> datetime:
        """The time at which it was accepted."""
        return self.snapshot.test.accepted_at

    def judge(
        self,
        parent: OrchestrationState,
        children: tuple[OrchestrationState, ...],
        now: datetime,
        policy: RestartPolicy,
    ) -> Step | StartAgain | Report:
        """Decide what to do about it: whatever ended is started again, ever more rarely."""
        state = self.snapshot.state
        course = Course(state.started, state.run, state.stopped_run, state.restarts, self._mark)
        judged = judge_course(course, parent, children, now, policy)
        if not isinstance(judged, Ended):
            return judged
        self.over = True
        before = state.restarts
        if before and now < before[-1].at + delay_after(len(before), policy.delay):
            return Step.LEAVE
        text = for_people(judged.text)
        cause = f"its orchestration {judged.how}{f' ({text})' if text else ''}"
        return StartAgain(Restart(run=state.run + 1, at=now, cause=cause, mark=self._mark))

    @property
    def _mark(self) -> str:
        """Changes when the test moves on."""
        state = self.snapshot.state
        seen = (state.stage.value, state.vm_ids, state.up_at, state.left)
        return sha256(repr(seen).encode()).hexdigest()[:16]

    async def begin(self, client: df.DurableOrchestrationClient) -> None:
        """Start its orchestration."""
        await start_boot_test(client, self.instance)

    def write_restart(self, start: Restart) -> bool:
        """Write down the next run; with it the verdict of a test that may not go on."""
        verdict = inconclusive("OrchestrationEnded", start.cause, start.at) if self.over else None
        seen = self.snapshot.state
        held = self.records.change_boot_state(
            self.instance, lambda state: restart(state, seen, start, verdict)
        )
        return not isinstance(held, Halt)

    def write_stop(self) -> bool:
        """Write down that the app itself terminates it."""
        seen = self.snapshot.state
        held = self.records.change_boot_state(self.instance, lambda state: stop(state, seen))
        return not isinstance(held, Halt)
