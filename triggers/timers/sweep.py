"""The timer's sweep: whatever was accepted gets exactly one outcome, whoever died when.

For every migration that is open:
- without an orchestration, or with one that died: started, or started again, from its record;
- with one that cannot or may not go on: ended as the record implies, and people are told;
- a verified decision without a ruling, or a cancellation: the wait is woken again (the event was lost);
- with an outcome that nobody was told, and nobody left to tell it: they are told now;
- with a notice that a receiver has not taken yet, or one that is due (a reminder): posted, unless the receiver has
  failed in this sweep already;
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
from domain.migration.standing_still import stands_still
from domain.notices.notice import END, STALLED
from domain.notices.reminders import is_new
from records.migrations import MARK_EVERY
from services.dependencies import Dependencies, dependencies
from services.migrations import start_orchestration
from services.orchestrations import look_at_orchestrations
from services.threads import in_records
from services.timeline import add_warning, settle_end, tell_restarts
from triggers.events.waking import wake
from triggers.timers.telling import Teller

# For a starter, or a last activity, that is still at it.
GRACE = timedelta(minutes=2)
POINTER_GRACE = timedelta(minutes=10)
# For an orchestration that is still at it.
TELLING_GRACE = timedelta(minutes=15)

log = logging.getLogger("gallery_migrator")

# A migration without an outcome or whose outcome was told to nobody, since when, and the etag of its row.
Pointer = tuple[str, datetime, str]


async def sweep(client: df.DurableOrchestrationClient) -> None:
    """One sweep; a migration that cannot be looked at now is looked at the next time. One that was cut off is gone on
    with where it stopped, so that the last are looked at too."""
    app = dependencies()
    teller = Teller(app)
    pointers = await in_records(app.records.begin_sweep, clock.now())
    for number, pointer in enumerate(pointers, 1):
        try:
            await _look_at(app, client, teller, pointer)
        except Exception:
            log.exception("%s: the sweep could not look at it", pointer[0])
        if number % MARK_EVERY == 0:
            await in_records(app.records.mark_sweeping, pointer[0])
    if pointers:
        await in_records(app.records.mark_swept, clock.now())
    if len(pointers) >= MARK_EVERY:
        await in_records(app.records.forget_sweeping)


async def _look_at(
    app: Dependencies, client: df.DurableOrchestrationClient, teller: Teller, pointer: Pointer
) -> None:
    now, (migration, since, etag) = clock.now(), pointer
    snapshot = await in_records(app.records.snapshot, migration)
    if snapshot is None:
        if now - since > POINTER_GRACE:
            await in_records(app.records.drop_pointer, migration, etag)
    elif finished := snapshot.latch.finished:
        await in_records(settle_end, app.records, snapshot)
        if await _nobody_tells(client, migration, now - finished.at):
            await teller.tell(snapshot, END, now)
    else:
        await _report(app, teller, snapshot, now)
        await _go_on(app, client, teller, snapshot, now)


async def _report(app: Dependencies, teller: Teller, snapshot: Snapshot, now: datetime) -> None:
    """Tell people what stands still, once, and again what nobody took."""
    if report := stands_still(snapshot, now):
        log.error("%s: %s", snapshot.accepted.id, report)
        await in_records(add_warning, app.records, snapshot.accepted.id, report)
        if is_new(STALLED, snapshot.notices):
            await teller.tell(snapshot, STALLED, now)
    await teller.repeat(snapshot, now)


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
    app: Dependencies,
    client: df.DurableOrchestrationClient,
    teller: Teller,
    snapshot: Snapshot,
    now: datetime,
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
            if ended := await in_records(_end, app, snapshot, finished):
                await teller.tell(ended, END, now)
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


def _end(app: Dependencies, snapshot: Snapshot, finished: MigrationResult) -> Snapshot | None:
    """Write the end; the migration then, or None when something has happened since it was looked at."""
    migration = snapshot.accepted.id
    held = app.records.change_latch(migration, lambda latch: close(latch, snapshot.latch, finished))
    if isinstance(held, Halt):
        return None
    log.error("%s: %s: %s", migration, finished.outcome, finished.reason)
    ended = snapshot.model_copy(update={"latch": held})
    settle_end(app.records, ended)
    return ended


async def _wake(client: df.DurableOrchestrationClient, snapshot: Snapshot) -> None:
    """Wake the wait whether or not it has heard it: hearing a cancellation twice is fine."""
    if snapshot.state.approval and (snapshot.cancel_requested or snapshot.unruled):
        event = approval_event_name(snapshot.state.approval.round)
        await wake(client, snapshot.accepted.id, event)
