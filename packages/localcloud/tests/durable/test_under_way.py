"""Requests of clients while functions run: nothing that was answered is lost, limits are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from packages.localcloud.tests.durable.embedded import host, until


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 60))


def test_a_termination_during_the_first_turn_counts(tmp_path: Path) -> None:
    """The instance is still shown as Pending then; the end of the turn must not bring it back."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            served.gate.clear()
            await served.start("gated", "g")
            await until(lambda: served.at_gate == ["g"])
            assert (await served.call("POST", "/instances/g/terminate?reason=no"))[0] == 202
            served.gate.set()
            await served.hub.idle()
            ended = await served.status("g")
            assert (ended["runtimeStatus"], ended["output"]) == ("Terminated", "no")

    run(scenario())


def test_a_limit_of_turns_holds_for_timers_too(tmp_path: Path) -> None:
    """A timer that falls due has waited longer than what runs, and must not run beside it."""

    async def scenario() -> None:
        async with host(tmp_path, {"maxConcurrentOrchestratorFunctions": 1}) as served:
            await served.start("gated", "first")
            await served.hub.idle()
            served.gate.clear()
            await served.start("gated", "second")
            await until(lambda: "second" in served.at_gate)
            served.clock.change(now=served.clock.now() + timedelta(hours=1))
            assert (await served.status("first"))["runtimeStatus"] == "Running"
            assert served.at_gate == ["first", "second"]
            served.gate.set()
            await served.hub.idle()
            assert (await served.status("first"))["output"] == "ended"

    run(scenario())


def test_purging_does_not_reach_activities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do those that wait for their turn go (B5.30 of the recordings); their results are dropped."""
    notes = tmp_path / "notes"
    monkeypatch.setenv("NOTES", str(notes))

    async def scenario() -> None:
        async with host(tmp_path, {"maxConcurrentActivityFunctions": 1}) as served:
            served.gate.clear()
            await served.start("gated_fan", "f")
            await until(lambda: served.at_gate == ["0"])
            await served.call("POST", "/instances/f/terminate")
            await until(lambda: served.hub._store.instance("f").status == "Terminated")  # type: ignore[union-attr]  # it is there
            assert (await served.call("DELETE", "/instances/f"))[0] == 200
            served.gate.set()
            await served.hub.idle()
            assert notes.read_text().split() == ["0", "1", "2"]
            assert (await served.call("GET", "/instances/f"))[0] == 404

    run(scenario())


def test_a_rewind_takes_all_generations_or_none(tmp_path: Path) -> None:
    """Parent and failed child go on in one transaction: a kill between two would leave the parent waiting."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.start("parent_of_failing", "p")
            await served.hub.idle()
            assert (await served.status("p-child"))["runtimeStatus"] == "Failed"
            statements: list[str] = []
            served.hub._store._db.set_trace_callback(statements.append)
            assert (await served.call("POST", "/instances/p/rewind"))[0] == 202
            served.hub._store._db.set_trace_callback(None)
            changed = statements[: statements.index("COMMIT")]
            running = [s for s in changed if s.startswith("INSERT OR REPLACE INTO instances")]
            assert [s.count("'Running'") for s in running] == [1, 1]
            await served.hub.idle()
            assert (await served.status("p"))["runtimeStatus"] == "Failed"

    run(scenario())
