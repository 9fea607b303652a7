"""Records the histories that test_redeploy.py replays: `.venv/bin/python -m tests.orchestrators.record_histories`.

Runs migrations of every kind on the local cloud, black box, and reads the histories from its task hub after each move
of the clock, so that generations which continue as new are caught before they go. When to run it, and which of the old
files to keep: docs/operations.md.
"""

import json
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from localcloud.durable.history import Event, Kind
from localcloud.host.app import App
from localcloud.host.worker import Worker
from tests.orchestrators.recordings import FOLDER, Execution, save
from tests.orchestrators.replaying import decide, turns
from tests.scenarios.client import Client
from tests.scenarios.conftest import add_gallery
from tests.scenarios.process import ROOT, LocalCloudProcess
from tests.scenarios.receiver import SECRET, Receiver

STEP = "PT20S"
Json = dict[str, Any]


class Recorder(Client):
    """A client that keeps the longest history of every execution it sees."""

    def __init__(self, process: LocalCloudProcess, receiver: Receiver) -> None:
        self.seen: dict[str, dict[str, list[Event]]] = {}
        super().__init__(process, receiver)

    def advance(self, duration: str) -> Any:
        """Move the clock, then look."""
        moved = super().advance(duration)
        self.look()
        return moved

    def look(self) -> None:
        """Keep what the task hub holds."""
        hub = sqlite3.connect(self.process.state / "durable.sqlite")
        rows = hub.execute("SELECT instance, event FROM history ORDER BY instance, position")
        histories: dict[str, list[Event]] = {}
        for instance, text in rows:
            histories.setdefault(instance, []).append(_without_stack(json.loads(text)))
        hub.close()
        for instance, history in histories.items():
            started = next(e for e in history if e["EventType"] == Kind.ExecutionStarted)
            execution = started["OrchestrationInstance"]["ExecutionId"]
            self.seen.setdefault(instance, {})[execution] = history

    def history(self, instance: str) -> list[Event]:
        """The last history seen of an instance."""
        return list(self.seen[instance].values())[-1]

    def until(self, holds: Callable[[], bool], steps: int = 400) -> None:
        """Small steps, so that every generation is seen."""
        self.advance_until(holds, STEP, steps)

    def until_stage(self, stage: str, *migrations: str) -> None:
        """Until all of these are in the stage, or have an outcome."""
        self.until(lambda: all(self._there(stage, migration) for migration in migrations))

    def _there(self, stage: str, migration: str) -> bool:
        status = self.status(migration)
        return status["stage"] == stage or status["outcome"] is not None


def _without_stack(event: Event) -> Event:
    """A failure's details hold paths of the machine; the code under test sees them as text only."""
    return event | ({"Details": "left out"} if event["EventType"] == Kind.TaskFailed else {})


@contextmanager
def _cloud() -> Iterator[Recorder]:
    receiver = Receiver()
    settings = {
        "NOTIFICATION_URL": receiver.url,
        "NOTIFICATION_SECRET": SECRET,
        "REPLICATION_POLL_INTERVAL": "PT20S",
        "AZURE_RETRY_TIMEOUT": "PT20M",
    }
    with tempfile.TemporaryDirectory() as folder:
        process = LocalCloudProcess(Path(folder), settings)
        try:
            recorder = Recorder(process, receiver)
            recorder.control("POST", "/reset")
            add_gallery(recorder)
            yield recorder
        finally:
            process.stop()
            receiver.close()


def _status_fault(name: str, method: str, part: str, status: int, **more: Any) -> Json:
    path = rf"/images/{name}{part}"
    return {"what": "status", "method": method, "path": path, "status": status, **more}


def _faults() -> list[Json]:
    version, image = r"/versions/1\.0\.0", r"\?"
    return [
        _status_fault("throttled", "GET", image, 429, count=3, retryAfter=40),
        _status_fault("throttled", "PUT", version, 503, count=2),
        _status_fault("throttled", "DELETE", image, 429, count=2, retryAfter=60),
        _status_fault("gave-up", "PUT", version, 503),
        _status_fault("version-refused", "PUT", version, 409, code="Conflict"),
        _status_fault("definition-refused", "PUT", image, 403, code="AuthorizationFailed"),
        _status_fault("promotion-refused", "PUT", version, 409, code="Conflict", nth=2),
        _status_fault(
            "name-taken", "PUT", "/versions/", 409, code="PropertyChangeNotAllowed", nth=1
        ),
        _status_fault("planned-late", "GET", image, 503, count=6),
        _status_fault("refused-late", "GET", image, 503, count=6),
        _status_fault("cancelled-planning", "GET", image, 503),
        _status_fault("delete-refused", "DELETE", image, 409, code="ScopeLocked"),
        _status_fault("delete-unanswered", "DELETE", image, 503),
        _status_fault("given-back", "DELETE", image, 503, count=1),
        {"what": "replication", "path": "/images/region-failed/versions/", "region": "westeurope"},
    ]


