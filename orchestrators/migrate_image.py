"""One managed image, end to end: the orchestration `migrate_image`, whose instance id is the migration's.

Plan, version, replication, approval if a deletion was asked for, promotion, deletion, outcome. It is given nothing but
its id: the rest is in the records, from which it goes on when an earlier run of the same migration has died. It never
continues as new, which would drop events (docs/platform-notes.md#continue-as-new-drops-events); what polls is the child
`watch_replication`.
"""

from collections.abc import Generator
from datetime import datetime
from typing import Any

import azure.durable_functions as df

from domain.approval.asking import ApprovalNotAsked
from domain.messages import FINISH_MIGRATION, FinishRequest
from domain.migration.stages import AFTER_PROMOTION, AFTER_REPLICATION, ImageFate, Outcome
from domain.values import Json
from orchestrators.boot_version import boot_version
from orchestrators.delete_image import delete_image
from orchestrators.endings import ActivityFailedError, MigrationEndedError, RunOverError
from orchestrators.publish_version import (
    check_image,
    plan_migration,
    promote_version,
    publish_version,
)
from orchestrators.request_approval import Approved, ask_again, keep_quiet, request_approval
from orchestrators.run import RECORDS_LIMIT, Run, Steps, begin_run

_NO_CREATION_TIME = "the image's creation time is unknown, so it is kept whoever approves"
OVER: Json = {"over": True}
"""What a run returns that is nobody's any more: a later one goes on, or the migration has its outcome."""


def migrate_image(context: df.DurableOrchestrationContext) -> Any:
    """The outcome, as the records hold it; or OVER."""
    try:
        run = yield from begin_run(context)
        ending = yield from _ending(run)
        return (yield from _finish(run, ending))
    except RunOverError:
        return OVER


def _ending(run: Run) -> Any:
    try:
        yield from _migrate(run)
    except MigrationEndedError as ended:
        return ended
    except ActivityFailedError as failed:
        return MigrationEndedError(run.stopped, failed.reason)
    return MigrationEndedError(Outcome.COMPLETED, _completed(run))


def _migrate(run: Run) -> Steps:
    stage = run.begun.stage
    yield from plan_migration(run)
    if stage not in AFTER_REPLICATION:
        yield from publish_version(run)
        yield from check_image(run)
    yield from boot_version(run)
    delete = run.begun.deletion and run.image is ImageFate.KEPT
    if not delete:
        yield from promote_version(run)
        return
    if not run.planned.fingerprint_complete:
        raise (yield from _promoted_and_kept(run, _NO_CREATION_TIME))
    approved = yield from request_approval(run)
    if isinstance(approved, ApprovalNotAsked):
        raise (yield from _promoted_and_kept(run, approved.reason))
    if stage not in AFTER_PROMOTION:
        yield from check_image(run)
    promoted = yield from promote_version(run)
    if run.image is ImageFate.KEPT:
        yield from _delete(run, approved, promoted)


def _delete(run: Run, approved: Approved, promoted: datetime | None) -> Steps:
    """Delete what was approved; what has changed since is asked again."""
    approved = yield from keep_quiet(run, approved, promoted)
    while void := (yield from delete_image(run, approved)):
        again = yield from ask_again(run, approved._replace(round=void.round), void.change)
        approved = yield from keep_quiet(run, again, promoted)


def _promoted_and_kept(run: Run, why: str) -> Generator[Any, Any, MigrationEndedError]:
    """The end of a migration whose image is kept whatever anybody decides: the version is promoted all the same."""
    yield from promote_version(run)
    return MigrationEndedError(Outcome.KEPT, why)


def _finish(run: Run, ending: MigrationEndedError) -> Any:
    request = FinishRequest(
        **dict(run.timed),
        outcome=ending.outcome,
        reason=_reason(run, ending),
        image=run.image,
        version_ready=run.version_ready,
    )
    run.context.set_custom_status({"stage": "finished"})
    limit = max(RECORDS_LIMIT, run.begun.limits.retry)
    held = yield from run.call(FINISH_MIGRATION, request, limit)
    yield from run.notify("migration.finished")
    return {"outcome": held.outcome.value, "reason": held.reason}


def _reason(run: Run, ending: MigrationEndedError) -> str:
    """The reason; a cancellation names what became of the image."""
    if ending.outcome is not Outcome.CANCELLED:
        return ending.reason
    return f"{ending.reason}; the image is {run.image.value}"


def _completed(run: Run) -> str:
    version = run.planned.version_name
    if run.image is ImageFate.DELETED:
        return f"migrated to version {version}; the managed image is deleted"
    if run.image is ImageFate.GONE:
        return f"migrated to version {version}; the managed image was gone already, not by us"
    return f"migrated to version {version}; the managed image is kept, as asked"
