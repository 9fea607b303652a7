"""The timer's sweep: whatever was accepted gets exactly one outcome, whoever died when.

For every migration that is open:
- without an orchestration, or with one that died: started, or started again, from its record;
- with one that cannot or may not go on: ended as the record implies, and people are told;
- a verified decision without a ruling, or a cancellation: the wait is woken again (the event was lost);
- with an outcome that nobody was told, and nobody left to tell it: they are told now;
- the durable extension does not say: looked at the next time.
Pointers whose claim was never made are dropped. The decisions are `domain/migration/restarting.py`.
"""

import logging
from datetime import datetime, timedelta

import azure.durable_functions as df

import clock
from domain.ids import approval_event_name
from domain.migration.latch import Halt, MigrationResult, close, restart, stop
from domain.migration.recorded import Snapshot
from domain.migration.restarting import (
    ENDED,
    EndIt,
    Report,
    RestartPolicy,
    Runtime,
    StartAgain,
    Step,
    judge_orchestration,
)
from domain.results import ActivityError
from services.dependencies import Dependencies, dependencies
from services.migrations import start_orchestration
from services.notifications import END, give_up, post_notice
from services.orchestrations import look_at_orchestrations
from services.threads import in_records
from services.timeline import add_warning, settle_end, tell_restarts
from triggers.events.waking import wake

# For a starter, or a last activity, that is still at it.
GRACE = timedelta(minutes=2)
POINTER_GRACE = timedelta(minutes=10)
# For an orchestration that is still at it.
TELLING_GRACE = timedelta(minutes=15)
# Of a notice, those of the orchestration included.
MOST_TRIES = 6

log = logging.getLogger("gallery_migrator")


async def sweep(client: df.DurableOrchestrationClient) -> None:
    """One sweep; a migration that cannot be looked at now is looked at the next time."""
    app, now = dependencies(), clock.now()
    found = await in_records(app.records.begin_sweep, now)
    for migration, since, etag in found:
        try:
            await _look_at(app, client, migration, now, since, etag)
        except Exception:
            log.exception("%s: the sweep could not look at it", migration)
    if found:
        await in_records(app.records.mark_swept, clock.now())


async def _look_at(
    app: Dependencies,
    client: df.DurableOrchestrationClient,
    migration: str,
    now: datetime,
    since: datetime,
    etag: str,
) -> None:
    snapshot = await in_records(app.records.snapshot, migration)
    if snapshot is None:
        if now - since > POINTER_GRACE:
            await in_records(app.records.drop_pointer, migration, etag)
    elif finished := snapshot.latch.finished:
        await in_records(settle_end, app.records, snapshot)
        if await _nobody_tells(client, migration, now - finished.at):
            await in_records(_tell, app, snapshot, now)
    else:
        await _go_on(app, client, snapshot, now)


async def _nobody_tells(
    client: df.DurableOrchestrationClient, migration: str, ended: timedelta
) -> bool:
    """Tell whether its own orchestration has had its time to tell the end, or died before it did."""
    if ended > TELLING_GRACE:
        return True
    if ended <= GRACE:
        return False
    seen = await look_at_orchestrations(client, migration)
    return seen is not None and seen[0].runtime in ENDED | {Runtime.MISSING}


async def _go_on(
    app: Dependencies, client: df.DurableOrchestrationClient, snapshot: Snapshot, now: datetime
) -> None:
    """The record was read before the orchestrations are looked at: what changes meanwhile makes every write fail."""
    seen = await look_at_orchestrations(client, snapshot.accepted.id)
    if seen is None:
        log.warning("%s: the durable extension does not say how it stands", snapshot.accepted.id)
        return
    parent, children = seen
    young = now - snapshot.accepted.accepted_at <= GRACE
    if parent.runtime is Runtime.MISSING and young:
        return
    settings = app.settings
    policy = RestartPolicy(settings.restart_limit, settings.restart_delay, app.version)
    match judge_orchestration(snapshot, parent, children, now, policy):
        case Step.BEGIN:
            await start_orchestration(app.records, client, snapshot.accepted)
        case StartAgain() as again:
            await _start_again(app, client, snapshot, again)
        case Step.TERMINATE:
            await _terminate(app, client, snapshot)
        case EndIt(finished):
            await in_records(_end, app, snapshot, finished, now)
        case Report(warning):
            log.warning("%s: %s", snapshot.accepted.id, warning)
            await in_records(add_warning, app.records, snapshot.accepted.id, warning)
        case Step.LEAVE:
            await _wake(client, snapshot)


async def _start_again(
    app: Dependencies, client: df.DurableOrchestrationClient, snapshot: Snapshot, again: StartAgain
) -> None:
    """Written down before it is done: of two sweeps one wins, and one that dies in between has counted it."""
    migration, start = snapshot.accepted.id, again.start
    held = await in_records(
        app.records.change_latch, migration, lambda latch: restart(latch, snapshot.latch, start)
    )
    if isinstance(held, Halt):
        return
    log.warning("%s: started again (run %s): %s", migration, start.run, start.cause)
    await in_records(tell_restarts, app.records, snapshot.model_copy(update={"latch": held}))
    await start_orchestration(app.records, client, snapshot.accepted)


async def _terminate(
    app: Dependencies, client: df.DurableOrchestrationClient, snapshot: Snapshot
) -> None:
    """The next sweep finds it Terminated by the app itself, and starts it again."""
    migration = snapshot.accepted.id
    held = await in_records(
        app.records.change_latch, migration, lambda latch: stop(latch, snapshot.latch)
    )
    if not isinstance(held, Halt):
        log.warning("%s: its orchestration hangs and is terminated", migration)
        await client.terminate(migration, "it hangs; the sweep starts it again")


def _end(app: Dependencies, snapshot: Snapshot, finished: MigrationResult, now: datetime) -> None:
    migration = snapshot.accepted.id
    held = app.records.change_latch(migration, lambda latch: close(latch, snapshot.latch, finished))
    if isinstance(held, Halt):
        return
    log.error("%s: %s: %s", migration, finished.outcome, finished.reason)
    ended = snapshot.model_copy(update={"latch": held})
    settle_end(app.records, ended)
    _tell(app, ended, now)


def _tell(app: Dependencies, snapshot: Snapshot, now: datetime) -> None:
    """The end, which the orchestration cannot tell any more."""
    answer = post_notice(app, snapshot, END, now)
    if not isinstance(answer, ActivityError):
        return
    log.warning("%s: its end could not be notified: %s", snapshot.accepted.id, answer)
    again = app.records.snapshot(snapshot.accepted.id)
    notice = again.notices.get(END) if again else None
    if not answer.transient or (notice and notice.tries >= MOST_TRIES):
        give_up(app.records, snapshot.accepted.id, END, str(answer))


async def _wake(client: df.DurableOrchestrationClient, snapshot: Snapshot) -> None:
    """Wake the wait whether or not it has heard it: hearing a cancellation twice is fine."""
    if snapshot.state.approval and (snapshot.cancel_requested or snapshot.unruled):
        event = approval_event_name(snapshot.state.approval.round)
        await wake(client, snapshot.accepted.id, event)
