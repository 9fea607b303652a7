"""The replay of an SDK's answer, rule by rule; no host, no SDK."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localcloud.durable.decisions import Decision, complete, create_timer, schedule_task
from localcloud.durable.history import (
    Event,
    Execution,
    Kind,
    event,
    event_raised,
    task_completed,
    task_failed,
)
from localcloud.durable.shim import Reply, replay, retry_delay

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def knows(_kind: str, name: str) -> bool:
    return name != "unknown"


def call(name: str = "a") -> dict[str, Any]:
    return {"actionType": 0, "functionName": name, "input": "1"}


def timer(*, cancelled: bool = False) -> dict[str, Any]:
    return {"actionType": 5, "fireAt": "2026-01-03T00:00:00Z", "isCanceled": cancelled}


def wait(name: str = "E") -> dict[str, Any]:
    return {"actionType": 6, "externalEventName": name, "reason": "ExternalEvent"}


def any_of(*actions: dict[str, Any]) -> dict[str, Any]:
    return {"actionType": 11, "compoundActions": list(actions)}


def all_of(*actions: dict[str, Any]) -> dict[str, Any]:
    return {"actionType": 12, "compoundActions": list(actions)}


def scheduled(key: int, name: str = "a") -> Event:
    return event(Kind.TaskScheduled, NOW, key, Name=name, Version="")


def decide(*actions: dict[str, Any], after: tuple[Event, ...] = (), **state: Any) -> list[Decision]:
    started = Execution("i", "e", "f").started(NOW, None)
    history = [event(Kind.OrchestratorStarted, NOW), started, *after]
    reply = {"isDone": False, "actions": [list(actions)], **state}
    return replay(history, Reply(reply), knows).decisions


def test_nothing_behind_an_open_action_is_scheduled() -> None:
    """Actions are performed one after another."""
    assert decide(call("a"), call("b")) == [schedule_task(0, "a", "1")]
    done = (scheduled(0), task_completed(NOW, 0, "1"))
    assert decide(call("a"), call("b"), after=done) == [schedule_task(1, "b", "1")]


def test_all_waits_for_failures_too() -> None:
    """A failed branch does not end WhenAll, as it does in the SDK."""
    failed = (scheduled(0), scheduled(1), task_failed(NOW, 0, "no", ""))
    both = all_of(call(), call())
    assert decide(both, call("next"), after=failed) == []
    settled = (*failed, task_completed(NOW, 1, "1"))
    assert decide(both, call("next"), after=settled) == [schedule_task(2, "next", "1")]


def test_an_unknown_function_takes_no_id_and_hangs() -> None:
    """The failure stays on the .NET side: what follows is scheduled, the SDK waits for ever."""
    assert decide(call("unknown"), call("b")) == [schedule_task(0, "b", "1")]
    assert decide(call("unknown")) == []


def test_an_open_timer_keeps_the_instance_running() -> None:
    """The orchestration ends when no task is open; a cancelled timer is not."""
    after = (scheduled(0), event(Kind.TimerCreated, NOW, 1), task_completed(NOW, 0, "1"))
    assert decide(any_of(call(), timer()), isDone=True, output=1, after=after) == []
    ended = decide(any_of(call(), timer(cancelled=True)), isDone=True, output=1, after=after)
    assert ended == [complete(2, "Completed", "1")]


def test_an_event_is_for_one_waiter_in_any_case() -> None:
    """Names are compared without case, and each event ends one wait."""
    one = (event_raised(NOW, "e", "1"),)
    assert decide(wait("E"), call(), after=one) == [schedule_task(0, "a", "1")]
    assert decide(all_of(wait(), wait()), call(), after=one) == []
    assert decide(all_of(wait(), wait()), call(), after=one * 2) == [schedule_task(0, "a", "1")]


def test_suspended_instances_schedule_nothing() -> None:
    """The reply's actions wait until the instance is resumed."""
    hold = (event(Kind.ExecutionSuspended, NOW, Reason="r"), event_raised(NOW, "E", "1"))
    assert decide(wait(), call(), after=hold) == []
    go_on = (*hold, event(Kind.ExecutionResumed, NOW, Reason="r"))
    assert decide(wait(), call(), after=go_on) == [schedule_task(0, "a", "1")]


