"""The frame of the activities of boot tests: as that of migrations (`activities/activity.py`), held against the
test's own record."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from activities.activity import (
    Registered,
    expected_error,
    failed_result,
    halted_result,
    registered,
)
from arm.client import ArmClient
from arm.errors import EXPECTED
from domain.boot_test.messages import BootStep, BootTestRequest
from domain.boot_test.recorded import BootSnapshot
from domain.messages import Activity, Reply
from domain.migration.latch import Halt
from domain.results import ActivityError, ActivityResult, ResultStatus
from domain.settings import InvalidSettingsError
from records.store import RecordError
from services.dependencies import Dependencies, dependencies

log = logging.getLogger("gallery_migrator")

Asked = TypeVar("Asked", bound=BootTestRequest)
Work = Callable[[Asked, BootSnapshot, Dependencies], Reply | ActivityError | Halt]


def implements_test(
    contract: Activity[Asked, Reply],
) -> Callable[[Work[Asked, Reply]], Registered]:
    """The registered activity made of `work`, which gets the request, everything recorded about the test, and what it
    needs to do it. A step of a run that is not the newest, or of a test of which nothing is left, does nothing."""

    def decorate(work: Work[Asked, Reply]) -> Registered:
        return registered(contract, work, partial(_result, contract, work))

    return decorate


def _result(
    contract: Activity[Asked, Reply], work: Work[Asked, Reply], asked: Asked
) -> ActivityResult:
    try:
        app = dependencies()
        snapshot = app.records.boot_snapshot(asked.test_id)
        if snapshot is None:
            log.warning("%s: no such boot test is in these records", asked.test_id[:100])
            return halted_result(Halt.ENDED)
        if isinstance(asked, BootStep) and (halt := snapshot.state.halt(asked.run)):
            return halted_result(halt)
        answer: Any = work(asked, snapshot, app)
    except (RecordError, InvalidSettingsError, *EXPECTED) as error:
        answer = expected_error(contract.name, asked.test_id, error)
    if isinstance(answer, ActivityError):
        return failed_result(answer)
    if isinstance(answer, Halt):
        return halted_result(answer)
    return ActivityResult(status=ResultStatus.DONE, value=answer.model_dump(mode="json"))


def tester_of(app: Dependencies) -> ArmClient:
    """The client that makes and deletes machines. Raises InvalidSettingsError, which may be mended, without one."""
    if app.tester is None:
        raise InvalidSettingsError([])
    return app.tester
