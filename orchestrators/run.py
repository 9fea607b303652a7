"""One run of `migrate_image`: what it knows so far, and the steps every phase takes. Rebuilt by every replay."""

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from migration.answers import Answer
from migration.approval import StoredDecision
from migration.planning import Plan
from migration.requests import MigrationRequest, request_from_record
from migration.stages import ImageFate, Stage
from migration.starting import MigrationStart
from migration.wire import Json
from orchestrators.waiting import GaveUp, Steps, pause, perform

_NOTIFICATION_WAITS = (timedelta(minutes=1), timedelta(minutes=5))


@dataclass
class Run:
    """What a run knows; a replay fills it with the same values in the same order."""

    context: df.DurableOrchestrationContext
    start: MigrationStart
    plan: Plan | None = None
    version_begun: bool = False  # its PUT may have been sent
    replicated: bool = False
    image: ImageFate = ImageFate.KEPT
    entries: int = 0
    operation_url: str | None = None
    decided_by: StoredDecision | None = None
    checks: list[Json] = field(default_factory=list)
    correlation_ids: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The migration id."""
        return self.start.migration_id

    @property
    def request(self) -> MigrationRequest:
        """The accepted request."""
        return request_from_record(self.start.request)

    @property
    def planned(self) -> Plan:
        """The plan; phases after planning only."""
        if self.plan is None:
            raise LookupError("no phase after planning runs without a plan")
        return self.plan

    @property
    def version(self) -> Json:
        """The input that every version step begins with."""
        plan = self.planned
        return {
            "migrationId": self.id,
            "galleryId": plan.gallery_id,
            "definition": plan.definition_name,
            "version": plan.version_name,
        }

    def ask(
        self, activity: str, request: Json, limit: timedelta | None = None
    ) -> Generator[Any, Any, Answer]:
        """An activity's answer; its correlation id is kept for the result."""
        answer = yield from perform(
            self.context,
            activity,
            {"migrationId": self.id, **request},
            self.start.retry_limit if limit is None else limit,
        )
        if answer.correlation_id:
            self.correlation_ids[activity] = answer.correlation_id
        return answer

    def record(self, stage: Stage, text: str, **patch: Any) -> Steps:
        """Write a step forward to the records; `patch`: fields of RecordProgress."""
        self.entries += 1
        self.context.set_custom_status({"stage": stage.value})
        yield from self._progress(stage, text, patch)

    def amend(self, stage: Stage, text: str, **patch: Any) -> Steps:
        """Change what the last step wrote, without another line in the timeline."""
        yield from self._progress(stage, text, patch)

    def _progress(self, stage: Stage, text: str, patch: dict[str, Any]) -> Steps:
        at = self.context.current_utc_datetime.isoformat()
        step = {"number": self.entries, "at": at, "stage": stage.value, "text": text}
        yield from self.ask("record_progress", {**step, **patch})

    def notify(self, kind: str) -> Steps:
        """Tell people; a notification that cannot be sent becomes a warning, never an outcome."""
        at = self.context.current_utc_datetime.isoformat()
        for wait in (*_NOTIFICATION_WAITS, None):
            try:
                yield from self.ask("notify", {"kind": kind, "at": at}, timedelta(0))
            except GaveUp as gave_up:
                if wait is not None and gave_up.error.transient:
                    yield from pause(self.context, wait)
                    continue
                text = f"The notification '{kind}' could not be sent: {gave_up.reason}"
                yield from self.ask("record_warning", {"at": at, "text": text})
            return
