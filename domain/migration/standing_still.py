"""The report on a migration that stands still: past the time in which every limit would have ended its stage.

Nobody is waited for in silence: an orchestration that somebody suspended, one that waits for a host for ever, one whose
timer never came. What becomes of it is decided elsewhere (`restarting.py`); this is what people are told.
"""

from datetime import datetime, timedelta

from domain.migration.limits import Limits
from domain.migration.recorded import Snapshot
from domain.migration.stages import Stage

# For a sweep, a restart, a timer that comes late.
GRACE = timedelta(hours=1)


def stands_still(snapshot: Snapshot, now: datetime) -> str | None:
    """Return the report, or None while the migration is in its time."""
    if snapshot.finished:
        return None
    since, until = _bounds(snapshot)
    if now <= until + GRACE:
        return None
    return (
        f"It stands still in the stage {snapshot.stage} since {since:%Y-%m-%d %H:%M} UTC and should have left it by "
        f"{until:%Y-%m-%d %H:%M} UTC: look at its orchestration."
    )


def _bounds(snapshot: Snapshot) -> tuple[datetime, datetime]:
    """Return since when it is where it is, and until when it may be there."""
    lines = snapshot.state.timeline
    moments = [line.at for line in lines if not line.step.startswith("restart")]
    since = max(moments, default=snapshot.accepted.accepted_at)
    approval, limits = snapshot.state.approval, snapshot.accepted.limits
    if snapshot.stage is Stage.APPROVAL and approval and snapshot.latch.verdict is None:
        return since, approval.deadline
    told = max((line.until for line in lines if line.until), default=since)
    waits = _longest(snapshot.stage, limits) + _quiet(snapshot, since)
    return since, max(since, told) + waits


def _quiet(snapshot: Snapshot, since: datetime) -> timedelta:
    """Return the time in which nothing may be deleted yet, and people may still have to be told."""
    verdict = snapshot.latch.verdict
    if verdict is None or snapshot.stage is not Stage.PROMOTION:
        return timedelta(0)
    begins = max(filter(None, (since, verdict.known_at, verdict.undelivered_until)))
    return begins - since + verdict.quiet_time


def _longest(stage: Stage, limits: Limits) -> timedelta:
    """Return the time of what waits for Azure, and of what then goes on while Azure does not answer."""
    waits = {
        Stage.REPLICATION: limits.polling.timeout,
        Stage.PROMOTION: limits.polling.timeout,
        Stage.DELETION: limits.confirm,
    }
    return limits.retry + waits.get(stage, limits.retry)
