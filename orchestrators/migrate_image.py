"""One managed image, end to end: the orchestration `migrate_image`, one instance per attempt.

Version, replication, approval if a deletion was asked for, promotion, deletion, outcome. It never continues as new,
since that would drop events (../shared/reference/durable.md B1.2); what polls is the child `watch_replication`.
"""

from datetime import timedelta

import azure.durable_functions as df

from migration.stages import ImageFate, Outcome
from migration.starting import MigrationStart
from migration.wire import Json
from orchestrators import phases
from orchestrators.endings import Ended
from orchestrators.run import Run
from orchestrators.waiting import GaveUp, Steps

# What was done is done, and only the records are wanted for it. Without an outcome the sweep would say `failed`.
FINISH_LIMIT = timedelta(days=7)


def migrate_image(context: df.DurableOrchestrationContext) -> Steps:
    """The outcome, as the records hold it."""
    run = Run(context, MigrationStart.from_wire(context.get_input()))
    try:
        yield from _migrate(run)
        ending = Ended(Outcome.COMPLETED, _completed(run))
    except Ended as ended:
        ending = ended
    except GaveUp as gave_up:
        kept = run.plan is not None and run.plan.deletion and run.replicated
        ending = Ended(Outcome.KEPT if kept else Outcome.FAILED, gave_up.reason)
    return (yield from _finish(run, ending))


def _migrate(run: Run) -> Steps:
    yield from phases.make_version(run)
    yield from phases.replicate(run, "replication")
    yield from phases.check_image(run)
    delete = run.planned.deletion and run.image is ImageFate.KEPT
    if not delete or not run.planned.fingerprint.complete:
        yield from phases.promote(run)
        if delete:
            raise Ended(
                Outcome.KEPT, "the image's creation time is unknown, so it is kept whoever approves"
            )
        return
    deadline = yield from phases.ask_approval(run)
    yield from phases.check_image(run)
    yield from phases.promote(run)
    if run.image is ImageFate.KEPT:
        yield from phases.delete_image(run, deadline)


def _finish(run: Run, ending: Ended) -> Steps:
    run.entries += 1
    request = {
        "number": run.entries,
        "at": run.context.current_utc_datetime.isoformat(),
        "outcome": ending.outcome.value,
        "reason": _reason(run, ending),
        "result": _result(run),
    }
    run.context.set_custom_status({"stage": "finished"})
    held = (
        yield from run.ask("finish_migration", request, max(FINISH_LIMIT, run.start.retry_limit))
    ).value
    yield from run.notify("migration.finished")
    return {"outcome": held["outcome"], "reason": held["reason"]}


def _result(run: Run) -> Json:
    return {
        "image": run.image.value,
        "versionId": run.planned.version_id if run.version_begun else None,
        "versionReady": run.replicated,
        "checks": run.checks,
        "decidedBy": run.decided_by.to_wire() if run.decided_by else None,
        "correlationIds": run.correlation_ids,
    }


def _reason(run: Run, ending: Ended) -> str:
    """The reason; a cancellation names what it leaves behind."""
    if ending.outcome is not Outcome.CANCELLED:
        return ending.reason
    reason = f"{ending.reason}; the image is {run.image.value}"
    if not run.version_begun or run.replicated:
        return reason
    return f"{reason}; version {run.planned.version_name} may be half-made: use or delete it"


def _completed(run: Run) -> str:
    version = run.planned.version_name
    if run.image is ImageFate.DELETED:
        return f"migrated to version {version}; the managed image is deleted"
    if run.image is ImageFate.GONE:
        return f"migrated to version {version}; the managed image was gone already, not by us"
    return f"migrated to version {version}; the managed image is kept, as asked"
