"""A run of an orchestration, and the steps that it takes: ask an activity, write down, tell people, wait.

Every replay goes through all of them again, so they lie together, with nothing in between.

Every timer is at most a day long and every loser is cancelled: longer timers, and open ones, keep an instance running
after its work is done (docs/platform-notes.md#timers). On real storage queues a timer fires up to a second
early, since delays are cut to whole seconds; so the last one aims a second late, or the wait would begin anew every few
milliseconds until its time has come.
"""

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from domain.ids import approval_event_name
from domain.messages import (
    BEGIN_RUN,
    NOTIFY,
    RECORD_PROGRESS,
    Activity,
    ActivityRequest,
    NoticeRequest,
    PlannedMigration,
    ProgressRequest,
    Reply,
    Request,
    RunBegun,
    StepRequest,
    TimedRequest,
)
from domain.migration.restarting import LONGEST_TIMER
from domain.migration.retrying import GiveUp, after_error
from domain.migration.stages import (
    AFTER_REPLICATION,
    ImageFate,
    Outcome,
    Stage,
    outcome_of_a_stop,
)
from domain.results import ActivityError, ActivityResult, ResultStatus
from orchestrators.endings import ActivityFailedError, RunOverError, cancelled

Steps = Generator[Any, Any, None]

EARLY = timedelta(seconds=1)
# Without its record a run knows nothing, not even its limits; and what was done must be written down.
RECORDS_LIMIT = timedelta(days=7)
# For what is nobody's answer: a worker that died, a host that went away.
_CRASHES = df.RetryOptions(first_retry_interval_in_milliseconds=30_000, max_number_of_attempts=3)
_NOTHING = {"code": "NoResult", "message": "the activity answered neither result nor error"}


def call_activity(
    context: df.DurableOrchestrationContext,
    activity: Activity[Request, Reply],
    request: Request,
    limit: timedelta,
) -> Generator[Any, Any, Reply]:
    """The reply of an activity, which is asked again while its errors are transient, for `limit` at most.

    Raises MigrationEndedError when the migration was cancelled, RunOverError when this run is nobody's any more, and
    ActivityFailedError when the error is final. The limit counts from the first failure in a row, whichever run saw it.
    """
    began, errors = context.current_utc_datetime, 0
    while True:
        sent = request.model_dump(mode="json")
        raw = yield context.call_activity_with_retry(activity.name, _CRASHES, sent)
        result = ActivityResult.model_validate(raw)
        if result.status is ResultStatus.DONE:
            return activity.replies.validate_python(result.value)
        if result.status is ResultStatus.CANCELLED:
            raise cancelled()
        if result.status is ResultStatus.OVER:
            raise RunOverError
        error = result.error or ActivityError.model_validate(_NOTHING)
        began = min(began, error.since or began)
        decision = after_error(error, errors, context.current_utc_datetime - began, limit)
        if isinstance(decision, GiveUp):
            raise ActivityFailedError(error, decision.reason)
        errors += 1
        request = request.model_copy(update={"failing_since": began})
        yield from pause(context, decision.wait)


def pause(context: df.DurableOrchestrationContext, length: timedelta) -> Steps:
    """Wait on durable timers, never less than `length`."""
    until = context.current_utc_datetime + length
    while (now := context.current_utc_datetime) < until:
        yield context.create_timer(min(until + EARLY, now + LONGEST_TIMER))


def wait_for_wake_or(
    context: df.DurableOrchestrationContext, round_number: int, deadline: datetime
) -> Steps:
    """Until the round's event comes or the deadline has passed, whichever is first."""
    event = context.wait_for_external_event(approval_event_name(round_number))
    while (now := context.current_utc_datetime) < deadline:
        timer = context.create_timer(min(deadline + EARLY, now + LONGEST_TIMER))
        winner = yield context.task_any([event, timer])
        if winner is event:
            if not timer.is_completed:
                timer.cancel()
            return


@dataclass
class Run:
    """The knowledge of a run of `migrate_image`; a replay fills it with the same values in the same order."""

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

    def record(
        self, step: str, stage: Stage, text: str, until: datetime | None = None
    ) -> Generator[Any, Any, datetime]:
        """Write a step forward to the records, which ends by `until` if that is known; the time of that line, which an
        earlier run may have written."""
        self.context.set_custom_status({"stage": stage.value})
        request = ProgressRequest(
            **dict(self.timed), step=step, stage=stage, text=text, until=until
        )
        return (yield from self.call(RECORD_PROGRESS, request)).at

    def notify(self, kind: str) -> Steps:
        """Tell people, once: whoever does not take it now is told by the sweep, and none of it is an outcome."""
        notice = NoticeRequest(migration_id=self.migration_id, kind=kind, at=self.now)
        with suppress(ActivityFailedError):
            yield from self.call(NOTIFY, notice, timedelta(0))


def begin_run(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Run]:
    """The run, from what the records say of the migration whose id this instance has. Raises RunOverError when they
    have no such migration, or its outcome."""
    migration_id = str(context.instance_id)
    request = ActivityRequest(migration_id=migration_id)
    begun = yield from call_activity(context, BEGIN_RUN, request, RECORDS_LIMIT)
    ready = begun.stage in AFTER_REPLICATION
    return Run(context, migration_id, begun, begun.image, ready)