ABOUT = {
    "deleted": "approved, promoted, deleted",
    "kept-as-asked": "deletion off",
    "hidden": "deletion off, never shown to latest",
    "rejected": "the approval was rejected",
    "expired": "nobody approved for three days",
    "woken-for-nothing": "an event that carries no decision, then the approval",
    "cancelled-planning": "cancelled while Azure did not answer",
    "cancelled-replication": "cancelled while the version replicates",
    "cancelled-approval": "cancelled while waiting for the approval",
    "cancelled-promotion": "cancelled while the promoted version replicates",
    "throttled": "429 and 503 on the way, all overcome",
    "planned-late": "planned by the workflow, since Azure did not answer at the start",
    "refused-late": "the plan, made late, finds problems",
    "definition-refused": "the definition may not be written",
    "version-refused": "the version may not be written",
    "gave-up": "Azure stays unavailable for longer than the limit",
    "region-failed": "one region fails",
    "name-taken": "imageVersion auto loses a race and plans again",
    "promotion-refused": "the version cannot be shown to latest",
    "image-changed": "the image is made anew while the version replicates",
    "image-changed-late": "the image is made anew while the approval is waited for",
    "image-gone": "somebody else deletes the image while the approval is waited for",
    "delete-refused": "Azure refuses the deletion",
    "delete-unanswered": "nobody knows whether the deletion arrived",
    "taken-up": "a kept image started again takes up its version",
    "not-notified": "the receiver of notifications refuses",
    "restarted": "the orchestration vanishes while the approval is waited for",
    "given-back": "a run dies with its DELETE unanswered, and the next one sends its own once none can be under way",
    "restored": "the deleted image is made again",
    "crashed": "an activity fails with an exception, and is called again",
}
# The children of the others would tell nothing new.
WITH_CHILDREN = frozenset(
    [
        "deleted",
        "taken-up",
        "throttled",
        "region-failed",
        "cancelled-replication",
        "cancelled-promotion",
        "crashed",
        "restored",
    ]
)


def _start_all(cloud: Recorder) -> dict[str, str]:
    """All but those that come later; ids by scenario."""
    special: dict[str, Json] = {
        "kept-as-asked": {"delete": False},
        "hidden": {"delete": False, "excludeFromLatest": True},
        "name-taken": {"imageVersion": "auto", "delete": False},
    }
    started = {}
    for name in ABOUT.keys() - {
        "refused-late",
        "taken-up",
        "not-notified",
        "crashed",
        "restarted",
        "given-back",
        "restored",
    }:
        cloud.add_image(name)
        started[name] = cloud.start(cloud.request(name, **special.get(name, {})))
    cloud.add_image("refused-late", os_disk={"diskEncryptionSet": {"id": "/subscriptions/x"}})
    started["refused-late"] = cloud.start(cloud.request("refused-late"))
    return started


def _run(cloud: Recorder) -> dict[str, str]:
    cloud.faults(*_faults())
    started = _start_all(cloud)
    cloud.look()
    cloud.advance(STEP)
    cloud.cancel(started["cancelled-planning"])
    cloud.until_stage("replication", started["cancelled-replication"], started["image-changed"])
    cloud.cancel(started["cancelled-replication"])
    cloud.make_image_anew("image-changed")
    approving = ["deleted", "throttled", "planned-late", "delete-refused", "delete-unanswered"]
    approving += ["promotion-refused", "cancelled-promotion", "woken-for-nothing"]
    changing = ["image-gone", "image-changed-late"]
    others = ["rejected", "expired", "cancelled-approval"]
    cloud.until_stage("approval", *(started[name] for name in approving + changing + others))
    cloud.delete_image("image-gone")
    cloud.make_image_anew("image-changed-late")
    woken = started["woken-for-nothing"]
    cloud.durable("POST", f"/instances/{woken}/raiseEvent/approval-1", "no such decision")
    cloud.advance(STEP)
    for name in approving + changing:
        assert cloud.decide(started[name]).status == 200, name
    assert cloud.decide(started["rejected"], "reject").status == 200
    cloud.cancel(started["cancelled-approval"])
    cloud.until_stage("promotion", started["cancelled-promotion"])
    cloud.cancel(started["cancelled-promotion"])
    _finish(cloud, started, but="expired")
    started["taken-up"] = _take_up(cloud, "rejected")
    started["not-notified"] = _not_notified(cloud)
    started["crashed"] = _crashed(cloud)
    started["restarted"] = _restarted(cloud)
    started["given-back"] = _given_back(cloud)
    started["restored"] = _restored(cloud)
    for _ in range(4):
        cloud.advance("P1D")
    _finish(cloud, started)
    return started


