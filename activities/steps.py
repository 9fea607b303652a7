"""What every activity has around it: its input read, the cancellation looked at, expected errors turned into values."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from activities.arm_errors import EXPECTED, error_of
from activities.configuration import records
from migration import answers
from migration.settings import InvalidSettings
from migration.wire import Json, Value
from records.store import RecordError

log = logging.getLogger("gallery_migrator")

Input = TypeVar("Input", bound=Value)
Work = Callable[[Input], Json]
Activity = Callable[[dict], Json]  # type: ignore[type-arg]  # the worker refuses dict[str, Any] (durable.md A5)


class StepInput(Value):
    """What every step is given: for which migration it works."""

    migration_id: str


def step(model: type[Input], *, heeds_cancel: bool = True) -> Callable[[Work[Input]], Activity]:
    """An activity made of `work`: `work` gets the parsed input and answers with `answers.done` or `answers.failed`.

    An exception that is not expected of Azure or the records is a bug and goes through to the orchestration.
    """

    def decorate(work: Work[Input]) -> Activity:
        @wraps(work)
        def activity(request: dict) -> Json:  # type: ignore[type-arg]
            given = model.from_wire(request)
            try:
                if heeds_cancel and _over(given):
                    return answers.cancelled()
                return work(given)
            except RecordError as error:
                log.warning("%s: the records: %s", work.__name__, error)
                return answers.failed(_outage(error))
            except InvalidSettings as error:
                log.error("%s: invalid settings: %s", work.__name__, error)
                return answers.failed(_outage(error))
            except EXPECTED as error:
                value = error_of(error)
                log.info("%s: %s (%s)", work.__name__, value.code, value.correlation_id or "no id")
                return answers.failed(value)

        # The worker holds a function's own parameters against its bindings, and would look through `wraps`.
        del activity.__wrapped__
        activity.__annotations__ = {"request": dict, "return": dict}
        return activity

    return decorate


def _over(given: Value) -> bool:
    """Whether somebody cancelled, or the sweep closed the migration: whatever still runs then must change nothing."""
    migration = getattr(given, "migration_id", None)
    latch = records().read_latch(migration) if migration else None
    return latch is not None and latch.kind in {"cancel", "finished"}


def _outage(error: RecordError | InvalidSettings) -> answers.AzureError:
    """An outage, a missing role, a slip in the settings: each may be mended while the migration waits."""
    return answers.AzureError(
        code=type(error).__name__,
        message=str(error),
        transient=True,
        retry_after=getattr(error, "retry_after", None),
    )
