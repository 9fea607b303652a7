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

from localcloud.clock import Clock
from localcloud.host.app import App
from localcloud.host.indexing import index
from migration import answers
from migration.approval import Decision, StoredDecision, judge_decisions
from migration.polling import RegionStatus, VersionReading
from migration.recorded import Accepted
from migration.starting import MigrationStart
from migration.wire import Json
from orchestrators.migrate_image import migrate_image
from orchestrators.watch_replication import watch_replication
from tests import builders as b
from tests.localcloud.durable.embedded import Host, served_hub

DURABLE = json.loads((Path(__file__).parents[2] / "host.json").read_text())["extensions"]
QUIET = {"record_progress", "record_warning"}
Reply = Json | Exception | Callable[[Json], Json]


def reading(state: str = "Succeeded", region: str = "Completed", **more: Any) -> Json:
    """The answer of `read_replication` for the regions of `builders.a_plan`."""
    regions = tuple(RegionStatus(name=n, state=region) for n in ("eastus2", "westeurope"))
    look = VersionReading(provisioning_state=state, regions=regions, **more)
    return answers.done(look.to_wire())


def error(
    code: str = "TooManyRequests", *, transient: bool = True, after: float | None = None
) -> Json:
    """An error as an activity answers it."""
    value = answers.AzureError(code=code, message="m", transient=transient, retry_after=after)
    return answers.failed(value)


def planned(**changes: Any) -> Json:
    """The answer of `plan_migration`; `changes` to the plan."""
    request = {"deletion": {"enabled": True}} if changes.pop("deletion", False) else {}
    plan = b.a_plan(**request).model_copy(update=changes)
    return answers.done({"plan": plan.to_wire()})


@dataclass
class Script:
    """What the activities answer: the next of `replies` (the last one stays), else as when all goes well."""

    deletion: bool = False
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    decisions: list[StoredDecision] = field(default_factory=list)
    asked: list[tuple[str, Json]] = field(default_factory=list)
    cancelled_from: str | None = None

    @property
    def accepted(self) -> Accepted:
        """The request that is migrated."""
        return b.an_acceptance(deletion={"enabled": self.deletion})

    def reply(self, name: str, *replies: Reply) -> Script:
        """The next answers of an activity."""
        self.replies[name] = list(replies)
        return self

    def answer(self, name: str, request: Json) -> Json:
        """What an activity answers to this call."""
        self.asked.append((name, request))
        if self.cancelled_from == name:
            return answers.cancelled()
        waiting = self.replies.get(name)
        if not waiting:
            return self._well(name, request)
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(reply, Exception):
            raise reply
        return reply(request) if callable(reply) else reply

    def _well(self, name: str, request: Json) -> Json:
        match name:
            case "plan_migration":
                return planned(deletion=self.deletion)
            case "ensure_definition":
                return answers.done({"ready": True, "created": True}, "correlation-1")
            case "start_version":
                return answers.done({"created": True, "operationUrl": "https://operation"})
            case "read_replication":
                return reading()
            case "check_image":
                return answers.done({"present": True, "unchanged": True, "certain": True})
            case "decide_approval":
                return self._judged(request)
            case "promote_version":
                return answers.done({"changed": True, "operationUrl": None})
            case "gate_and_delete":
                return answers.done({"image": "deleting", "checks": [], "operationUrl": None})
            case "confirm_deletion":
                return answers.done({"gone": True, "refusal": None})
            case "finish_migration":
                kept = {k: request[k] for k in ("outcome", "reason", "at", "result")}
                return answers.done(kept)
        return answers.done()

    def _judged(self, request: Json) -> Json:
        deadline, now = (datetime.fromisoformat(request[name]) for name in ("deadline", "now"))
        verdict = judge_decisions(
            self.decisions, self.accepted.id, request["fingerprint"], deadline, now
        )
        return answers.done(verdict.to_wire())

    # -- what was asked -----------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The activities in the order of their calls, without those that only write down."""
        return [name for name, _ in self.asked if name not in QUIET]

    def inputs(self, name: str) -> list[Json]:
        """The inputs of an activity's calls."""
        return [request for asked, request in self.asked if asked == name]

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


class Theatre(Host):
    """The hub with one migration on it."""

    script: Script

    @property
    def id(self) -> str:
        """The instance id of the migration."""
        return self.script.accepted.id

    async def begin(self, start: MigrationStart | None = None) -> None:
        """The orchestration is started and runs until it waits."""
        value = (start or b.a_start(self.script.accepted)).to_wire()
        await self.start("migrate_image", self.id, value)
        await self.advance(seconds=0)

    async def decide(self, decision: Decision = Decision.APPROVE, **changes: Any) -> None:
        """A decision is stored as the webhook does it, and the waiting round is woken."""
        values = {"migration_id": self.id, "received_at": self.clock.now(), **changes}
        self.script.decisions.append(b.a_decision(decision=decision, **values))
        await self.wake()

    async def wake(self, value: Any = "k1") -> None:
        """The event of the round that waits."""
        shown = [r for r in self.script.inputs("record_progress") if r.get("approval")]
        await self.raise_event(self.id, f"approval-{shown[-1]['approval']['round']}", value)
        await self.advance(seconds=0)

    async def ended(self) -> str:
        """The runtime status and the outcome of the migration."""
        status = await self.status(self.id)
        output = status["output"]
        outcome = output["outcome"] if isinstance(output, dict) else output
        return f"{status['runtimeStatus']} {outcome}"


Scene = Callable[[Theatre], Any]


def play(folder: Path, script: Script, scene: Scene) -> None:
    """Runs a scene to its end; an error of the replay (non-determinism, say) is a failed instance."""

    async def whole() -> None:
        async with _theatre(folder, script) as theatre:
            await scene(theatre)

    asyncio.run(asyncio.wait_for(whole(), 60))


@asynccontextmanager
async def _theatre(folder: Path, script: Script) -> AsyncIterator[Theatre]:
    worker, clock = App(folder, index(_app(script))), Clock(speed=0)
    clock.change(now=b.NOW)
    database, settings = folder / "durable.sqlite", DURABLE["durableTask"]
    async with served_hub(database, worker, clock, settings) as (hub, url):
        theatre = Theatre(hub, worker, clock, url)
        theatre.script = script
        try:
            yield theatre
        finally:
            await theatre.session.close()


ACTIVITIES = (
    "plan_migration",
    "ensure_definition",
    "start_version",
    "read_replication",
    "check_image",
    "decide_approval",
    "promote_version",
    "gate_and_delete",
    "confirm_deletion",
    "record_progress",
    "record_warning",
    "finish_migration",
    "notify",
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
