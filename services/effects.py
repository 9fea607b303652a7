"""Send a write to Azure for a run of a migration or a restore: the intent is written first, conditionally, as the last
thing before.

Once a later run stands, or the migration has its outcome, nothing is sent. An intent that stands counts as sent, so it
is taken back only where it never left, or Azure itself said that it did nothing, and only by the run that wrote it. A
later run gives a deletion's back once nothing of it can be under way (`domain/migration/lapses.py`): so what could
not be sent soon after its intent is not sent any more.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

import clock
from arm.errors import ArmAnswerError, NotSentError
from arm.requests import ArmResponse
from domain.messages import StepRequest
from domain.migration.lapses import SEND_WITHIN
from domain.migration.latch import Effect, Halt, Latch, answered, intend, take_back
from records.migrations import MigrationRecords

log = logging.getLogger("gallery_migrator")


class Intents(Protocol):
    """The row in which a run writes down what it is about to send, and the name of that write for the log."""

    @property
    def name(self) -> str:
        """The migration or restore, and the write."""

    def intend(self) -> datetime | Halt:
        """Write the intent; its time, or why nothing may be sent."""

    def answered(self, response: ArmResponse) -> None:
        """Azure took it."""

    def take_back(self) -> None:
        """Azure did nothing; the intent stands all the same if an earlier one may have arrived."""


@dataclass(frozen=True)
class LatchIntents:
    """Those of a run of a migration."""

    records: MigrationRecords
    request: StepRequest
    effect: Effect

    @property
    def name(self) -> str:
        """The migration and the effect."""
        return f"{self.request.migration_id}: {self.effect}"

    def intend(self) -> datetime | Halt:
        """Write it into the latch."""
        run, effect = self.request.run, self.effect
        held = self._change(lambda latch: intend(latch, run, effect, clock.now()))
        return held if isinstance(held, Halt) else held.effects[effect].at

    def answered(self, response: ArmResponse) -> None:
        """Write operation and correlation id into the latch."""
        url, by = response.operation_url, response.correlation_id
        run, effect = self.request.run, self.effect
        self._change(lambda latch: answered(latch, run, effect, url, by))

    def take_back(self) -> None:
        """Take it out of the latch."""
        self._change(partial(take_back, run=self.request.run, effect=self.effect))

    def _change(self, change: Callable[[Latch], Latch | Halt]) -> Latch | Halt:
        return self.records.change_latch(self.request.migration_id, change)


def send(
    records: MigrationRecords,
    request: StepRequest,
    effect: Effect,
    write: Callable[[datetime], ArmResponse],
) -> ArmResponse | Halt:
    """Send a migration's write; Azure's answer, or why nothing was sent. Raises what the write raises, which is given
    the time until which it may be sent."""
    return send_intended(LatchIntents(records, request, effect), request.run, write)


def send_intended(
    intents: Intents, run: int, write: Callable[[datetime], ArmResponse]
) -> ArmResponse | Halt:
    """Send any write; the same."""
    intended = intents.intend()
    if isinstance(intended, Halt):
        log.info("%s not sent: %s", intents.name, intended)
        return intended
    log.info("%s is sent by run %s", intents.name, run)
    try:
        response = write(intended + SEND_WITHIN)
    except NotSentError as error:
        log.warning("%s not sent: %s", intents.name, error.value)
        intents.take_back()
        raise
    except ArmAnswerError as error:
        log.warning("%s refused: %s", intents.name, error.value)
        if did_nothing(error):
            intents.take_back()
        raise
    by = response.correlation_id or "no id"
    log.info("%s answered with %s (%s)", intents.name, response.status, by)
    intents.answered(response)
    return response


def forget(records: MigrationRecords, request: StepRequest, effect: Effect) -> None:
    """Take the intent back, unless an earlier one may have arrived."""
    LatchIntents(records, request, effect).take_back()


def did_nothing(error: ArmAnswerError) -> bool:
    """Return True if Azure itself says, with a code of its own, that it has refused. A 408 and a 5xx leave it open, and
    so does the answer of a proxy or a gateway, which may stand for one that got lost behind it."""
    status = error.value.status or 0
    return error.by_arm and 400 <= status < 500 and status != 408