def _finish(cloud: Recorder, started: dict[str, str], but: str = "") -> None:
    mine = [migration for name, migration in started.items() if name != but]
    cloud.until(lambda: all(cloud.status(migration)["outcome"] for migration in mine))


def _take_up(cloud: Recorder, name: str) -> str:
    migration = cloud.start(cloud.request(name))
    cloud.until_stage("approval", migration)
    assert cloud.decide(migration).status == 200
    _finish(cloud, {name: migration})
    return migration


def _not_notified(cloud: Recorder) -> str:
    cloud.receiver.refuse_with = 503
    migration = cloud.begin("not-notified", delete=False)
    _finish(cloud, {"not-notified": migration})
    cloud.advance("PT10M")
    cloud.receiver.refuse_with = None
    return migration


def _crashed(cloud: Recorder) -> str:
    """An exception that nobody expects: the plan is not in the records for a while."""
    migration = cloud.begin("crashed", delete=False)
    cloud.until_stage("replication", migration)
    _rename_row(cloud, migration, "plan", "hidden")
    cloud.until(
        lambda: any(
            e["EventType"] == Kind.TaskFailed for e in cloud.history(f"{migration}-replication")
        )
    )
    _rename_row(cloud, migration, "hidden", "plan")
    _finish(cloud, {"crashed": migration})
    return migration


def _rename_row(cloud: Recorder, migration: str, old: str, new: str) -> None:
    with (
        closing(sqlite3.connect(cloud.process.state / "records.sqlite")) as records,
        records,
    ):
        records.execute(
            "UPDATE record SET row = ? WHERE partition = ? AND row = ?", (new, migration, old)
        )


def _restarted(cloud: Recorder) -> str:
    """The orchestration is gone while the approval is waited for, and is started again from the record."""
    migration = cloud.begin("restarted")
    cloud.until_stage("approval", migration)
    _lose(cloud, migration)
    assert cloud.decide(migration).status == 200
    _finish(cloud, {"restarted": migration})
    return migration


def _given_back(cloud: Recorder) -> str:
    """And so is it while its DELETE, which Azure did not take, waits to be sent again."""
    migration = cloud.begin("given-back")
    cloud.until_stage("approval", migration)
    assert cloud.decide(migration).status == 200
    cloud.until(lambda: "/images/given-back?" in str(cloud.arm_log("DELETE")))
    _lose(cloud, migration)
    _finish(cloud, {"given-back": migration})
    return migration


def _restored(cloud: Recorder) -> str:
    migration = cloud.begin("restored")
    cloud.until_stage("approval", migration)
    assert cloud.decide(migration).status == 200
    _finish(cloud, {"restored": migration})
    path, who = f"/api/migrations/{migration}/restore", cloud.token("alan", "Migration.Admin")
    assert cloud.call("POST", path, headers=who).status == 202
    cloud.until(lambda: cloud.status(migration)["restore"]["state"] == "restored")
    return migration


def _lose(cloud: Recorder, migration: str) -> None:
    """The orchestration is gone; the sweep starts the next run."""
    for action in ("POST", "DELETE"):
        path = f"/instances/{migration}" + ("/terminate" if action == "POST" else "")
        cloud.durable(action, path)
        cloud.advance(STEP)
    cloud.until(lambda: "started again" in str(cloud.status(migration)["timeline"]))


def _executions(
    worker: Worker, cloud: Recorder, migration: str, *, children: bool
) -> list[Execution]:
    found = []
    for instance in sorted(cloud.seen):
        if instance != migration and not (children and instance.startswith(migration + "-")):
            continue
        for generation, history in enumerate(cloud.seen[instance].values(), 1):
            started = next(e for e in history if e["EventType"] == Kind.ExecutionStarted)
            called = _first_inputs(worker, history)
            found.append(Execution(instance, started["Name"], generation, history, called))
    return found


def _first_inputs(worker: Worker, history: list[Event]) -> dict[str, str]:
    found: dict[str, str] = {}
    for known, _ in turns(history):
        for decision in decide(worker, known).decisions:
            if decision.kind is Kind.TaskScheduled:
                found.setdefault(decision.name, str(decision.payload))
    return found


def main() -> None:
    """Record every scenario."""
    worker = App.load(ROOT)
    with _cloud() as cloud:
        started = _run(cloud)
        for name, migration in started.items():
            status = cloud.status(migration)
            about = f"{ABOUT[name]} -> {status['outcome']}: {status['reason']}"
            found = _executions(worker, cloud, migration, children=name in WITH_CHILDREN)
            save(FOLDER / f"{name}.json", about, found)
            sys.stdout.write(f"{name}: {about}\n")
    worker.stop()


if __name__ == "__main__":
    main()
