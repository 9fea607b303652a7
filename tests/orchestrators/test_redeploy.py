"""A redeploy breaks no migration in flight: histories recorded on released code, replayed against the working tree.

Every recorded execution is replayed after each of its turns. What fails here would fail, or go astray, in production:
docs/operations.md says how to change an orchestrator instead.
"""

import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import pytest

from localcloud.durable.history import STATUSES, Kind
from localcloud.host.app import App
from migration.stages import Outcome, Stage
from migration.wire import Value
from orchestrators import phases, waiting, watch_replication
from orchestrators.run import Run
from orchestrators.waiting import Steps
from tests.orchestrators.recordings import Execution, files, load
from tests.orchestrators.replaying import first_difference, turns

ROOT = Path(__file__).resolve().parents[2]
RECORDED = {path.stem: load(path) for path in files()}


@pytest.fixture(scope="module")
def worker() -> Iterator[App]:
    """The app as the Python worker loads it."""
    loaded = App.load(ROOT)
    yield loaded
    loaded.stop()


@pytest.mark.parametrize("scenario", RECORDED)
def test_every_recorded_step_is_taken_again(worker: App, scenario: str) -> None:
    """After each turn of each execution, today's code decides what was decided then."""
    for execution in RECORDED[scenario]:
        difference = first_difference(worker, execution)

        assert difference is None, str(difference)


def test_every_step_and_ending_is_recorded(worker: App) -> None:
    """Every activity is called, every outcome reached, and some generation continued as new."""
    everything = [execution for recorded in RECORDED.values() for execution in recorded]
    parents = [e for e in everything if e.orchestrator == "migrate_image"]
    activities = {f.durable_name for f in worker.functions if f.kind == "activityTrigger"}

    called = {name for execution in everything for name in execution.called}
    outcomes = {json.loads(e.called["finish_migration"])["outcome"] for e in parents}

    assert called == activities
    assert outcomes == set(Outcome)
    assert max(e.generation for e in everything) >= 2
    assert {_status(e) for e in parents} == {"Completed"}


def _status(execution: Execution) -> str:
    last = next(e for e in reversed(execution.history) if e["EventType"] == Kind.ExecutionCompleted)
    return STATUSES[last["OrchestrationStatus"]]


def test_inputs_that_lie_in_the_queue_are_read_by_today_s_activities(worker: App) -> None:
    """An activity called before the redeploy runs after it: its recorded input must still be one."""
    wrong = []
    for scenario, executions in RECORDED.items():
        for execution in executions:
            for name, text in execution.called.items():
                try:
                    _model_of(worker, name).from_wire(json.loads(text))
                except ValueError as error:
                    wrong.append(f"{scenario}: {name}: {error}")

    assert wrong == []


def _model_of(worker: App, activity: str) -> type[Value]:
    function = worker.find("activityTrigger", activity)
    assert function is not None, f"there is no activity {activity} any more"
    model: type[Value] = inspect.getclosurevars(function.handler).nonlocals["model"]
    return model


def test_every_turn_of_a_history_is_replayed() -> None:
    """What comes in is known, what was decided is held against; together they are the history."""
    execution = RECORDED["deleted"][0]
    cut = list(turns(execution.history))

    decided = [event for _, made in cut for event in made]
    known, _ = cut[-1]

    assert len(cut) > 20
    assert [e for e in execution.history if e in decided] == decided
    assert known == execution.history[: len(known)]


# ---- the check can fail ----------------------------------------------------------------------------


def _a_step_more(monkeypatch: pytest.MonkeyPatch) -> None:
    original = phases.check_image

    def altered(run: Run) -> Steps:
        yield from run.record(Stage.REPLICATION, "looking at the image")
        yield from original(run)

    monkeypatch.setattr(phases, "check_image", altered)


def _a_step_less(monkeypatch: pytest.MonkeyPatch) -> None:
    def altered(run: Run) -> Steps:
        return
        yield

    monkeypatch.setattr(phases, "check_image", altered)


def _a_step_renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Run.ask

    def altered(self: Run, activity: str, *arguments: Any) -> Any:
        renamed = "confirm_deletion" if activity == "gate_and_delete" else activity
        return original(self, renamed, *arguments)

    monkeypatch.setattr(Run, "ask", altered)


def _shorter_generations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_replication, "POLLS_PER_GENERATION", 5)


def _fewer_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    once = df.RetryOptions(first_retry_interval_in_milliseconds=30_000, max_number_of_attempts=1)
    monkeypatch.setattr(waiting, "_CRASHES", once)


def _an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    def altered(run: Run) -> Steps:
        raise KeyError("a field that old answers do not have")

    monkeypatch.setattr(phases, "promote", altered)


@pytest.mark.parametrize(
    ("alter", "told"),
    [
        (_a_step_more, "check_image"),
        (_a_step_less, "check_image"),
        (_a_step_renamed, "gate_and_delete"),
        (_shorter_generations, "read_replication"),
        (_fewer_tries, "record_progress"),
        (_an_exception, "a field that old answers do not have"),
    ],
    ids=[
        "a step more",
        "a step less",
        "another activity",
        "shorter generations",
        "fewer tries",
        "an exception",
    ],
)
def test_an_altered_orchestrator_is_found(
    worker: App,
    monkeypatch: pytest.MonkeyPatch,
    alter: Callable[[pytest.MonkeyPatch], None],
    told: str,
) -> None:
    """Each way of breaking migrations in flight fails, and the step that differs is named."""
    alter(monkeypatch)

    told_of = []
    for execution in [*RECORDED["crashed"], *RECORDED["deleted"]]:
        difference = first_difference(worker, execution)
        told_of += [str(difference)] if difference else []
        if difference and told in difference.text:
            return
    pytest.fail(f"nobody told of {told}, but of {told_of}")
