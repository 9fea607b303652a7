"""The policy of trying again after a transient error; the orchestrator does the waiting, on a durable timer."""

from datetime import timedelta

from domain.results import ActivityError
from domain.values import Message

FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(minutes=5)
LONGEST_RETRY_AFTER = timedelta(hours=1)
# 10 s doubled five times passes LONGEST_WAIT; more would overflow timedelta in the end.
_DOUBLINGS = 5
# Roles take minutes to spread; one that was taken away does not come back by waiting.
FORBIDDEN, FORBIDDEN_LIMIT = 403, timedelta(hours=1)


class TryAgain(Message):
    """Wait this long, then call again."""

    wait: timedelta


class GiveUp(Message):
    """No more tries: the error is final, or the time is over."""

    reason: str


def after_error(
    error: ActivityError, attempt: int, elapsed: timedelta, limit: timedelta
) -> TryAgain | GiveUp:
    """Decide what to do after the `attempt`-th error in a row (from 0), `elapsed` after the first try.

    The service's own Retry-After counts when it is longer than ours (within reason: an hour at most).
    """
    if not error.transient:
        return GiveUp(reason=str(error))
    if error.status == FORBIDDEN:
        limit = min(limit, FORBIDDEN_LIMIT)
    if elapsed >= limit:
        return GiveUp(reason=f"gave up after {elapsed}; the last answer was {error}")
    ours = min(FIRST_WAIT * 2 ** min(attempt, _DOUBLINGS), LONGEST_WAIT)
    # Bounded as a number: a header may say more seconds than a timedelta holds, or none that is a number.
    asked = min(max(0.0, error.retry_after or 0.0), LONGEST_RETRY_AFTER.total_seconds())
    return TryAgain(wait=max(ours, timedelta(seconds=asked)))
