"""The orchestrators on a real task hub, through the SDK's replay code; their activities follow a script.

The script answers as the real activities do (tests/activities holds those to it); the clock is moved by the test.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import azure.durable_functions as df

from domain import messages
from domain.approval.asking import ApprovalOpened
from domain.approval.decisions import Decision, StoredDecision, Verdict
from domain.approval.judging import judge_decisions
from domain.messages import (
    DefinitionState,
    DeletionSent,
    DeletionState,
    FinishedMigration,
    ImageState,
    NoticeState,
    PlannedMigration,
    PromotionSent,
    RunBegun,
    VersionBegun,
    Written,
)
from domain.migration.limits import Limits
from domain.migration.polling import RegionStatus, VersionReading, judged_look
from domain.migration.recorded import AcceptedRequest
from domain.migration.stages import ImageFate, Stage
from domain.results import ActivityError, ActivityResult, ResultStatus
from domain.values import Json, Message
from localcloud.clock import Clock
from localcloud.host.app import App
from localcloud.host.indexing import index
from localcloud.testing.task_hub import Host, served_hub
from orchestrators.migrate_image import migrate_image
from orchestrators.watch_replication import watch_replication
from tests import builders as b

DURABLE = json.loads((Path(__file__).parents[2] / "host.json").read_text())["extensions"]
QUIET = {"begin_run", "record_progress"}
Reply = Message | ActivityResult | Exception | Callable[[Json], Message]


def done(reply: Message) -> ActivityResult:
    """The result of an activity that replies this."""
    return ActivityResult(status=ResultStatus.DONE, value=reply.model_dump(mode="json"))


def reading(state: str = "Succeeded", region: str = "Completed", **more: Any) -> VersionReading:
    """The reading, and judgement, of `read_replication` about the regions of `builders.a_plan`."""
    regions = tuple(RegionStatus(name=n, state=region) for n in ("eastus2", "westeurope"))
    return VersionReading(provisioning_state=state, regions=regions, **more)


def error(
    code: str = "TooManyRequests", *, transient: bool = True, after: float | None = None
) -> ActivityResult:
    """An error as an activity answers it."""
    value = ActivityError(code=code, message="m", transient=transient, retry_after=after)
    return ActivityResult(status=ResultStatus.ERROR, error=value)


def planned(**changes: Any) -> PlannedMigration:
    """The reply of `plan_migration`; `changes` to it."""
    plan = b.a_plan()
    values: Json = {
        "version_id": plan.version_id,
        "version_name": plan.version_name,
        "definition_name": plan.definition_name,
        "definition_exists": False,
        "adopts_existing": False,
        "regions": plan.regions,
        "exclude_from_latest": False,
        "fingerprint_complete": True,
    }
    return PlannedMigration(**{**values, **changes})


@dataclass
class Script:
    """The activities' answers: the next of `replies` (the last one stays), or else a success."""

    deletion: bool = False
    timeout: timedelta = timedelta(days=3)
    limits: Limits = field(default_factory=Limits)
    stage: Stage = Stage.PLANNING
    image: ImageFate = ImageFate.KEPT
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    decisions: list[StoredDecision] = field(default_factory=list)
    asked: list[tuple[str, Json]] = field(default_factory=list)
    halted_from: str | None = None
    halt: ResultStatus = ResultStatus.CANCELLED
    rounds: list[int] = field(default_factory=list)
    deadline: datetime | None = None
    stated: int = 1

    @property
    def accepted(self) -> AcceptedRequest:
        """The request that is migrated."""
        return b.an_acceptance(deletion={"enabled": self.deletion})

    def reply(self, name: str, *replies: Reply) -> Script:
        """The next answers of an activity."""
        self.replies[name] = list(replies)
        return self

    def answer(self, name: str, request: Json) -> Json:
        """Return the activity's answer to this call."""
        self.asked.append((name, request))
        if self.halted_from == name:
            return ActivityResult(status=self.halt).model_dump(mode="json")
        waiting = self.replies.get(name)
        if not waiting:
            return done(self._well(name, request)).model_dump(mode="json")
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(reply, Exception):
            raise reply
        found = reply if isinstance(reply, Message) else reply(request)
        if isinstance(found, VersionReading):
            found = self._judged_look(found, request)
        return (found if isinstance(found, ActivityResult) else done(found)).model_dump(mode="json")

    def _well(self, name: str, request: Json) -> Message:
        if name in _WELL:
            return _WELL[name]
        match name:
            case "begin_run":
                return self._begun()
            case "read_replication":
                return self._judged_look(reading(), request)
            case "open_approval":
                at = datetime.fromisoformat(request["at"])
                self.deadline = self.deadline or at + self.timeout
                self.stated = max(self.stated, request["after"] + 1)
                return ApprovalOpened(deadline=self.deadline, round=1, asked=self.stated)
            case "decide_approval":
                return self._judged(request)
            case "delete_image":
                return DeletionSent(began=datetime.fromisoformat(self.times[-1]))
            case "finish_migration":
                return FinishedMigration(outcome=request["outcome"], reason=request["reason"])
        return Written(at=datetime.fromisoformat(request["at"]))

    def _begun(self) -> RunBegun:
        return RunBegun(
            run=1,
            stage=self.stage,
            stage_since=b.NOW,
            deletion=self.deletion,
            image=self.image,
            limits=self.limits,
        )

    def _judged_look(self, found: VersionReading, request: Json) -> Message:
        now, began = (datetime.fromisoformat(request[name]) for name in ("at", "began"))
        polling = self.limits.polling
        return judged_look(found, b.a_plan().regions, request["polls"], now - began, polling)

    def _judged(self, request: Json) -> Verdict:
        self.rounds.append(request["round"])
        now = datetime.fromisoformat(request["at"])
        if self.deadline is None:
            raise LookupError("judged before it was asked")
        question = b.a_question(deadline=self.deadline, statement_hash=self.statement_hash)
        return judge_decisions(self.decisions, question, now)

    @property
    def statement_hash(self) -> str:
        """The hash of the statement that is asked about now."""
        return b.a_kept_statement(round=self.stated).hash

    # -- what was asked -----------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The activities in the order of their calls, without those that only write down."""
        return [name for name, _ in self.asked if name not in QUIET]

    def inputs(self, name: str) -> list[Json]:
        """The inputs of an activity's calls."""
        return [request for asked, request in self.asked if asked == name]

    @property
    def times(self) -> list[str]:
        """The orchestration's times that were told, in order."""
        return [request["at"] for _, request in self.asked if "at" in request]

    @property
    def outcome(self) -> str:
        """The one outcome that was written."""
        [finished] = self.inputs("finish_migration")
        return str(finished["outcome"])

    @property
    def result(self) -> Json:
        """The input of the one `finish_migration`."""
        [finished] = self.inputs("finish_migration")
        return finished

    @property
    def stages(self) -> list[str]:
        """The stages in the order of the timeline, each once."""
        return list(dict.fromkeys(r["stage"] for r in self.inputs("record_progress")))


