"""The parts that the steps of a restore share: the readings behind its plan, the row in which writes are intended."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import clock
from arm.client import ArmClient
from arm.errors import ArmAnswerError
from arm.requests import ArmResponse
from arm.versions import read_version_body
from domain.errors import Problem
from domain.facts import version_facts
from domain.ids import restore_id, same_id
from domain.migration.latch import Halt
from domain.migration.polling import version_reading
from domain.migration.recorded import Snapshot
from domain.restore.messages import RestoreStep
from domain.restore.planning import Recipe, RestoreReadings, plan_restore
from domain.restore.recorded import Restore, RestorePlan, answered, intend, take_back
from domain.restore.undo import NO_RESTORER
from domain.results import ActivityError
from records.migrations import MigrationRecords
from services.dependencies import Dependencies


def restorer(app: Dependencies) -> ArmClient:
    """The identity that makes images and disks, and deletes disks: the one that deletes images. Raises ArmAnswerError
    when the settings name none."""
    if app.deleter is None:
        value = ActivityError(code="RestoreNotPermitted", message=NO_RESTORER)
        raise ArmAnswerError(value, by_arm=False)
    return app.deleter


def planned_restore(
    app: Dependencies, snapshot: Snapshot, recipe: Recipe, attempt: int
) -> RestorePlan | list[Problem]:
    """The plan that what is there now allows, or every problem. Raises ArmError and UnexpectedResponseError."""
    plan = snapshot.planned
    body = read_version_body(app.arm, plan.gallery, plan.definition_name, plan.version_name)
    begun = app.records.begun_versions(snapshot.accepted.image_key)
    readings = RestoreReadings(
        plan=plan,
        recipe=recipe,
        version=version_facts(body) if body else None,
        replication=version_reading(body) if body else None,
        begun=next((row for row in begun if same_id(row.version_id, plan.version_id)), None),
    )
    return plan_restore(readings, snapshot.accepted.id, attempt)


@dataclass(frozen=True)
class RestoreIntents:
    """The writes of a run of a restore; see `services/effects.py`."""

    records: MigrationRecords
    step: RestoreStep
    key: str

    @property
    def name(self) -> str:
        """The restore and the write."""
        return f"{restore_id(self.step.migration_id, self.step.attempt)}: {self.key}"

    def intend(self) -> datetime | Halt:
        """Write it into the restore's row."""
        held = self._change(lambda restore: intend(restore, self.step.run, self.key, clock.now()))
        return held if isinstance(held, Halt) else held.writes[self.key].at

    def answered(self, response: ArmResponse) -> None:
        """Write down that Azure took it."""
        url, by = response.operation_url, response.correlation_id
        self._change(lambda restore: answered(restore, self.step.run, self.key, url, by))

    def take_back(self) -> None:
        """Take it out of the row."""
        self._change(lambda restore: take_back(restore, self.step.run, self.key))

    def _change(self, change: Callable[[Restore], Restore | Halt]) -> Restore | Halt:
        return self.records.change_restore(self.step.migration_id, self.step.attempt, change)
