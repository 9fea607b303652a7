"""A later run waits for the DELETE that an earlier one may have sent, and asks again once none can be under way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.messages import DeletionRefused, DeletionSent, DeletionState, FateUnknown, ImageGone
from domain.migration.limits import Limits
from domain.migration.stages import ImageFate, Stage
from domain.results import ActivityResult, ResultStatus
from tests import builders as b
from tests.orchestrators.harness import OrchestrationHarness, Script, error, play

BEGAN = b.NOW - timedelta(minutes=5)
LAPSES = BEGAN + timedelta(minutes=15)
EARLIER = DeletionSent(began=BEGAN, refused="an earlier run's", lapses_at=LAPSES)
OWN = DeletionSent(began=LAPSES)
HERE, GONE = DeletionState(gone=False), DeletionState(gone=True)
CANCELLED = ActivityResult(status=ResultStatus.CANCELLED)


def later_run(*deletions: Any, **changes: Any) -> Script:
    """Run 2, which begins in the deletion that run 1 died in; what it is answered there."""
    script = Script(deletion=True, stage=Stage.DELETION, **changes)
    script.decisions.append(b.a_decision(migration_id=script.accepted.id))
    script.reply("confirm_deletion", HERE)
    return script.reply("delete_image", EARLIER, *deletions)


def ended(folder: Path, script: Script, minutes: int = 60) -> tuple[str, str, str]:
    """The outcome, the image's fate and the reason."""

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(minutes=minutes)

    play(folder, script, scene)
    return script.outcome, script.result["image"], script.result["reason"]


def asked_at(script: Script) -> list[str]:
    """The activities since the deletion began."""
    names = script.names()
    return names[names.index("delete_image") :]


def test_it_asks_again_only_when_none_can_be_under_way(tmp_path: Path) -> None:
    """Then its own is sent, which is confirmed as any other."""
    script = later_run(OWN)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(minutes=9, seconds=50)
        assert script.names().count("delete_image") == 1
        script.reply("confirm_deletion", HERE, HERE, GONE)
        await harness.advance(minutes=10)

    play(tmp_path, script, scene)
    assert script.names().count("delete_image") == 2
    assert asked_at(script)[-3:] == ["confirm_deletion", "finish_migration", "notify"]
    assert (script.outcome, script.result["image"]) == ("completed", "deleted")
    lines = [r["text"] for r in script.inputs("record_progress") if r["step"] == "lapse"]
    assert len(lines) == 1
    assert f"{LAPSES:%Y-%m-%d %H:%M} UTC" in lines[0]


ANSWERS: dict[str, tuple[Any, str, str, str]] = {
    "the gate is shut by now": (
        DeletionRefused(reasons=("deletion approved: no",)),
        "kept",
        "kept",
        "deletion approved",
    ),
    "the image is gone after all": (ImageGone(by_us=True), "completed", "deleted", "deleted"),
    "somebody has cancelled": (CANCELLED, "cancelled", "kept", "the image is kept"),
    "Azure refuses to tell": (FateUnknown(reason="Forbidden"), "kept", "unknown", "Forbidden"),
    "it fails for good": (error("X", transient=False), "kept", "kept", "not deleted: X"),
    "it fails for long": (error("X"), "kept", "unknown", "look at the image yourself"),
}


@pytest.mark.parametrize(("answer", "outcome", "image", "words"), ANSWERS.values(), ids=ANSWERS)
def test_the_second_answer_decides(
    tmp_path: Path, answer: Any, outcome: str, image: str, words: str
) -> None:
    """As the first does when no run was before."""
    script = later_run(answer, limits=Limits(retry=timedelta(minutes=30)))
    found = ended(tmp_path, script, minutes=120)
    assert found[:2] == (outcome, image)
    assert words in found[2]


@pytest.mark.parametrize("again", [EARLIER, EARLIER.model_copy(update={"lapses_at": None})])
def test_what_stays_in_doubt_ends_as_unknown(tmp_path: Path, again: DeletionSent) -> None:
    """It is asked once a minute at most, until the confirmation gives up."""
    script = later_run(again)
    outcome, image, reason = ended(tmp_path, script)
    assert (outcome, image) == ("kept", "unknown")
    assert "may have been sent, and none was sent again (an earlier run's)" in reason
    assert 2 <= script.names().count("delete_image") <= 18


def test_a_confirmation_shorter_than_the_wait_is_asked_again_all_the_same(tmp_path: Path) -> None:
    """However soon the settings give up."""
    script = later_run(OWN, limits=Limits(confirm=timedelta(minutes=1)))
    found = ended(tmp_path, script)
    assert (found[0], script.names().count("delete_image")) == ("kept", 2)


FATES: dict[str, Callable[[Script], Script]] = {
    "of this run": lambda script: script.reply("delete_image", DeletionSent(began=b.NOW)),
    "of an earlier run that Azure took": lambda script: script.reply(
        "delete_image", EARLIER.model_copy(update={"lapses_at": None})
    ),
}


@pytest.mark.parametrize("fate", FATES.values(), ids=FATES)
def test_what_cannot_lapse_is_never_asked_again(
    tmp_path: Path, fate: Callable[[Script], Script]
) -> None:
    """It is only waited for."""
    script = fate(later_run())
    assert ended(tmp_path, script)[:2] == ("kept", ImageFate.UNKNOWN.value)
    assert script.names().count("delete_image") == 1
