"""The timer's sweep: whatever was accepted gets exactly one outcome, whoever died when.

For every migration without an outcome:
- no orchestration and never started: start it (the starter died in between);
- the orchestration has ended or vanished: close it as Failed, with the reason;
- a verified decision without a ruling, or a cancellation: wake the wait again (the event was lost);
- the durable extension does not say: look again the next time.
Pointers whose claim was never made are dropped.
"""

import logging
from datetime import datetime, timedelta

import azure.durable_functions as df
from azure.durable_functions.models import DurableOrchestrationStatus

import clock
from activities.configuration import records
from activities.notifications import notify
from activities.progress import finish_migration
from migration.names import approval_event_name
from migration.recorded import Latch, Snapshot
from migration.stages import ImageFate, Outcome, Stage
from triggers.edge import run
from triggers.starting import start_orchestration
from triggers.waking import wake

GRACE = timedelta(minutes=2)  # for a starter that is still at it
POINTER_GRACE = timedelta(minutes=10)
_LAST_ENTRY = 9999
_AFTER_REPLICATION = frozenset({Stage.APPROVAL, Stage.PROMOTION, Stage.DELETION})
_WITH_VERSION = _AFTER_REPLICATION | {Stage.VERSION, Stage.REPLICATION}
_ENDED = (
    df.OrchestrationRuntimeStatus.Completed,
    df.OrchestrationRuntimeStatus.Failed,
    df.OrchestrationRuntimeStatus.Terminated,
    df.OrchestrationRuntimeStatus.Canceled,
)

log = logging.getLogger("gallery_migrator")


async def sweep(client: df.DurableOrchestrationClient) -> None:
    """One sweep; a migration that cannot be looked at now is looked at the next time."""
    for migration, since, etag in await run(records().open_migrations):
        try:
            await _look_at(client, migration, since, etag)
        except Exception:
            log.exception("%s: the sweep could not look at it", migration)
    await run(records().mark_swept, clock.now())


async def _look_at(
    client: df.DurableOrchestrationClient, migration: str, since: datetime, etag: str
) -> None:
    now = clock.now()
    snapshot = await run(records().snapshot, migration)
    if snapshot is None:
        if now - since > POINTER_GRACE:
            await run(records().drop_pointer, migration, etag)
        return
    if snapshot.finished:
        await run(records().finish, snapshot.accepted, snapshot.finished)
        return
    if now - snapshot.accepted.accepted_at < GRACE:
        return
    status = await client.get_status(migration)
    found = status.runtime_status
    if found is None and not snapshot.started:
        await start_orchestration(client, snapshot.accepted)
    elif found in _ENDED or _is_missing(status):
        await _close(snapshot, found.name if found else None)
    elif found is None:
        log.warning("%s: the durable extension does not say how it stands", migration)
    elif _unheard(snapshot) and snapshot.state.approval:
        await wake(client, migration, approval_event_name(snapshot.state.approval.round))


def _is_missing(status: DurableOrchestrationStatus) -> bool:
    """Whether the extension answered 404. The SDK makes a status of its 500 too, with that answer's fields and no
    runtime status; only a 404 has no body at all (../shared/durable, recordings control and start_variants)."""
    return status.runtime_status is None and getattr(status, "message", None) == ""


async def _close(snapshot: Snapshot, ended: str | None) -> None:
    """Failed, with the reason. An orchestration that ended well has written its outcome itself just before.

    The latch comes first: from then on no step that is still queued can delete what is reported as kept.
    """
    latch = Latch(kind="finished", at=clock.now())
    await run(records().set_latch, snapshot.accepted.id, latch)
    again = await run(records().snapshot, snapshot.accepted.id)
    if again is None or again.finished:
        return
    how = f"ended as {ended}" if ended else "vanished"
    log.error("%s: its orchestration %s without an outcome", snapshot.accepted.id, how)
    at = {"migrationId": snapshot.accepted.id, "at": clock.now().isoformat()}
    closed = await run(
        finish_migration,
        {
            **at,
            "number": _LAST_ENTRY,
            "outcome": Outcome.FAILED.value,
            "reason": f"the orchestration {how} without an outcome; look at the version and start again",
            "result": {
                "image": _fate(again).value,
                "versionId": again.state.version_id if again.stage in _WITH_VERSION else None,
                "versionReady": again.stage in _AFTER_REPLICATION,
                "checks": [],
                "decidedBy": None,
                "correlationIds": {},
            },
        },
    )
    if closed["error"]:
        return  # the records cannot be written now; the next sweep closes it
    told = await run(notify, {**at, "kind": "migration.finished"})
    if told["error"]:
        log.warning("%s: its end could not be notified", snapshot.accepted.id)


def _fate(snapshot: Snapshot) -> ImageFate:
    """Once the deletion had begun, nobody knows here how far it came."""
    begun = snapshot.latch is not None and snapshot.latch.kind == "deletion"
    return ImageFate.UNKNOWN if begun else ImageFate.KEPT


def _unheard(snapshot: Snapshot) -> bool:
    """Whether the wait has something to hear; that it hears a cancellation twice is fine."""
    cancelled = snapshot.latch is not None and snapshot.latch.kind == "cancel"
    return cancelled or any(r.decision.key not in snapshot.rulings for r in snapshot.received)
