"""One boot test: the orchestration `boot_test`, whose instance id is the test's.

Machine, agent, script, verdict; then everything is deleted, whatever the verdict and however it came about. A
migration's tests are its children; a test that somebody asked for alone, or of which something was left behind, has
no parent. It is given nothing but its id: the rest is in the records, from which it goes on when an earlier run has
died.
"""

from collections.abc import Generator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from domain.boot_test.judging import CameUp, Waiting
from domain.boot_test.messages import (
    BEGIN_BOOT_TEST,
    CREATE_MACHINE,
    DELETE_MACHINE,
    FINISH_BOOT_TEST,
    GIVE_UP_BOOT_TEST,
    KEEP_LOG,
    LOOK_AT_MACHINE,
    LOOK_AT_SCRIPT,
    RUN_SCRIPT,
    BootBegun,
    BootGivenUp,
    BootLook,
    BootStep,
    BootTestRequest,
    Judged,
)
from domain.values import Json
from orchestrators.endings import ActivityFailedError, MigrationEndedError, RunOverError
from orchestrators.run import RECORDS_LIMIT, Steps, call_activity, pause

OVER: Json = {"over": True}
"""What a run returns that is nobody's any more: a later one goes on, or nothing is left of the test."""

# Azure deletes a machine in a minute or two. What is not gone by then is the sweep's.
CLEAN_UP_LIMIT = timedelta(hours=1)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=5)


def boot_test(context: df.DurableOrchestrationContext) -> Any:
    """The outcome, as the records hold it, and what is left of the machine; or OVER."""
    request = BootTestRequest(test_id=str(context.instance_id))
    try:
        begun = yield from call_activity(context, BEGIN_BOOT_TEST, request, RECORDS_LIMIT)
        if not begun.judged:
            yield from _judge(context, begun)
        yield from _clean_up(context, begun)
        end = yield from call_activity(context, FINISH_BOOT_TEST, request, RECORDS_LIMIT)
    except (RunOverError, MigrationEndedError):
        return OVER
    return end.model_dump(mode="json")


def _step(context: df.DurableOrchestrationContext, begun: BootBegun) -> BootStep:
    return BootStep(
        test_id=str(context.instance_id), run=begun.run, at=context.current_utc_datetime
    )


def _judge(context: df.DurableOrchestrationContext, begun: BootBegun) -> Steps:
    """Return when there is a verdict. A step that cannot be done ends the test: nothing is known of the version."""
    try:
        came_up = begun.up or (yield from _boot(context, begun))
        if came_up and begun.script:
            yield from _run_script(context, begun)
    except ActivityFailedError as failed:
        given_up = BootGivenUp(
            **dict(_step(context, begun)), code=failed.error.code, reason=failed.reason
        )
        yield from call_activity(context, GIVE_UP_BOOT_TEST, given_up, RECORDS_LIMIT)


def _boot(context: df.DurableOrchestrationContext, begun: BootBegun) -> Generator[Any, Any, bool]:
    """Make the machine and wait for its agent; False when there is a verdict already."""
    step = _step(context, begun)
    made = yield from call_activity(context, CREATE_MACHINE, step, begun.timeout)
    if isinstance(made, Judged):
        return False
    looks = 0
    while True:
        look = BootLook(**dict(_step(context, begun)), looks=looks)
        seen = yield from call_activity(context, LOOK_AT_MACHINE, look, begun.timeout)
        if not isinstance(seen, Waiting):
            return isinstance(seen, CameUp)
        yield from pause(context, seen.delay)
        looks += 1


def _run_script(context: df.DurableOrchestrationContext, begun: BootBegun) -> Steps:
    step = _step(context, begun)
    sent = yield from call_activity(context, RUN_SCRIPT, step, begun.timeout)
    looks = 0
    while not isinstance(sent, Judged):
        look = BootLook(**dict(_step(context, begun)), looks=looks)
        seen = yield from call_activity(context, LOOK_AT_SCRIPT, look, begun.timeout)
        if isinstance(seen, Judged):
            return
        yield from pause(context, seen.delay)
        looks += 1


def _clean_up(context: df.DurableOrchestrationContext, begun: BootBegun) -> Steps:
    """Keep the log, and delete until nothing is left, for an hour; the sweep goes on with what is left then."""
    began, wait = context.current_utc_datetime, FIRST_WAIT
    # A test without a log is one all the same.
    with suppress(ActivityFailedError):
        yield from call_activity(context, KEEP_LOG, _step(context, begun), timedelta(minutes=5))
    try:
        while context.current_utc_datetime - began < CLEAN_UP_LIMIT:
            step = _step(context, begun)
            seen = yield from call_activity(context, DELETE_MACHINE, step, CLEAN_UP_LIMIT)
            if seen.gone:
                return
            yield from pause(context, wait)
            wait = min(wait * 2, LONGEST_WAIT)
    except ActivityFailedError:
        # Written down is what was left at the last look.
        return
