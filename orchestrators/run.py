"""One run of `migrate_image`: what it knows so far, and the steps every phase takes. Rebuilt by every replay."""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from domain.messages import (
    BEGIN_RUN,
    GIVE_UP_NOTICE,
    NOTIFY,
    RECORD_PROGRESS,
    Activity,
    ActivityRequest,
    NoticeFailure,
    NoticeRequest,
    PlannedMigration,
    ProgressRequest,
    Reply,
    Request,
    RunBegun,
    StepRequest,
    TimedRequest,
)
from domain.migration.stages import (
    AFTER_REPLICATION,
    ImageFate,
    Outcome,
    Stage,
    outcome_of_a_stop,
)
from orchestrators.calls import call_activity
from orchestrators.endings import ActivityFailedError
from orchestrators.waiting import Steps, pause

# Without its record a run knows nothing, not even its limits; and what was done must be written down.
RECORDS_LIMIT = timedelta(days=7)
_NOTICE_WAITS = (timedelta(minutes=1), timedelta(minutes=5))


@dataclass
class Run:
    """The knowledge of a run; a replay fills it with the same values in the same order."""

    context: df.DurableOrchestrationContext
    migration_id: str
    begun: RunBegun
    image: ImageFate
    version_ready: bool
    plan: PlannedMigration | None = None

    @property
    def planned(self) -> PlannedMigration:
        """The plan; phases after planning only."""
        if self.plan is None:
            raise LookupError("no phase after planning runs without a plan")
        return self.plan

    @property
    def now(self) -> datetime:
        """The time, as the orchestration's context has it."""
        moment: datetime = self.context.current_utc_datetime
        return moment

    @property
    def step(self) -> StepRequest:
        """The request of a step that needs nothing but the records."""
        return StepRequest(migration_id=self.migration_id, run=self.begun.run)

    @property
    def timed(self) -> TimedRequest:
        """The request of a step that needs the time too."""
        return TimedRequest(migration_id=self.migration_id, run=self.begun.run, at=self.now)

    @property
    def stopped(self) -> Outcome:
        """The outcome of a run that cannot go on from here."""
        return outcome_of_a_stop(usable=self.version_ready, deletion=self.begun.deletion)

    def since(self, stage: Stage) -> datetime:
        """Return when the migration came into this stage: in an earlier run, or now."""
        return self.begun.stage_since if self.begun.stage is stage else self.now

    def call(
        self, activity: Activity[Request, Reply], request: Request, limit: timedelta | None = None
    ) -> Generator[Any, Any, Reply]:
        """The reply of an activity; its transient errors are sat out for as long as the limits allow."""
        chosen = self.begun.limits.retry if limit is None else limit
        return call_activity(self.context, activity, request, chosen)

    def record(self, step: str, stage: Stage, text: str) -> Generator[Any, Any, datetime]:
        """Write a step forward to the records; the time of that line, which an earlier run may have written."""
        self.context.set_custom_status({"stage": stage.value})
        request = ProgressRequest(**dict(self.timed), step=step, stage=stage, text=text)
        return (yield from self.call(RECORD_PROGRESS, request)).at

    def notify(self, kind: str) -> Steps:
        """Tell people; a notice that cannot be sent becomes a warning, never an outcome."""
        notice = NoticeRequest(migration_id=self.migration_id, kind=kind, at=self.now)
        for wait in (*_NOTICE_WAITS, None):
            try:
                yield from self.call(NOTIFY, notice, timedelta(0))
            except ActivityFailedError as failed:
                if wait is not None and failed.error.transient:
                    yield from pause(self.context, wait)
                    continue
                failure = NoticeFailure(**dict(notice), reason=failed.reason)
                yield from self.call(GIVE_UP_NOTICE, failure)
            return


def begin_run(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Run]:
    """The run, from what the records say of the migration whose id this instance has. Raises RunOverError when they
    have no such migration, or its outcome."""
    migration_id = str(context.instance_id)
    request = ActivityRequest(migration_id=migration_id)
    begun = yield from call_activity(context, BEGIN_RUN, request, RECORDS_LIMIT)
    ready = begun.stage in AFTER_REPLICATION
    return Run(context, migration_id, begun, begun.image, ready)
