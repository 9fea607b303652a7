"""A gate that only time keeps shut is waited for on durable timers; whoever objects meanwhile is heard."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from domain.approval.decisions import Decision
from domain.deletion.answers import DeletionObserved, DeletionWaits
from domain.messages import DeletionRefused, DeletionSent
from domain.migration.stages import Stage
from domain.results import ResultStatus
from tests import builders as b
from tests.orchestrators.harness import OrchestrationHarness, Script, play

OPENS = b.NOW + timedelta(hours=30)
WAITS = DeletionWaits(until=OPENS, reason="inside the deletion window: no")
LATER = WAITS.model_copy(update={"until": OPENS + timedelta(hours=24)})


def waiting(*then: Any, **changes: Any) -> Script:
    """Approved at the start, and told to wait at the gate; what it is answered after that."""
    script = Script(deletion=True, **changes).reply("delete_image", WAITS, *then)
    script.decisions.append(b.a_decision(migration_id=script.accepted.id))
    return script


def test_it_is_asked_again_when_it_opens_and_not_before(tmp_path: Path) -> None:
    """However far that is, and as often as it takes; the timeline says until when."""
    script = waiting(LATER, DeletionSent(began=LATER.until))

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(hours=29, minutes=59)
        assert script.names().count("delete_image") == 1
        await harness.advance(minutes=2)
        assert script.names().count("delete_image") == 2
        await harness.advance(hours=23)
        assert await harness.ended() == "Running None"
        await harness.advance(hours=2)
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)
    assert script.result["image"] == "deleted"
    lines = [r for r in script.inputs("record_progress") if r["step"].startswith("opens ")]
    assert [line["stage"] for line in lines] == [Stage.DELETION, Stage.DELETION]
    assert f"until {OPENS:%Y-%m-%d %H:%M} UTC: inside the deletion window: no" in lines[0]["text"]
    assert lines[0]["until"].startswith(f"{OPENS:%Y-%m-%dT%H:%M:%S}")


def test_somebody_rejects_while_it_is_shut(tmp_path: Path) -> None:
    """Nothing is asked of the gate any more."""
    script = waiting(DeletionSent(began=OPENS))

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(hours=5)
        await harness.decide(Decision.REJECT, key="no")
        assert await harness.ended() == "Completed kept"

    play(tmp_path, script, scene)
    assert script.names().count("delete_image") == 1
    assert script.result["image"] == "kept"
    assert "rejected by" in script.result["reason"]


def test_somebody_cancels_while_it_is_shut(tmp_path: Path) -> None:
    """The wake that follows a cancellation finds it."""
    script = waiting(DeletionSent(began=OPENS))

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(hours=5)
        script.halted_from, script.halt = "decide_approval", ResultStatus.CANCELLED
        await harness.wake()
        assert await harness.ended() == "Completed cancelled"

    play(tmp_path, script, scene)
    assert script.result["reason"] == "cancelled; the image is kept"


def test_another_reason_ends_it(tmp_path: Path) -> None:
    """By then a user has appeared, or the approval has run out."""
    script = waiting(DeletionRefused(reasons=("nobody needs the image: no",)))

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(hours=31)
        assert await harness.ended() == "Completed kept"

    play(tmp_path, script, scene)
    assert "nobody needs the image" in script.result["reason"]


def test_an_observation_is_the_reason_as_it_is(tmp_path: Path) -> None:
    """Nothing has to be put right, so nothing of that kind is said."""
    script = waiting(DeletionObserved(reason="observing: it would have been deleted"))

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(hours=31)
        assert await harness.ended() == "Completed kept"

    play(tmp_path, script, scene)
    assert (script.result["reason"], script.result["image"]) == (
        "observing: it would have been deleted",
        "kept",
    )
