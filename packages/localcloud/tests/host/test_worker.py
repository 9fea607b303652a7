"""Loading and running function apps as the Python worker does."""

from __future__ import annotations

import asyncio
import importlib
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from localcloud.host.app import App
from localcloud.host.indexing import CONVERTERS, Datum
from localcloud.host.worker import FunctionFailedError, LoadError, Worker
from packages.localcloud.tests.host.apps import SHARED, write_app

DECODING = SHARED / "functions" / "python_decoding.json"
APP = """
app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

@app.orchestration_trigger(context_name="context", orchestration="Renamed")
def workflow(context: df.DurableOrchestrationContext):
    yield context.call_activity("echo", 1)

@app.activity_trigger(input_name="value")
def echo(value: dict) -> dict:
    return value

@app.activity_trigger(input_name="value")
def text(value: str):
    return value

@app.activity_trigger(input_name="value")
async def fails(value):
    raise KeyError("no such key")

@app.activity_trigger(input_name="value")
def unserialisable(value):
    return {1, 2}

@app.activity_trigger(input_name="value")
def thread(value):
    import threading
    return threading.current_thread().name

@app.activity_trigger(input_name="value")
def in_context(value, context: func.Context):
    return [context.function_name, bool(context.invocation_id)]
"""
ACTIVITY = '@app.activity_trigger(input_name="{}")\ndef {}(x): ...\n'
# Code below `app = ...` -> what must be told about it.
REFUSED = {
    "parameter without a binding": (
        '@app.route("x")\ndef f(req: func.HttpRequest, more) -> str: ...',
        "function f: parameters without a binding: more",
    ),
    "binding without a parameter": (
        '@app.route("x")\ndef f() -> str: ...',
        "function f: bindings without a parameter: req",
    ),
    "orchestrator's context under another name": (
        '@app.orchestration_trigger(context_name="ctx")\ndef f(ctx): ...',
        "function f: bindings without a parameter: ctx",
    ),
    "generic annotation": (
        '@app.activity_trigger(input_name="x")\ndef f(x: dict[str, int]): ...',
        "function f: parameter x: the annotation dict[str, int] is not a class",
    ),
    "optional annotation": (
        '@app.activity_trigger(input_name="x")\ndef f(x: int | None): ...',
        "function f: parameter x: the annotation int | None is not a class",
    ),
    "annotation that does not exist": (
        '@app.activity_trigger(input_name="x")\ndef f(x: "Nowhere"): ...',
        "function f: its annotations cannot be read: name 'Nowhere' is not defined",
    ),
    "trigger as another type": (
        '@app.timer_trigger(arg_name="t", schedule="0 0 * * * *")\ndef f(t: dict) -> None: ...',
        "function f: parameter t: a timerTrigger cannot be given as dict",
    ),
    "list of events": (
        '@app.event_grid_trigger(arg_name="e")\ndef f(e: List[func.EventGridEvent]) -> None: ...',
        "function f: parameter e: a eventGridTrigger cannot be given as List",
    ),
    "wrong context": (
        '@app.activity_trigger(input_name="x")\ndef f(x, context: str): ...',
        "function f: parameter context must be annotated azure.functions.Context",
    ),
    "return annotation": (
        '@app.route("x")\ndef f(req: func.HttpRequest) -> func.HttpResponse | None: ...',
        "function f: the return annotation",
    ),
    "return of another type": (
        '@app.route("x")\ndef f(req: func.HttpRequest) -> int: ...',
        "function f: the return annotation int does not fit the binding http",
    ),
    "plain function with a client": (
        '@app.route("x")\n@app.durable_client_input(client_name="c")\ndef f(req, c) -> str: ...',
        "function f: it must be 'async def' because of its durable client c",
    ),
    "unknown binding": (
        '@app.queue_trigger(arg_name="m", queue_name="q", connection="c")\ndef f(m): ...',
        "function f: binding type 'queueTrigger' is not served by the local cloud",
    ),
    "name": (
        '@app.function_name("1x")\n@app.activity_trigger(input_name="x")\ndef f(x): ...',
        "function 1x: the name must be",
    ),
    "same durable name": (
        ACTIVITY.format('x", activity="A', "f") + ACTIVITY.format('x", activity="a', "g"),
        "function g: f has the name 'a'",
    ),
    "same function name": (
        ACTIVITY.format("x", "f") + '@app.function_name("f")\n' + ACTIVITY.format("x", "g"),
        "Function f does not have a unique function name",
    ),
}


