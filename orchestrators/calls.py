"""Calls of activities by orchestrators: typed on both sides, asked again while their errors are transient."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from domain.messages import Activity, Reply, Request
from domain.migration.retrying import GiveUp, after_error
from domain.results import ActivityError, ActivityResult, ResultStatus
from orchestrators.endings import ActivityFailedError, RunOverError, cancelled
from orchestrators.waiting import pause

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
        # Straight to pydantic, with no method of ours in between: this is what a replay does most.
        sent = request.model_dump(mode="json", by_alias=True)
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