class OrchestrationHarness(Host):
    """The hub with one migration on it."""

    script: Script

    @property
    def id(self) -> str:
        """The instance id of the migration."""
        return self.script.accepted.id

    async def begin(self) -> None:
        """The orchestration is started and runs until it waits."""
        await self.start("migrate_image", self.id, None)
        await self.advance(seconds=0)

    async def decide(self, decision: Decision = Decision.APPROVE, **changes: Any) -> None:
        """A decision is stored as the webhook does it, and the waiting round is woken."""
        values = {"migration_id": self.id, "received_at": self.clock.now()}
        values |= {"statement_hash": self.script.statement_hash, **changes}
        self.script.decisions.append(b.a_decision(decision=decision, **values))
        await self.wake()

    async def wake(self, value: Any = "k1") -> None:
        """The event of the round that waits."""
        number = self.script.rounds[-1] if self.script.rounds else 1
        await self.raise_event(self.id, f"approval-{number}", value)
        await self.advance(seconds=0)

    async def ended(self) -> str:
        """The runtime status and the outcome of the migration."""
        status = await self.status(self.id)
        output = status["output"]
        outcome = output["outcome"] if isinstance(output, dict) else output
        return f"{status['runtimeStatus']} {outcome}"


Scene = Callable[[OrchestrationHarness], Any]


def play(folder: Path, script: Script, scene: Scene) -> None:
    """Runs a scene to its end; an error of the replay (non-determinism, say) is a failed instance."""

    async def whole() -> None:
        async with _harness(folder, script) as harness:
            await scene(harness)

    asyncio.run(asyncio.wait_for(whole(), 60))


@asynccontextmanager
async def _harness(folder: Path, script: Script) -> AsyncIterator[OrchestrationHarness]:
    worker, clock = App(folder, index(_app(script))), Clock(speed=0)
    clock.change(now=b.NOW)
    database, settings = folder / "durable.sqlite", DURABLE["durableTask"]
    async with served_hub(database, worker, clock, settings) as (hub, url):
        harness = OrchestrationHarness(hub, worker, clock, url)
        harness.script = script
        try:
            yield harness
        finally:
            await harness.session.close()


_WELL: dict[str, Message] = {
    "plan_migration": planned(),
    "ensure_definition": DefinitionState(ready=True),
    "start_version": VersionBegun(created=True),
    "check_image": ImageState(present=True, unchanged=True, certain=True),
    "make_statement": Written(at=b.NOW),
    "promote_version": PromotionSent(changed=True),
    "confirm_deletion": DeletionState(gone=True),
    "notify": NoticeState(sent=True),
}
ACTIVITIES = tuple(
    contract.name for contract in vars(messages).values() if isinstance(contract, messages.Activity)
)


def _app(script: Script) -> ModuleType:
    app = df.DFApp()
    for orchestrator in (migrate_image, watch_replication):
        app.orchestration_trigger(context_name="context")(orchestrator)
    for name in ACTIVITIES:
        app.activity_trigger(input_name="request")(_activity(script, name))
    module = ModuleType("scripted_app")
    module.__dict__["app"] = app
    return module


def _activity(script: Script, name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def activity(request: dict) -> dict:  # type: ignore[type-arg]  # the worker refuses dict[str, Any]
        return json.loads(json.dumps(script.answer(name, request)))  # type: ignore[no-any-return]

    activity.__name__ = activity.__qualname__ = name
    activity.__annotations__ = {"request": dict, "return": dict}
    return activity


DAY = timedelta(days=1)
