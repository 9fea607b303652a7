"""The durable engine with the real SDK: time, restarts, faults under SQLite, changed code."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from packages.localcloud.tests.durable.embedded import SampleHost, host, until


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 60))


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which activities note that they ran."""
    path = tmp_path / "notes"
    monkeypatch.setenv("NOTES", str(path))
    return path


def noted(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def test_three_days_pass_in_an_instant(tmp_path: Path, notes: Path) -> None:
    """A child that polls every ten minutes, over several generations; its parent gets the end."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.start("parent", "p", 50)
            await served.advance(hours=8)
            assert (await served.status("p"))["runtimeStatus"] == "Running"
            await served.advance(hours=1)
            assert (await served.status("p"))["output"] == "polled"
            assert noted(notes).count("poll") == 50
            child = await served.status("p-poll", "?showHistory=true")
            # The input of the last generation.
            assert child["input"] == "10"
            assert len(child["historyEvents"]) < 10 * 3 + 3

    run(scenario())


@pytest.mark.parametrize(
    ("seconds", "early"), [(0.9, 0.87), (0.01, 0.0), (1.5, 0.5), (5, 0.0), (61.25, 0.25)]
)
def test_a_timer_fires_up_to_a_second_early(tmp_path: Path, seconds: float, early: float) -> None:
    """The queue delays by whole seconds, cut off: as on Azure Storage."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.start("waits", "w", seconds)
            await served.advance(minutes=2)
            assert (await served.status("w"))["output"] == -early

    run(scenario())


def test_code_that_waits_on_sees_the_time_come(tmp_path: Path) -> None:
    """It makes a timer every 30 ms in the last half second, as on Azure Storage, though the clock is held."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.start("waits_on", "w", 5.45)
            await served.advance(minutes=1)
            assert (await served.status("w"))["output"] == 1 + 450 / 30

    run(scenario())


def test_an_approval_expires_or_is_seen_at_once(tmp_path: Path) -> None:
    """task_any of an event and timers of a day, on both ways out."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.start("approval", "late", 3)
            await served.start("approval", "early", 3)
            await served.advance(days=2, hours=12)
            assert await served.raise_event("early", "Approval", {"ok": True}) == 202
            await served.hub.idle()
            assert (await served.status("early"))["output"] == {"ok": True}
            assert (await served.status("late"))["runtimeStatus"] == "Running"
            await served.advance(hours=12)
            assert (await served.status("late"))["output"] == "expired"

    run(scenario())


def test_a_restart_goes_on_where_it_was(tmp_path: Path, notes: Path) -> None:
    """Timers, waiting events and generations survive the process; no activity runs again."""

    async def before() -> None:
        async with host(tmp_path) as served:
            await served.start("approval", "a", 3)
            await served.start("parent", "p", 25)
            await served.advance(hours=1, minutes=5)

    async def after() -> None:
        async with host(tmp_path) as served:
            await served.advance(hours=5)
            assert (await served.status("p"))["output"] == "polled"
            assert noted(notes).count("poll") == 25
            await served.advance(days=3)
            assert (await served.status("a"))["output"] == "expired"

    run(before())
    run(after())


def test_a_result_that_was_not_stored_is_made_again(tmp_path: Path, notes: Path) -> None:
    """Stopped in the middle of activities, the hub runs those again, and nothing else."""

    async def before() -> None:
        async with host(tmp_path) as served:
            await served.start("fan", "f", 40)
            await until(lambda: len(noted(notes)) >= 5)

    async def after() -> None:
        async with host(tmp_path) as served:
            await served.hub.idle()
            assert (await served.status("f"))["output"] == [f"f-{n}" for n in range(40)]

    run(before())
    run(after())
    lines = noted(notes)
    assert set(lines) == {f"f-{n}" for n in range(40)}
    assert max(lines.count(line) for line in lines) <= 2


def test_a_locked_database_loses_nothing(
    tmp_path: Path, notes: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Work items and results wait for the lock; a client gets a 500, as of every internal failure."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.start("chain", "c", 5)
            with _locked(tmp_path / "durable.sqlite"):
                await until(lambda: "will be tried again" in caplog.text)
                status, _, _ = await served.call("POST", "/orchestrators/chain/d")
                assert status == 500
            await served.hub.idle()
            assert (await served.status("c"))["output"] == 5
            assert (await served.call("GET", "/instances/d"))[0] == 404
        assert len(noted(notes)) == 5

    run(scenario())


@contextmanager
def _locked(database: Path) -> Iterator[None]:
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


def test_a_full_disk_loses_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A write that fails is tried again until there is room."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            database = served.hub._store._db
            await served.start("fan", "f", 200)
            (pages,) = database.execute("PRAGMA page_count").fetchone()
            database.execute(f"PRAGMA max_page_count = {pages}")
            await until(lambda: "database or disk is full" in caplog.text)
            database.execute("PRAGMA max_page_count = 1000000")
            await served.hub.idle()
            assert len((await served.status("f"))["output"]) == 200

    run(scenario())


def test_changed_code_is_named_with_its_step(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The instance fails with DurableTask.Core's text; the log names instance and step."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.start("changed", "nd")
            await served.hub.idle()
            served.code["first_step"] = "other"
            with caplog.at_level(logging.ERROR):
                await served.raise_event("nd", "Go", 1)
                await served.hub.idle()
            end = await served.status("nd")
            assert end["runtimeStatus"] == "Failed"
            assert "Non-Deterministic workflow detected" in end["output"]
            assert "instance nd differs at step 0" in caplog.text

    run(scenario())


def test_careless_code_is_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An input that differs from replay to replay is a warning; sound code gives none."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.start("approval", "sound", 3)
            await served.start("parent", "sound2", 25)
            await served.advance(days=4)
            assert "not deterministic" not in caplog.text
            await served.start("careless", "c")
            await served.hub.idle()
            assert (await served.status("c"))["runtimeStatus"] == "Completed"
            assert "careless is not deterministic: instance c: action 0 was" in caplog.text

    run(scenario())


def test_a_loop_of_generations_can_be_terminated(tmp_path: Path) -> None:
    """One event goes on for ever (docs/platform-notes.md#continue-as-new-drops-events); others get their turn."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.start("redelivered", "r")
            await served.hub.idle()
            await served.raise_event("r", "E", 1)
            await served.start("chain", "c", 3)
            while (await served.status("c"))["runtimeStatus"] != "Completed":
                assert (await served.status("r"))["runtimeStatus"] == "Running"
            assert (await served.call("POST", "/instances/r/terminate?reason=stop"))[0] == 202
            await served.hub.idle()
            assert (await served.status("r"))["runtimeStatus"] == "Terminated"

    run(scenario())


def test_entities_keep_their_state(tmp_path: Path) -> None:
    """A signal and a call reach the entity in order; its state survives a restart."""

    async def counted(total: int) -> None:
        async with host(tmp_path) as served:
            await served.start("count", f"c{total}")
            await served.hub.idle()
            assert (await served.status(f"c{total}"))["output"] == total
            assert (await served.call("GET", "/entities/Counter/c"))[1] == total

    run(counted(3))
    run(counted(6))


@pytest.mark.parametrize(("provider", "timers"), [({}, 3), ({"type": "azureManaged"}, 1)])
def test_long_timers_are_split_on_azure_storage(
    tmp_path: Path, provider: dict[str, str], timers: int
) -> None:
    """Ten days are 3 + 3 + 4 there, and one timer with providers that know no limit."""

    async def scenario() -> None:
        async with host(tmp_path, {"storageProvider": provider}) as served:
            await served.start("ten_days", "t")
            await served.advance(days=9, hours=23)
            assert (await served.status("t"))["runtimeStatus"] == "Running"
            await served.advance(hours=1)
            history = (await served.status("t", "?showHistory=true"))["historyEvents"]
            kinds = [item["EventType"] for item in history]
            assert kinds.count("TimerFired") == timers

    run(scenario())


def test_a_version_that_is_too_new_waits_for_a_newer_host(tmp_path: Path) -> None:
    """Rejected instances stay Pending, and run on a host that may run them."""

    async def on(version: str | None, expected: str) -> None:
        async with host(tmp_path, {"defaultVersion": version} if version else {}) as served:
            if version is None:
                await served.call("POST", "/orchestrators/chain/c?version=2.0", "1")
            await served.hub.idle()
            assert (await served.status("c"))["runtimeStatus"] == expected

    run(on(None, "Pending"))
    run(on("2.0", "Completed"))


def test_secrets_do_not_get_into_failures(tmp_path: Path) -> None:
    """The host's sanitizer cuts what looks like a secret from failure texts."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.start("failing", "f")
            await served.hub.idle()
            end = await served.status("f", "?showHistory=true&showHistoryOutput=true")
            assert "boom [Hidden Credential]" in end["output"]
            assert "secret" not in str(end)

    run(scenario())


def test_many_waiting_instances_cost_nothing(tmp_path: Path) -> None:
    """200 of them: no task, no thread and one alarm; all expire together."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await _start_many(served, 200)
            await served.hub.idle()
            tasks = len(asyncio.all_tasks())
            assert tasks < 20
            await served.advance(days=1)
            ended = await served.call("GET", "/instances?runtimeStatus=Completed&top=500")
            assert len(ended[1]) == 200

    run(scenario())


async def _start_many(served: SampleHost, count: int) -> None:
    for number in range(count):
        await served.start("approval", f"a{number}", 1)


def test_reset_forgets_everything(tmp_path: Path) -> None:
    """No instance, no message and no timer is left, and ids are free again."""

    async def scenario() -> None:
        async with host(tmp_path) as served:
            await served.start("approval", "a", 3)
            await served.hub.idle()
            await served.hub.reset()
            assert served.hub.next_due() is None
            assert (await served.call("GET", "/instances"))[1] == []
            await served.start("chain", "a", 1)
            await served.hub.idle()
            assert (await served.status("a"))["output"] == 1

    run(scenario())
