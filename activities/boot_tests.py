"""The course of a boot test: asked for by a migration, begun by a run, given up, finished; and its results read."""

import logging

from activities.activity import implements
from activities.boot_test_activity import implements_test
from domain.boot_test.judging import inconclusive
from domain.boot_test.messages import (
    BEGIN_BOOT_TEST,
    FINISH_BOOT_TEST,
    GIVE_UP_BOOT_TEST,
    OPEN_BOOT_TESTS,
    READ_BOOT_TESTS,
    BootBegun,
    BootFinished,
    BootGivenUp,
    BootTestRequest,
    BootTestsOpened,
    BootTestsRead,
    Judged,
)
from domain.boot_test.names import id_of_migrations_test
from domain.boot_test.recorded import (
    BootOutcome,
    BootSnapshot,
    BootState,
    BootTest,
    BootVerdict,
    asked_again,
    settle,
)
from domain.boot_test.terms import BootTestTerms, Unproven, regions_to_test
from domain.messages import TimedRequest
from domain.migration.latch import Halt
from domain.migration.recorded import Snapshot
from domain.results import ActivityError
from services.boot_tests import Asked, boot_test, read_booted
from services.dependencies import Dependencies
from services.timeline import add_warning

log = logging.getLogger("gallery_migrator")


@implements(OPEN_BOOT_TESTS)
def open_boot_tests(
    request: TimedRequest, snapshot: Snapshot, app: Dependencies
) -> BootTestsOpened | ActivityError | Halt:
    """Write down the tests of a migration, once, before anything is made; those that have to run."""
    terms, plan = snapshot.accepted.boot_test, snapshot.planned
    if terms is None:
        return BootTestsOpened(tests=(), regions=())
    regions = regions_to_test(terms, plan.location, plan.regions)
    tests = [_accepted(request, snapshot, app, terms, *place) for place in enumerate(regions, 1)]
    if missing := [each for each in tests if isinstance(each, ActivityError)]:
        return missing[0]
    unfinished = tuple(each for each in tests if isinstance(each, str) and each)
    return BootTestsOpened(tests=unfinished, regions=regions)


def _accepted(
    request: TimedRequest,
    snapshot: Snapshot,
    app: Dependencies,
    terms: BootTestTerms,
    number: int,
    region: str,
) -> str | ActivityError:
    """The id of the test in a region, "" if it has ended. One that stands is asked for again, for this run."""
    test_id = id_of_migrations_test(request.migration_id, number)
    known = app.records.boot_snapshot(test_id)
    if known is None:
        booted = read_booted(app.arm, snapshot.planned.version_id)
        if booted is None:
            return ActivityError(code="VersionNotFound", message="the version is gone")
        asked = Asked(test_id, region, request.at, snapshot.accepted.requester)
        app.records.accept_boot_test(boot_test(asked, terms, booted))
    elif known.state.gone_at:
        return ""
    app.records.change_boot_state(test_id, lambda state: asked_again(state, request.run))
    return test_id


@implements(READ_BOOT_TESTS)
def read_boot_tests(
    request: TimedRequest, snapshot: Snapshot, app: Dependencies
) -> BootTestsRead | ActivityError | Halt:
    """The results of a migration's tests in words; what did not pass becomes a warning."""
    terms, plan = snapshot.accepted.boot_test, snapshot.planned
    regions = regions_to_test(terms, plan.location, plan.regions) if terms else ()
    by_region = {result.region: result for result in snapshot.boot_tests}
    words = [
        by_region[region].words if region in by_region else f"boot test in {region}: no result"
        for region in regions
    ]
    passed = all(
        region in by_region and by_region[region].verdict.outcome is BootOutcome.PASSED
        for region in regions
    )
    text = "; ".join(words)
    if not passed:
        add_warning(app.records, request.migration_id, text)
    return BootTestsRead(
        passed=passed, text=text, unproven=terms.unproven if terms else Unproven.ASK
    )


@implements_test(BEGIN_BOOT_TEST)
def begin_boot_test(
    request: BootTestRequest, snapshot: BootSnapshot, app: Dependencies
) -> BootBegun | ActivityError | Halt:
    """Return what the run goes on from; halt one of a test of which nothing is left."""
    if snapshot.state.gone_at:
        return Halt.ENDED
    held = app.records.change_boot_state(request.test_id, _started)
    if isinstance(held, Halt):
        return held
    return BootBegun(
        run=held.run,
        judged=held.verdict is not None,
        up=held.up_at is not None,
        script=bool(snapshot.test.script),
        timeout=snapshot.test.timeout,
    )


def _started(state: BootState) -> BootState:
    return state.model_copy(update={"started": True})


@implements_test(GIVE_UP_BOOT_TEST)
def give_up_boot_test(
    request: BootGivenUp, snapshot: BootSnapshot, app: Dependencies
) -> Judged | ActivityError | Halt:
    """Settle a test whose steps cannot be done: nothing is known of the version."""
    verdict = inconclusive(request.code, request.reason, request.at)
    return settled(app, snapshot.test, request.run, verdict)


@implements_test(FINISH_BOOT_TEST)
def finish_boot_test(
    request: BootTestRequest, snapshot: BootSnapshot, app: Dependencies
) -> BootFinished | ActivityError | Halt:
    """Write the result where it is asked for, and say what is left: the sweep goes on with it."""
    result = snapshot.result
    if result is None:
        raise LookupError(f"{request.test_id} has no verdict to finish with")
    app.records.write_boot_result(result, snapshot.test.migration_id)
    if snapshot.state.gone_at is None:
        log.error("%s: not all of it is gone: %s", request.test_id, result.left)
    verdict = result.verdict
    return BootFinished(outcome=verdict.outcome, reason=verdict.reason, left=result.left)


def settled(app: Dependencies, test: BootTest, run: int, verdict: BootVerdict) -> Judged | Halt:
    """Write a verdict down, and where it is asked for; the one that holds."""
    held = app.records.change_boot_state(test.id, lambda state: settle(state, run, verdict))
    if isinstance(held, Halt):
        return held
    final = held.verdict or verdict
    result = BootSnapshot(test=test, state=held).result
    if result:
        app.records.write_boot_result(result, test.migration_id)
    log.info("%s: %s: %s", test.id, final.outcome, final.reason)
    return Judged(outcome=final.outcome)
