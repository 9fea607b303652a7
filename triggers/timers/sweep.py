"""The timer's sweep: whatever was accepted gets exactly one outcome, whoever died when.

For every migration that is open:
- without an orchestration, or with one that died: started, or started again, from its record;
- with one that cannot or may not go on: ended as the record implies, and people are told;
- a verified decision without a ruling, or a cancellation: the wait is woken again (the event was lost);
- with an outcome that nobody was told, and nobody left to tell it: they are told now;
- with a notice that a receiver has not taken yet, or one that is due (a reminder): posted, unless the receiver has
  failed in this sweep already;
- the durable extension does not say: looked at the next time.
Restores of deleted images are kept going as well, and a while after a deletion it is looked who needs the image.
Pointers whose claim was never made are dropped. Events that wait for an hour with room are started at last. The
decisions are `domain/migration/restarting.py`.
"""

import logging
from datetime import datetime, timedelta

import azure.durable_functions as df

import clock
from domain.deletion.late_users import later_scan_of
from domain.ids import approval_event_name, parse_restore_id
from domain.migration.latch import Halt, MigrationResult, close
from domain.migration.recorded import Snapshot
from domain.migration.restarting import ENDED, EndIt, Report, Runtime, Step
from domain.migration.standing_still import stands_still
from domain.notices.notice import END, STALLED
from domain.notices.reminders import is_new
from records.migrations import MARK_EVERY
from services.dependencies import Dependencies, dependencies
from services.orchestrations import look_at_orchestrations
from services.threads import in_records
from services.timeline import add_warning, settle_end
from services.verdicts import delivery_now
from triggers.events.waking import wake
from triggers.timers.boot_tests import sweep_boot_tests
from triggers.timers.carrying_on import GRACE, carry_on
from triggers.timers.later_scans import LaterScans
from triggers.timers.telling import Teller
from triggers.timers.waiting_events import start_waiting
from triggers.timers.watched_migration import WatchedMigration
from triggers.timers.watched_restore import look_at_restore

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
    scans = LaterScans(app, teller)
    # Behind all others: a scan takes its time.
    for number, pointer in enumerate(sorted(pointers, key=_is_scan), 1):
        try:
            if _is_scan(pointer):
                await scans.look(pointer[0], pointer[1], clock.now())
            else:
                await _look_at(app, client, teller, pointer)
        except Exception:
            log.exception("%s: the sweep could not look at it", pointer[0])
        if number % MARK_EVERY == 0:
            await in_records(app.records.mark_sweeping, pointer[0])
    if pointers:
        await in_records(app.records.mark_swept, clock.now())
    if len(pointers) >= MARK_EVERY:
        await in_records(app.records.forget_sweeping)
    await start_waiting(app, client)
    await sweep_boot_tests(app, client)


def _is_scan(pointer: Pointer) -> bool:
    return later_scan_of(pointer[0]) is not None


async def _look_at(
    app: Dependencies, client: df.DurableOrchestrationClient, teller: Teller, pointer: Pointer
) -> None:
    now, (migration, since, etag) = clock.now(), pointer
    if named := parse_restore_id(migration):
        known = await look_at_restore(app, client, teller, *named)
        if not known and now - since > POINTER_GRACE:
            await in_records(app.records.drop_pointer, migration, etag)
        return
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
    match await carry_on(app, client, WatchedMigration(app.records, snapshot), now):
        case EndIt(finished):
            if ended := await in_records(_end, app, snapshot, finished):
                await teller.tell(ended, END, now)
        case Report(warning):
            log.warning("%s: %s", snapshot.accepted.id, warning)
            await in_records(add_warning, app.records, snapshot.accepted.id, warning)
        case Step.LEAVE:
            await _wake(app, client, snapshot, now)


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


async def _wake(
    app: Dependencies, client: df.DurableOrchestrationClient, snapshot: Snapshot, now: datetime
) -> None:
    """Wake the wait whether or not it has heard it: hearing a cancellation twice is fine. One of a question that nobody
    could be told ends by that."""
    if not snapshot.state.approval:
        return
    undelivered = snapshot.latch.verdict is None and delivery_now(app, snapshot).given_up(now)
    if snapshot.cancel_requested or snapshot.unruled or undelivered:
        event = approval_event_name(snapshot.state.approval.round)
        await wake(client, snapshot.accepted.id, event)
