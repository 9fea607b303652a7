"""An app that a test kills at work: what is to be held notes its process and stays in flight until that has died."""

# mypy: disable-error-code="untyped-decorator"
# (the SDK ships no types for its decorators)

import asyncio
import json
import os
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
Steps = Generator[Any, Any, Any]
FLIGHT = Path(os.environ["FLIGHT"])
AGAIN = df.RetryOptions(first_retry_interval_in_milliseconds=1000, max_number_of_attempts=2)


def noted(what: str) -> bool:
    """Note a run; whether it is to be held."""
    try:
        (FLIGHT / f"hold.{what}").unlink()
    except FileNotFoundError:
        held = False
    else:
        held = True
    note = {"what": what, "held": held, "process": os.getpid(), "at": time.time()}
    with (FLIGHT / "notes").open("a") as notes:
        notes.write(json.dumps(note) + "\n")
    return held


def fly(what: str) -> str:
    """Note a run; if it is to be held, never return."""
    if noted(what):
        threading.Event().wait()
    return what


async def fly_async(what: str) -> str:
    """Likewise, and others run meanwhile."""
    if noted(what):
        await asyncio.Event().wait()
    return what


@app.orchestration_trigger(context_name="context")
def first_turn(context: df.DurableOrchestrationContext) -> Steps:
    fly("first turn")
    return (yield context.call_activity("quick", 1))


@app.orchestration_trigger(context_name="context")
def after_activity(context: df.DurableOrchestrationContext) -> Steps:
    yield context.call_activity("quick", 1)
    fly(context.get_input() or "turn after an activity")
    return (yield context.call_activity("quick", 2))


@app.orchestration_trigger(context_name="context")
def after_timer(context: df.DurableOrchestrationContext) -> Steps:
    yield context.create_timer(context.current_utc_datetime)
    fly("turn after a timer")
    return (yield context.call_activity("quick", 2))


@app.orchestration_trigger(context_name="context")
def after_event(context: df.DurableOrchestrationContext) -> Steps:
    yield context.wait_for_external_event("go")
    fly("turn after an event")
    return (yield context.call_activity("quick", 2))


@app.orchestration_trigger(context_name="context")
def after_child(context: df.DurableOrchestrationContext) -> Steps:
    yield context.call_sub_orchestrator("quick_child", instance_id=context.instance_id + "-child")
    fly("turn after a child")
    return (yield context.call_activity("quick", 2))


@app.orchestration_trigger(context_name="context")
def quick_child(context: df.DurableOrchestrationContext) -> Steps:
    return (yield context.call_activity("quick", 1))


@app.orchestration_trigger(context_name="context")
def parent(context: df.DurableOrchestrationContext) -> Steps:
    return (
        yield context.call_sub_orchestrator(
            "after_activity", "turn of a child", context.instance_id + "-child"
        )
    )


@app.orchestration_trigger(context_name="context")
def calls(context: df.DurableOrchestrationContext) -> Steps:
    return (yield context.call_activity("slow", "activity"))


@app.orchestration_trigger(context_name="context")
def calls_async(context: df.DurableOrchestrationContext) -> Steps:
    return (yield context.call_activity("slow_async", 1))


@app.orchestration_trigger(context_name="context")
def calls_again(context: df.DurableOrchestrationContext) -> Steps:
    return (yield context.call_activity_with_retry("slow", AGAIN, "activity with retries"))


@app.orchestration_trigger(context_name="context")
def asks_entity(context: df.DurableOrchestrationContext) -> Steps:
    return (yield context.call_entity(df.EntityId("tally", "asked"), "add", 1))


@app.activity_trigger(input_name="value")
def quick(value: int) -> int:
    return value


@app.activity_trigger(input_name="value")
def slow(value: str) -> str:
    return fly(value)


@app.activity_trigger(input_name="value")
async def slow_async(value: int) -> str:
    return await fly_async("async activity")


@app.entity_trigger(context_name="context")
def tally(context: df.DurableEntityContext) -> None:
    fly("entity")
    context.set_state(context.get_state(lambda: 0) + 1)
    context.set_result("added")


@app.route("held")
def held(req: func.HttpRequest) -> str:
    return fly("HTTP")


@app.route("held_client")
@app.durable_client_input(client_name="client")
async def held_client(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> str:
    return await fly_async("HTTP with a client")


@app.route("quick")
def quick_answer(req: func.HttpRequest) -> str:
    return str(os.getpid())


@app.timer_trigger(arg_name="timer", schedule="*/3 * * * * *")
def ticks(timer: func.TimerRequest) -> None:
    fly("timer")


@app.event_grid_trigger(arg_name="event")
def event(event: func.EventGridEvent) -> None:
    fly(f"event {event.subject}")
