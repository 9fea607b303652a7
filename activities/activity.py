"""The frame of every activity: its request parsed, the records read, its run held against the newest one, expected
errors turned into values."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import clock
from arm.errors import EXPECTED, error_of
from domain.errors import MigratorError
from domain.messages import Activity, ActivityRequest, AnyRequest, Reply, StepRequest
from domain.migration.latch import Halt
from domain.migration.recorded import Failing, Snapshot
from domain.results import ActivityError, ActivityResult, ResultStatus
from domain.settings import InvalidSettingsError
from domain.values import Json
from records.migrations import MigrationRecords
from records.store import RecordError
from services.dependencies import Dependencies, dependencies

log = logging.getLogger("gallery_migrator")

Request = TypeVar("Request", bound=ActivityRequest)
Asked = TypeVar("Asked", bound=AnyRequest)
Work = Callable[[Request, Snapshot, Dependencies], Reply | ActivityError | Halt]
# The worker refuses dict[str, Any]: docs/platform-notes.md#annotations-are-classes
Registered = Callable[[dict], Json]  # type: ignore[type-arg]


def implements(
    contract: Activity[Request, Reply], *, held_by_latch: bool = True
) -> Callable[[Work[Request, Reply]], Registered]:
    """The registered activity made of `work`, which gets the request, everything recorded about the migration, and what
    it needs to do it.

    A step of a run that is not the newest, of a migration that was cancelled or has its outcome, does nothing, unless
    the work asks the latch itself. An exception that is not expected of Azure or the records is a bug and goes
    through to the orchestration.
    """

    def decorate(work: Work[Request, Reply]) -> Registered:
        def result(asked: Request) -> ActivityResult:
            return _result(contract, work, asked, held_by_latch=held_by_latch)

        return registered(contract, work, result)

    return decorate


def registered(
    contract: Activity[Asked, Reply],
    work: Callable[..., object],
    result: Callable[[Asked], ActivityResult],
) -> Registered:
    """The function that the app registers under the contract's name for `work`: plain JSON in, `result` of what it says
    out."""

    @wraps(work)
    def activity(request: dict) -> Json:  # type: ignore[type-arg]
        return result(contract.request.model_validate(request)).model_dump(mode="json")

    # The worker holds a function's own parameters against its bindings, and would look through `wraps`.
    del activity.__wrapped__
    activity.__annotations__ = {"request": dict, "return": dict}
    activity.__name__ = activity.__qualname__ = contract.name
    return activity


def _result(
    contract: Activity[Request, Reply],
    work: Work[Request, Reply],
    asked: Request,
    *,
    held_by_latch: bool,
) -> ActivityResult:
    try:
        app = dependencies()
        snapshot = app.records.snapshot(asked.migration_id)
    except (RecordError, InvalidSettingsError) as error:
        return failed_result(expected_error(contract.name, asked.migration_id, error))
    if snapshot is None:
        log.warning(
            "%s: %s is asked for, and these records have no such migration: does another app use this task hub?",
            asked.migration_id[:100],
            contract.name,
        )
        return halted_result(Halt.ENDED)
    if (
        held_by_latch
        and isinstance(asked, StepRequest)
        and (halt := snapshot.latch.halt(asked.run))
    ):
        return halted_result(halt)
    try:
        answer: Any = work(asked, snapshot, app)
    except (RecordError, InvalidSettingsError, *EXPECTED) as error:
        answer = expected_error(contract.name, asked.migration_id, error)
    if isinstance(answer, ActivityError):
        return failed_result(_since(app.records, contract.name, asked, snapshot, answer))
    if isinstance(answer, Halt):
        return halted_result(answer)
    if snapshot.failing is not None and snapshot.failing.activity == contract.name:
        _well_again(app.records, contract.name, snapshot)
    return ActivityResult(status=ResultStatus.DONE, value=answer.model_dump(mode="json"))


def halted_result(halt: Halt) -> ActivityResult:
    """The result of a step that did nothing."""
    cancelled = halt is Halt.CANCELLED
    return ActivityResult(status=ResultStatus.CANCELLED if cancelled else ResultStatus.OVER)


def failed_result(error: ActivityError) -> ActivityResult:
    """The result of a step that Azure or the records stood in the way of."""
    return ActivityResult(status=ResultStatus.ERROR, error=error)


def expected_error(name: str, migration: str, error: MigratorError) -> ActivityError:
    """The value for an error that is no bug: an outage, a missing role, a slip in the settings may be mended while the
    migration waits."""
    if isinstance(error, RecordError | InvalidSettingsError):
        log.warning("%s: %s: %s: %s", migration, name, type(error).__name__, error)
        return ActivityError(
            code=type(error).__name__,
            message=str(error),
            transient=True,
            retry_after=getattr(error, "retry_after", None),
        )
    value = error_of(error)
    log.info("%s: %s: %s (%s)", migration, name, value.code, value.correlation_id or "no id")
    return value


def _since(
    records: MigrationRecords,
    name: str,
    asked: ActivityRequest,
    snapshot: Snapshot,
    error: ActivityError,
) -> ActivityError:
    """The error, with the moment since when this activity fails in a row: an earlier run may have seen it first."""
    if not error.transient:
        return error
    known = snapshot.failing if snapshot.failing and snapshot.failing.activity == name else None
    if known is None:
        known = Failing(activity=name, since=asked.failing_since or clock.now())
        try:
            records.write_failing(asked.migration_id, known)
        except RecordError as outage:
            log.warning("%s: %s: the records: %s", asked.migration_id, name, outage)
    return error.model_copy(update={"since": known.since})


def _well_again(records: MigrationRecords, name: str, snapshot: Snapshot) -> None:
    """It can be done again; should that not be written down now, the next one that can be writes it."""
    try:
        records.clear_failing(snapshot.accepted.id)
    except RecordError as outage:
        log.warning("%s: %s: the records: %s", snapshot.accepted.id, name, outage)