def problems(folder: Path, code: str) -> tuple[str, ...]:
    with pytest.raises(LoadError) as caught:
        App.load(write_app(folder, code))
    return caught.value.problems


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_real_worker_refuses_is_refused(tmp_path: Path, name: str) -> None:
    """The problem names the function and what is wrong with it."""
    code, expected = REFUSED[name]
    reported = problems(tmp_path, f"from typing import List\napp = df.DFApp()\n{code}\n")
    assert any(expected in problem for problem in reported), reported


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Three wrong functions are three problems."""
    wrong = [REFUSED[name][0].replace("def f", f"def f{n}") for n, name in enumerate(REFUSED)][:3]
    reported = problems(tmp_path, "app = df.DFApp()\n" + "\n".join(wrong))
    assert {problem[:11] for problem in reported} == {"function f0", "function f1", "function f2"}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", "no top-level FunctionApp"),
        ("a = df.DFApp()\nb = df.DFApp()", "more than one top-level FunctionApp"),
        ("raise RuntimeError('broken')", "RuntimeError: broken"),
    ],
)
def test_an_app_that_cannot_be_indexed_is_refused(tmp_path: Path, code: str, expected: str) -> None:
    """No app object, two of them, or a module that raises."""
    assert expected in problems(tmp_path, code)[0]


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(LoadError, match=r"function_app\.py: no such file"):
        App.load(tmp_path)


@pytest.fixture
def worker(tmp_path: Path) -> Any:
    worker = App.load(write_app(tmp_path, APP))
    yield worker
    worker.stop()


def invoke(worker: Worker, name: str, text: str) -> str:
    function = worker.find("activityTrigger", name)
    assert function is not None
    return asyncio.run(worker.invoke_durable(function, text))


def test_durable_names_are_found_in_any_case(worker: Worker) -> None:
    """The name given to the decorator counts, not the function's own."""
    function = worker.find("orchestrationTrigger", "renamed")
    assert function is not None
    assert (function.name, function.durable_name) == ("workflow", "Renamed")
    assert worker.find("orchestrationTrigger", "workflow") is None
    assert worker.find("activityTrigger", "renamed") is None


@pytest.mark.parametrize(
    ("name", "text", "reply"),
    [
        ("echo", '{"a": [1, null]}', '{"a": [1, null]}'),
        ("text", '"x"', '"x"'),
        ("text", "not json", '"not json"'),
        ("in_context", "null", '["in_context", true]'),
    ],
)
def test_activities_get_and_give_json(worker: Worker, name: str, text: str, reply: str) -> None:
    """Input and output go through the SDK's own converters, also for str parameters."""
    assert invoke(worker, name, text) == reply


def test_plain_functions_run_in_the_pool(worker: Worker) -> None:
    """Never on the host's event loop."""
    assert json.loads(invoke(worker, "thread", "null")) != threading.current_thread().name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fails", "Result: Failure\nException: KeyError: 'no such key'\nStack: "),
        ("unserialisable", "Result: Failure\nException: ValueError: activity trigger output must"),
    ],
)
def test_a_failure_has_the_real_workers_text(worker: Worker, name: str, message: str) -> None:
    """Type and message, then the stack."""
    with pytest.raises(FunctionFailedError) as caught:
        invoke(worker, name, "null")
    assert caught.value.text.startswith(message)


def test_the_app_gets_the_hosts_clock(tmp_path: Path) -> None:
    """Through its module `clock`, if it has one with `use`."""
    folder = write_app(tmp_path, "app = func.FunctionApp()\n")
    (folder / "clock.py").write_text(
        "now = None\ndef use(source):\n    global now\n    now = source\n"
    )
    worker = App.load(folder)
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    worker.use_clock(lambda: moment)
    assert importlib.import_module("clock").now() == moment
    worker.stop()


def decoding_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if DECODING.exists():
        rows = json.loads(DECODING.read_text())["decoding"]
    return rows


@pytest.mark.skipif(not DECODING.exists(), reason=f"{DECODING} is not there")
@pytest.mark.parametrize("row", decoding_rows(), ids=lambda row: row["name"])
def test_events_decode_as_recorded(row: dict[str, Any]) -> None:
    """The class and fields of the event, or the type of the error."""
    datum = Datum(row["datum_value"], row["datum_type"])
    if "exception" in row:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - any class may be the recorded one
            CONVERTERS.get("eventGridTrigger").decode(datum, trigger_metadata={})
        assert type(caught.value).__name__ == row["exception"].partition(":")[0]
        return
    event = CONVERTERS.get("eventGridTrigger").decode(datum, trigger_metadata={})
    assert f"{type(event).__module__}.{type(event).__name__}" == row["result"]["class"]
    for name, value in row["result"].items():
        if name in ("id", "topic", "subject", "event_type", "data_version", "source", "type"):
            assert getattr(event, name) == value
