"""Send a write to Azure for a run of a migration: the intent is written first, conditionally, as the last thing before.

Once a later run stands, or the migration has its outcome, nothing is sent. An intent that stands counts as sent, so it
is taken back only where it never left, or Azure itself said that it did nothing, and only by the run that wrote it. A
later run gives a deletion's back once nothing of it can be under way (`domain/migration/lapses.py`): so what could
not be sent soon after its intent is not sent any more.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

import clock
from arm.errors import ArmAnswerError, NotSentError
from arm.requests import ArmResponse
from domain.messages import StepRequest
from domain.migration.lapses import SEND_WITHIN
from domain.migration.latch import Effect, Halt, answered, intend, take_back
from records.migrations import MigrationRecords

log = logging.getLogger("gallery_migrator")


def send(
    records: MigrationRecords,
    request: StepRequest,
    effect: Effect,
    write: Callable[[datetime], ArmResponse],
) -> ArmResponse | Halt:
    """Send the write and return Azure's answer, or why nothing was sent. Raises what the write raises, which is given
    the time until which it may be sent."""
    held = records.change_latch(
        request.migration_id, lambda latch: intend(latch, request.run, effect, clock.now())
    )
    if isinstance(held, Halt):
        log.info("%s: %s not sent: %s", request.migration_id, effect, held)
        return held
    log.info("%s: %s is sent by run %s", request.migration_id, effect, request.run)
    try:
        response = write(held.effects[effect].at + SEND_WITHIN)
    except NotSentError as error:
        log.warning("%s: %s not sent: %s", request.migration_id, effect, error.value)
        forget(records, request, effect)
        raise
    except ArmAnswerError as error:
        log.warning("%s: %s refused: %s", request.migration_id, effect, error.value)
        if did_nothing(error):
            forget(records, request, effect)
        raise
    by = response.correlation_id or "no id"
    log.info("%s: %s answered with %s (%s)", request.migration_id, effect, response.status, by)
    records.change_latch(
        request.migration_id,
        lambda latch: answered(
            latch, request.run, effect, response.operation_url, response.correlation_id
        ),
    )
    return response


def forget(records: MigrationRecords, request: StepRequest, effect: Effect) -> None:
    """Take the intent back, unless an earlier one may have arrived."""
    change = partial(take_back, run=request.run, effect=effect)
    records.change_latch(request.migration_id, change)


def did_nothing(error: ArmAnswerError) -> bool:
    """Return True if Azure itself says, with a code of its own, that it has refused. A 408 and a 5xx leave it open, and
    so does the answer of a proxy or a gateway, which may stand for one that got lost behind it."""
    status = error.value.status or 0
    return error.by_arm and 400 <= status < 500 and status != 408