def test_terminate_wins_over_everything() -> None:
    """Also over a result that is there, and while suspended."""
    hold = (event(Kind.ExecutionSuspended, NOW, Reason="r"),)
    end = (*hold, event(Kind.ExecutionTerminated, NOW, Input="why"))
    assert decide(isDone=True, output=1, after=end) == [complete(0, "Terminated", "why")]


def test_continue_as_new_carries_later_events_over() -> None:
    """An event behind the call of continue_as_new belongs to the next generation."""
    started = Execution("i", "e", "f").started(NOW, None)
    raised = event_raised(NOW, "E", "1")
    actions = [any_of(wait(), timer(cancelled=True)), {"actionType": 4, "input": "1"}]
    reply = Reply({"isDone": True, "actions": [actions]})
    history = [started, event(Kind.TimerCreated, NOW, 0), raised]
    assert replay(history, reply, knows).carried == [raised]


@pytest.mark.parametrize(
    ("actions", "text"),
    [
        ((), "with sequence ID 0 and name 'a' (version ''), but the current replay execution"),
        ((call("b"),), "with sequence number 0 named 'a', but the current orchestration replay"),
        ((timer(),), "instead produced a CreateTimerOrchestratorAction action"),
    ],
)
def test_changed_code_fails_the_instance(actions: tuple[dict[str, Any], ...], text: str) -> None:
    """The reason says what the history has and what the code did."""
    (end,) = [
        d for d in decide(*actions, after=(scheduled(0),)) if d.kind is Kind.ExecutionCompleted
    ]
    assert end.status == "Failed"
    result = end.fields["Result"]
    assert result.startswith("Non-Deterministic workflow detected: A previous execution")
    assert text in result


def test_a_retry_waits_and_ends_with_a_timer_that_is_due() -> None:
    """Each failure is followed by a timer; the one behind the last attempt costs no time."""
    retried = {
        **call(),
        "actionType": 1,
        "retryOptions": {"firstRetryIntervalInMilliseconds": 60_000, "maxNumberOfAttempts": 1},
    }
    after = (scheduled(0), task_failed(NOW, 0, "no", ""))
    assert decide(retried, after=after) == [create_timer(1, "2026-01-02T03:04:05Z")]
    retried["retryOptions"] |= {"maxNumberOfAttempts": 2}
    assert decide(retried, after=after) == [create_timer(1, "2026-01-02T03:05:05Z")]


def test_retry_options_grow_to_a_limit() -> None:
    """Backoff, its limit, and the timeout after which there is no more attempt."""
    options = {
        "firstRetryIntervalInMilliseconds": 1000,
        "backoffCoefficient": 2,
        "maxRetryIntervalInMilliseconds": 3000,
        "retryTimeoutInMilliseconds": 10_000,
    }
    delays = [retry_delay(options, attempt, timedelta(0)) for attempt in (1, 2, 3)]
    assert delays == [timedelta(seconds=seconds) for seconds in (1, 2, 3)]
    assert retry_delay(options, 4, timedelta(seconds=10)) is None


@pytest.mark.parametrize(("characters", "fails"), [(8701, False), (8702, True)])
def test_a_long_custom_status_fails(characters: int, fails: bool) -> None:
    """The limit is 17 KB of UTF-16, quotes included."""
    decisions = decide(call(), customStatus="x" * characters)
    assert (decisions[0].kind is Kind.ExecutionCompleted) is fails


def test_none_of_nothing_fails_and_all_of_nothing_passes() -> None:
    """task_any([]) is an error of .NET's, task_all([]) is done at once and takes no id."""
    (end,) = decide(any_of())
    assert end.status == "Failed"
    assert "The tasks argument contains no tasks" in end.fields["Result"]
    assert decide(all_of(), call()) == [schedule_task(0, "a", "1")]


def test_a_failure_without_text_hangs() -> None:
    """An exception without a message is no error to the extension."""
    assert decide(error="") == []
    assert decide(error="no") == [
        complete(
            0,
            "Failed",
            "Orchestrator function 'f' failed: no",
            "Message: no, StackTrace:    (not kept by the local cloud)",
        )
    ]
