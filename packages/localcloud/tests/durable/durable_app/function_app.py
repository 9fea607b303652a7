"""Orchestrations for the tests of the durable engine; every activity notes that it ran."""

# mypy: disable-error-code="untyped-decorator"
# (the SDK ships no types for its decorators)

import datetime as dt
import os
import threading
import time
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
# What a deployment would change; tests switch it.
CODE = {"first_step": "note"}
# What is open when a test begins, and holds up the functions below when a test has closed it.
GATE = threading.Event()
GATE.set()
AT_GATE: list[str] = []


def pass_gate(who: str) -> None:
    AT_GATE.append(who)
    assert GATE.wait(30)


@app.activity_trigger(input_name="what")
def note(what: str) -> str:
    return note_down(what)


def note_down(what: str) -> str:
    """Appends to the file that the test names, so that runs can be counted after a crash."""
    path = os.environ.get("NOTES")
    if path:
        with Path(path).open("a", encoding="utf-8") as notes:
            notes.write(f"{what}\n")
    return what


@app.activity_trigger(input_name="what")
def other(what: str) -> str:
    return what


@app.activity_trigger(input_name="what")
def gated_note(what: str) -> str:
    pass_gate(what)
    return note_down(what)


@app.activity_trigger(input_name="what")
def fail(what: str) -> str:
    raise ValueError(f"{what} Password=secret")


@app.orchestration_trigger(context_name="context")
def chain(context: Any) -> Any:
    """Notes `<instance>-<step>` for each of the steps."""
    for step in range(context.get_input()):
        yield context.call_activity("note", f"{context.instance_id}-{step}")
    return context.get_input()


@app.orchestration_trigger(context_name="context")
def fan(context: Any) -> Any:
    names = [f"{context.instance_id}-{n}" for n in range(context.get_input())]
    result = yield context.task_all([context.call_activity("note", n) for n in names])
    return result


@app.orchestration_trigger(context_name="context")
def gated_fan(context: Any) -> Any:
    yield context.task_all([context.call_activity("gated_note", str(n)) for n in range(3)])


@app.orchestration_trigger(context_name="context")
def gated(context: Any) -> Any:
    pass_gate(context.instance_id)
    yield context.create_timer(context.current_utc_datetime + dt.timedelta(hours=1))
    return "ended"


@app.orchestration_trigger(context_name="context")
def parent_of_failing(context: Any) -> Any:
    yield context.call_sub_orchestrator("failing", None, f"{context.instance_id}-child")


@app.orchestration_trigger(context_name="context")
def failing(context: Any) -> Any:
    yield context.call_activity("fail", "boom")


@app.orchestration_trigger(context_name="context")
def approval(context: Any) -> Any:
    """Waits for an event at most as many days as the input says, in timers of a day."""
    event = context.wait_for_external_event("Approval")
    for _ in range(context.get_input()):
        timer = context.create_timer(context.current_utc_datetime + dt.timedelta(days=1))
        winner = yield context.task_any([event, timer])
        if winner == event:
            timer.cancel()
            return event.result
    return "expired"


@app.orchestration_trigger(context_name="context")
def poll(context: Any) -> Any:
    """Polls left to do: at most 20 in a generation, ten minutes apart."""
    left = context.get_input()
    for _ in range(min(left, 20)):
        yield context.call_activity("note", "poll")
        yield context.create_timer(context.current_utc_datetime + dt.timedelta(minutes=10))
    if left > 20:
        context.continue_as_new(left - 20)
        return None
    return "polled"


@app.orchestration_trigger(context_name="context")
def parent(context: Any) -> Any:
    result = yield context.call_sub_orchestrator(
        "poll", context.get_input(), f"{context.instance_id}-poll"
    )
    return result


@app.orchestration_trigger(context_name="context")
def redelivered(context: Any) -> Any:
    """Each generation gets the event of the one before: it goes on for ever."""
    timer = context.create_timer(context.current_utc_datetime + dt.timedelta(hours=1))
    event = context.wait_for_external_event("E")
    yield context.task_any([event, timer])
    timer.cancel()
    context.continue_as_new((context.get_input() or 0) + 1)


@app.orchestration_trigger(context_name="context")
def changed(context: Any) -> Any:
    yield context.call_activity(CODE["first_step"], "x")
    yield context.wait_for_external_event("Go")


@app.orchestration_trigger(context_name="context")
def waits(context: Any) -> Any:
    """As many seconds as the input says."""
    due = context.current_utc_datetime + dt.timedelta(seconds=context.get_input())
    yield context.create_timer(due)
    return (context.current_utc_datetime - due).total_seconds()


@app.orchestration_trigger(context_name="context")
def waits_on(context: Any) -> Any:
    """Until the time has really come; how many timers that took."""
    due, timers = context.current_utc_datetime + dt.timedelta(seconds=context.get_input()), 0
    while context.current_utc_datetime < due:
        yield context.create_timer(due)
        timers += 1
    return timers


@app.orchestration_trigger(context_name="context")
def ten_days(context: Any) -> Any:
    yield context.create_timer(context.current_utc_datetime + dt.timedelta(days=10))


@app.orchestration_trigger(context_name="context")
def careless(context: Any) -> Any:
    """Uses the wall clock in an input, which only the local cloud notices."""
    yield context.call_activity("note", str(time.perf_counter()))
    yield context.call_activity("note", "end")


@app.entity_trigger(context_name="context")
def counter(context: Any) -> Any:
    if context.operation_name == "delete":
        context.destruct_on_exit()
        return
    value = context.get_state(lambda: 0)
    if context.operation_name == "add":
        value += context.get_input()
    context.set_state(value)
    context.set_result(value)


@app.orchestration_trigger(context_name="context")
def count(context: Any) -> Any:
    entity = df.EntityId("counter", "c")
    context.signal_entity(entity, "add", 1)
    total = yield context.call_entity(entity, "add", 2)
    return total
