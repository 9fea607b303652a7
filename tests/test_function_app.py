"""The table of contents: what the worker loads is what the orchestrators call and the issue's routes promise."""

from __future__ import annotations

import ast
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain import messages
from domain.boot_test import messages as boot_messages
from domain.restore import messages as restore_messages
from localcloud.host.app import App
from localcloud.host.indexing import LoadedFunction

ROOT = Path(__file__).resolve().parents[1]
ROUTES = {
    ("post", "migrations"),
    ("get", "migrations"),
    ("get", "migrations/{id}"),
    ("post", "migrations/{id}/approval"),
    ("post", "migrations/{id}/cancel"),
    ("post", "migrations/{id}/restore"),
    ("post", "plans"),
    ("post", "boot-tests"),
    ("get", "boot-tests/{id}"),
    ("get", "galleries"),
    ("get", "images"),
    ("get", "references"),
    ("get", "migrations/{id}/statement"),
    ("get", "migrations/{id}/gate"),
    ("get", "migrations/{id}/audit"),
    ("get", "audit/check"),
    ("post", "audit/epochs"),
    ("post", "emergency-stop"),
    ("get", "health"),
}

# The functions and methods by which orchestrators call what is registered.
CALLS = ("call", "call_activity", "call_sub_orchestrator", "until_ready")


@pytest.fixture(scope="module")
def functions() -> Iterator[list[LoadedFunction]]:
    """Loaded as the Python worker does: LoadError would name every binding that it refuses."""
    worker = App.load(ROOT)
    yield list(worker.functions)
    worker.stop()


def names(functions: list[LoadedFunction], kind: str) -> set[str]:
    return {function.name for function in functions if function.kind == kind}


def called() -> set[str]:
    """The name of every contract that an orchestrator calls, and of every child."""
    known = {**vars(messages), **vars(restore_messages), **vars(boot_messages)}
    contracts = {n: c.name for n, c in known.items() if isinstance(c, messages.Activity)}
    names = set[str]()
    for path in (ROOT / "orchestrators").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in CALLS:
                called = {a.id for a in node.args if isinstance(a, ast.Name)}
                names |= {contracts[contract] for contract in called & contracts.keys()}
                constants = [a.value for a in node.args if isinstance(a, ast.Constant)]
                names |= {value for value in constants if isinstance(value, str)}
    return names


def test_the_orchestrators_call_what_is_registered_and_nothing_else(
    functions: list[LoadedFunction],
) -> None:
    """A contract that nobody implements would hang a migration in the middle."""
    registered = names(functions, "activityTrigger")
    assert called() == registered | {"watch_replication", "boot_test"}
    orchestrators = {"migrate_image", "watch_replication", "restore_image", "boot_test"}
    assert names(functions, "orchestrationTrigger") == orchestrators


def test_every_route_of_the_issue_is_there(functions: list[LoadedFunction]) -> None:
    """Anonymous to the host: the app itself refuses."""
    triggers = [f.trigger for f in functions if f.kind == "httpTrigger"]
    routes = {(method.lower(), t["route"]) for t in triggers for method in t["methods"]}
    assert routes == ROUTES
    assert {str(t["authLevel"]).lower() for t in triggers} == {"anonymous"}


def test_there_are_an_event_trigger_and_timers(functions: list[LoadedFunction]) -> None:
    """For new images and for the sweep."""
    assert names(functions, "eventGridTrigger") == {"image_written"}
    assert "sweep_migrations" in names(functions, "timerTrigger")


def test_activities_take_one_plain_object(functions: list[LoadedFunction]) -> None:
    """The SDK's class envelope never crosses the durable boundary."""
    activities = [f for f in functions if f.kind == "activityTrigger"]
    assert activities
    for activity in activities:
        assert set(activity.bindings) == {"request"}
        hints = activity.handler.__annotations__
        assert (hints["request"], hints["return"]) == (dict, dict)


def test_the_azure_sdks_do_not_log_each_request(
    functions: list[LoadedFunction], caplog: pytest.LogCaptureFixture
) -> None:
    """The worker lets everything from INFO on through, and what it sends on is paid for by the line."""
    caplog.set_level("INFO")
    assert functions
    for name in ("azure.core.pipeline.policies.http_logging_policy", "azure.identity"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
    assert logging.getLogger("gallery_migrator").isEnabledFor(logging.INFO)


def test_loading_the_app_leaves_garbage_collection_on() -> None:
    """And what was loaded is set apart from it."""
    code = "import function_app, gc; print(gc.isenabled(), gc.get_freeze_count() > 10_000)"
    environment = {**os.environ, "RECORDS_STORE": "sqlite"}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "True True\n"
