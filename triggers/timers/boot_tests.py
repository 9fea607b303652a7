"""The sweep's part for boot tests: each is carried on until nothing is left of it, and what is left is said every time.

A migration's tests are its own affair while it has no outcome: it starts them again itself.
"""

import logging
from datetime import datetime, timedelta

import azure.durable_functions as df

import clock
from arm.errors import EXPECTED
from domain.boot_test.recorded import BootSnapshot
from domain.migration.restarting import Report
from services.boot_test_leftovers import reopen_tests_of_leftovers
from services.dependencies import Dependencies
from services.threads import AzureBusyError, at_azure, in_records
from triggers.timers.carrying_on import carry_on
from triggers.timers.watched_boot_test import WatchedBootTest

POINTER_GRACE = timedelta(minutes=10)
# For a PUT that was held up: longer than any activity lives.
LEFTOVERS_COME_WITHIN = timedelta(hours=1)

log = logging.getLogger("gallery_migrator")


async def sweep_boot_tests(app: Dependencies, client: df.DurableOrchestrationClient) -> None:
    """Look at every test that is not finished, and for what those left behind that have finished just now."""
    pointers = await in_records(app.records.open_boot_tests)
    for test_id, since, etag in pointers:
        try:
            await _look_at(app, client, test_id, since, etag)
        except Exception:
            log.exception("%s: the sweep could not look at it", test_id)
    if not pointers:
        return
    try:
        await at_azure(reopen_tests_of_leftovers, app, clock.now())
    except (*EXPECTED, AzureBusyError) as error:
        log.warning("the group of the boot tests could not be looked at: %s", error)


async def _look_at(
    app: Dependencies,
    client: df.DurableOrchestrationClient,
    test_id: str,
    since: datetime,
    etag: str,
) -> None:
    now = clock.now()
    snapshot = await in_records(app.records.boot_snapshot, test_id)
    if snapshot is None:
        if now - since > POINTER_GRACE:
            await in_records(app.records.close_boot_test, test_id, etag)
        return
    if snapshot.state.gone_at:
        await in_records(_settle, app, snapshot, now)
        return
    if snapshot.state.left:
        log.error("%s: left behind: %s", test_id, snapshot.state.left)
    if await in_records(_is_its_migrations, app, snapshot):
        return
    judged = await carry_on(app, client, WatchedBootTest(app.records, snapshot), now)
    if isinstance(judged, Report):
        log.warning("%s: %s", test_id, judged.warning)


def _settle(app: Dependencies, snapshot: BootSnapshot, now: datetime) -> None:
    """Its last run may have died before it wrote the result. After a while nothing can be left any more."""
    if result := snapshot.result:
        app.records.write_boot_result(result, snapshot.test.migration_id)
    ended = snapshot.state.gone_at
    if ended and now - ended > LEFTOVERS_COME_WITHIN:
        app.records.close_boot_test(snapshot.test.id)


def _is_its_migrations(app: Dependencies, snapshot: BootSnapshot) -> bool:
    """Return True if its migration has no outcome, and so carries it on."""
    migration = snapshot.test.migration_id
    if migration is None:
        return False
    owner = app.records.snapshot(migration)
    return owner is not None and owner.finished is None
