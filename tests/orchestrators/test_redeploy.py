"""A redeploy breaks no migration in flight: histories recorded on released code, replayed against the working tree.

Every recorded execution is replayed after each of its turns. What fails here would fail, or go astray, in production:
docs/operations.md says how to change an orchestrator instead.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import pytest

from domain import messages
from domain.boot_test import messages as boot_messages
from domain.messages import CONFIRM_DELETION, DELETE_IMAGE, Activity
from domain.migration.stages import Outcome, Stage
from domain.restore import messages as restore_messages
from domain.values import Message
from localcloud.durable.history import STATUSES, Kind
from localcloud.host.app import App
from orchestrators import migrate_image, run, watch_replication
from orchestrators.publish_version import check_image
from orchestrators.run import Run, Steps
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
    """Every activity is called, every outcome reached, some generation continued as new, some run started again."""
    everything = [execution for recorded in RECORDED.values() for execution in recorded]
    runs = [e for e in everything if e.orchestrator == "migrate_image"]
    parents = [e for e in runs if _status(e) == "Completed"]
    activities = {f.durable_name for f in worker.functions if f.kind == "activityTrigger"}

    called = {name for execution in everything for name in execution.called}
    outcomes = {json.loads(e.called["finish_migration"])["outcome"] for e in parents}

    assert called == activities
    assert outcomes == set(Outcome)
    assert max(e.generation for e in everything) >= 2
    # Two were started again.
    assert len(parents) < len(runs) == len(RECORDED) + 2


def _status(execution: Execution) -> str:
    ends = [e for e in execution.history if e["EventType"] == Kind.ExecutionCompleted]
    return STATUSES[ends[-1]["OrchestrationStatus"]] if ends else "cut off"


def test_inputs_that_lie_in_the_queue_are_read_by_today_s_activities(worker: App) -> None:
    """An activity called before the redeploy runs after it: its recorded input must still be one."""
    wrong = []
    for scenario, executions in RECORDED.items():
        for execution in executions:
            for name, text in execution.called.items():
                try:
                    _model_of(worker, name).model_validate(json.loads(text))
                except ValueError as error:
                    wrong.append(f"{scenario}: {name}: {error}")

    assert wrong == []


def _model_of(worker: App, activity: str) -> type[Message]:
    assert worker.find("activityTrigger", activity), f"there is no activity {activity} any more"
    known = {**vars(messages), **vars(restore_messages), **vars(boot_messages)}
    contracts = {c.name: c for c in known.values() if isinstance(c, Activity)}
    return contracts[activity].request


def test_every_turn_of_a_history_is_replayed() -> None:
    """The replay's known events and the decisions of each turn make up the whole history."""
    execution = RECORDED["deleted"][0]
    cut = list(turns(execution.history))

    decided = [event for _, made in cut for event in made]
    known, _ = cut[-1]

    assert len(cut) > 20
    assert [e for e in execution.history if e in decided] == decided
    assert known == execution.history[: len(known)]


# ---- the check can fail ----------------------------------------------------------------------------


def _a_step_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def altered(run: Run) -> Steps:
        yield from run.record("look", Stage.REPLICATION, "looking at the image")
        yield from check_image(run)

    monkeypatch.setattr(migrate_image, "check_image", altered)


def _a_step_less(monkeypatch: pytest.MonkeyPatch) -> None:
    def altered(run: Run) -> Steps:
        return
        yield

    monkeypatch.setattr(migrate_image, "check_image", altered)


def _a_step_renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Run.call

    def altered(self: Run, activity: Any, *arguments: Any) -> Any:
        renamed = CONFIRM_DELETION if activity is DELETE_IMAGE else activity
        return original(self, renamed, *arguments)

    monkeypatch.setattr(Run, "call", altered)


def _shorter_generations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_replication, "POLLS_PER_GENERATION", 5)


def _fewer_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    once = df.RetryOptions(first_retry_interval_in_milliseconds=30_000, max_number_of_attempts=1)
    monkeypatch.setattr(run, "_CRASHES", once)


def _an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    def altered(run: Run) -> Steps:
        raise KeyError("a field that old answers do not have")

    monkeypatch.setattr(migrate_image, "promote_version", altered)


@pytest.mark.parametrize(
    ("alter", "told"),
    [
        (_a_step_more, "check_image"),
        (_a_step_less, "check_image"),
        (_a_step_renamed, "delete_image"),
        (_shorter_generations, "read_replication"),
        (_fewer_tries, "read_replication"),
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
