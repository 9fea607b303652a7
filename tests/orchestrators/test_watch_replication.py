"""The watch: polls on durable timers, keeps its history bounded, and tells its parent how it ended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrators.watch_replication import POLLS_PER_GENERATION
from tests.orchestrators.harness import OrchestrationHarness, Script, error, play, reading

BUSY = reading("Creating", "Replicating")


async def a_day(harness: OrchestrationHarness) -> None:
    await harness.begin()
    await harness.advance(days=1)


def test_the_history_stays_bounded(tmp_path: Path) -> None:
    """Continue-as-new after every 15 polls; the count goes on, so that the polls become rarer."""
    script = Script().reply("read_replication", *[BUSY] * 40, reading())

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        for _ in range(48):
            await harness.advance(minutes=4)
            watch = harness.hub._store.history(f"{harness.id}-replication")
            assert len(watch) < POLLS_PER_GENERATION * 10
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)
    # 41, and one after the promotion.
    assert script.names().count("read_replication") == 42


def test_polls_are_as_far_apart_as_the_policy_says(tmp_path: Path) -> None:
    """A minute, then a quarter more each time, five in the end; up to a second more each, since real queues ring a
    second early."""
    script = Script().reply("read_replication", BUSY)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        waits = sum((script.limits.polling.delay(polls) for polls in range(12)), timedelta(0))
        await harness.advance(seconds=waits.total_seconds() - 1)
        assert script.names().count("read_replication") == 12
        await harness.advance(seconds=13)
        assert script.names().count("read_replication") == 13
        await harness.advance(minutes=10, seconds=2)
        assert script.names().count("read_replication") == 15

    play(tmp_path, script, scene)


# what is seen: outcome of the migration, words of its reason
ENDS: dict[str, tuple[list[Any], str]] = {
    "a region fails": ([BUSY, reading("Succeeded", "Failed")], "ReplicationFailed"),
    "the version fails": (
        [BUSY, reading("Failed", error_code="DiskSizeTooBig", error_message="too big")],
        "DiskSizeTooBig: too big",
    ),
    "it is not ready in six hours": ([BUSY], "ReplicationTimeout"),
    "the operation ended, a region never did": (
        [reading("Succeeded", "Replicating")],
        "not Completed in eastus2, westeurope",
    ),
    "it may not be read": ([error("AuthorizationFailed", transient=False)], "AuthorizationFailed"),
}


@pytest.mark.parametrize(("looks", "words"), ENDS.values(), ids=ENDS)
def test_a_version_that_does_not_get_ready_fails_the_migration(
    tmp_path: Path, looks: list[Any], words: str
) -> None:
    """With Azure's own code and text; nothing is promoted, nobody asked."""
    script = Script(deletion=True).reply("read_replication", *looks)
    play(tmp_path, script, a_day)
    assert script.outcome == "failed"
    assert words in script.result["reason"]
    assert script.names()[-2:] == ["finish_migration", "notify"]
    assert "promote_version" not in script.names()
    assert "decide_approval" not in script.names()


def test_throttling_is_waited_out(tmp_path: Path) -> None:
    """The watch goes on after it, within its deadline."""
    script = Script().reply("read_replication", BUSY, error(after=600), reading())
    play(tmp_path, script, a_day)
    assert script.outcome == "completed"


def test_a_cancellation_is_seen_at_the_next_poll(tmp_path: Path) -> None:
    """The child returns it, the parent ends."""
    script = Script().reply("read_replication", BUSY)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        script.halted_from = "read_replication"
        await harness.advance(minutes=1, seconds=1)
        assert await harness.ended() == "Completed cancelled"

    play(tmp_path, script, scene)


def test_a_failed_promotion_keeps_the_image(tmp_path: Path) -> None:
    """The version is usable, but the deletion did not happen."""
    script = Script(deletion=True)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        script.reply("read_replication", reading("Failed"))
        await harness.decide()
        assert await harness.ended() == "Completed kept"

    play(tmp_path, script, scene)
    assert "gate_and_delete" not in script.names()
    assert "promotion" in script.result["reason"]
