"""One migration end to end: which activities are called in which order, and how it ends."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.approval.asking import ApprovalNotAsked
from domain.approval.decisions import ApprovalState, Decision, Verdict
from domain.deletion.stated import StatementChanged
from domain.messages import (
    DefinitionState,
    DeletionRefused,
    DeletionSent,
    DeletionState,
    FateUnknown,
    FinishedMigration,
    ImageGone,
    ImageState,
    NoPlan,
    VersionBegun,
    VersionNameTaken,
    Written,
)
from domain.migration.limits import Limits
from domain.migration.stages import ImageFate, Outcome, Stage
from domain.results import ActivityResult, ResultStatus
from domain.values import Message
from tests import builders as b
from tests.orchestrators.harness import OrchestrationHarness, Script, error, planned, play, reading

MAKE = ["plan_migration", "ensure_definition", "start_version", "read_replication", "check_image"]
ASK = ["open_approval", "make_statement", "notify", "decide_approval"]
PROMOTE = ["promote_version", "read_replication"]
DELETE = ["delete_image", "confirm_deletion"]
END = ["finish_migration", "notify"]


GONE = ImageState(present=False)


def image_is(*, unchanged: bool, certain: bool = False) -> ImageState:
    return ImageState(present=True, unchanged=unchanged, certain=certain)


IMPATIENT = Limits(retry=timedelta(hours=1))


async def to_the_end(harness: OrchestrationHarness) -> None:
    """Nobody decides anything; four days pass."""
    await harness.begin()
    await harness.advance(days=4)


async def approve(harness: OrchestrationHarness) -> None:
    """Somebody approves after a day; an hour passes."""
    await harness.begin()
    await harness.advance(days=1)
    await harness.decide()
    await harness.advance(hours=1)


def test_without_deletion_nobody_is_asked(tmp_path: Path) -> None:
    """Version, replication, promotion; the image is kept as asked."""
    script = Script()

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)
    assert script.names() == [*MAKE, *PROMOTE, *END]
    assert script.result["image"] == "kept"
    assert script.stages == ["definition", "version", "replication", "promotion"]


@pytest.mark.parametrize("adopts_existing", [False, True])
def test_what_shall_be_hidden_is_hidden(tmp_path: Path, adopts_existing: bool) -> None:
    """A version of our own is from the start; one that an earlier run has shown to `latest` is hidden again."""
    plan = planned(exclude_from_latest=True, adopts_existing=adopts_existing)
    script = Script().reply("plan_migration", plan)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)
    assert len(script.inputs("promote_version")) == (1 if adopts_existing else 0)


def test_with_deletion_the_image_goes_after_the_approval(tmp_path: Path) -> None:
    """Everything is checked again after the approval; promotion comes before the deletion."""
    script = Script(deletion=True)

    async def scene(harness: OrchestrationHarness) -> None:
        await approve(harness)
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)
    again = ["decide_approval", "check_image"]
    assert script.names() == [*MAKE, *ASK, *again, *PROMOTE, *DELETE, *END]
    assert (script.result["image"], script.result["versionReady"]) == ("deleted", True)
    assert script.stages[-3:] == ["approval", "promotion", "deletion"]


def test_a_rejection_keeps_the_image(tmp_path: Path) -> None:
    """And promotes nothing; the reason names who said it, what became of the version, and what to do next."""
    script = Script(deletion=True)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.decide(Decision.REJECT, reason="does not boot")
        assert await harness.ended() == "Completed kept"

    play(tmp_path, script, scene)
    assert "delete_image" not in script.names()
    assert script.result["reason"] == (
        "rejected by ada: does not boot; the image is kept and nothing was promoted. Start again to be asked again, "
        "or with the deletion off to promote version 1.0.0"
    )


def test_without_a_decision_the_approval_expires_on_the_third_day(tmp_path: Path) -> None:
    """Not before; timers of a day at most."""
    script = Script(deletion=True)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(days=2, hours=23, minutes=59)
        assert await harness.ended() == "Running None"
        await harness.advance(minutes=1, seconds=1)
        assert await harness.ended() == "Completed kept"

    play(tmp_path, script, scene)
    assert script.result["reason"].startswith("the approval expired; the image is kept and nothing")
    assert "delete_image" not in script.names()


def test_an_approval_expires_at_its_deadline_not_at_the_end_of_a_day(tmp_path: Path) -> None:
    """The last timer ends with the deadline, and a second later: real queues ring a second early."""
    script = Script(deletion=True, timeout=timedelta(hours=36))

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(hours=35, minutes=59)
        assert await harness.ended() == "Running None"
        await harness.advance(minutes=1, seconds=1)
        assert await harness.ended() == "Completed kept"

    play(tmp_path, script, scene)


@pytest.mark.parametrize("value", ["k1", "", None, {"decision": "approve"}, ["x"] * 500, 7])
def test_an_event_alone_approves_nothing(tmp_path: Path, value: Any) -> None:
    """Whoever can raise events cannot forge a decision: what is stored decides, the event only wakes."""
    script = Script(deletion=True)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.raise_event(harness.id, "approval-9", value)
        await harness.raise_event(harness.id, "approved", value)
        await harness.wake(value)
        assert await harness.ended() == "Running None"
        await harness.advance(days=4)
        assert await harness.ended() == "Completed kept"

    play(tmp_path, script, scene)
    assert "delete_image" not in script.names()


def test_many_forged_events_do_not_hide_the_real_decision(tmp_path: Path) -> None:
    """Each round waits for an event of its own, and the real one is seen at once."""
    script = Script(deletion=True)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        for _ in range(12):
            await harness.wake("forged")
        await harness.decide()
        await harness.advance(minutes=1)
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)
    assert script.rounds == list(range(1, 15))


def test_a_decision_between_judging_and_waiting_is_not_lost(tmp_path: Path) -> None:
    """Stored and raised early, under the round's own event, it is found when the wait begins."""
    script = Script(deletion=True)

    async def scene(harness: OrchestrationHarness) -> None:
        # The judging waits half a minute for its next try.
        script.reply("decide_approval", error("Down"))
        await harness.begin()
        script.replies.pop("decide_approval")
        await harness.decide()
        await harness.advance(minutes=2)
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)


@pytest.mark.parametrize(
    "changes",
    [
        {"fingerprint": "v1-a-b"},
        {"migration_id": "another-1"},
        {"received_at": b.NOW + timedelta(days=5)},
    ],
    ids=["for another fingerprint", "for another migration", "received after the deadline"],
)
def test_a_decision_that_does_not_count_deletes_nothing(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    """The wait goes on and expires."""
    script = Script(deletion=True)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.decide(**changes)
        await harness.advance(days=4)
        assert await harness.ended() == "Completed kept"

    play(tmp_path, script, scene)
    assert "delete_image" not in script.names()


def test_a_decision_whose_event_is_lost_counts_at_the_deadline(tmp_path: Path) -> None:
    """A decision that is stored in time is judged, even if its event never woke the wait."""
    script = Script(deletion=True)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(days=1)
        approval = b.a_decision(migration_id=harness.id, received_at=harness.clock.now())
        script.decisions.append(approval)
        await harness.advance(days=2, minutes=10)
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)
    assert script.result["image"] == "deleted"


def test_a_decision_after_the_end_changes_nothing(tmp_path: Path) -> None:
    """One outcome."""
    script = Script(deletion=True)

    async def scene(harness: OrchestrationHarness) -> None:
        await to_the_end(harness)
        await harness.decide()
        await harness.advance(days=1)
        assert await harness.ended() == "Completed kept"

    play(tmp_path, script, scene)
    assert script.outcome == "kept"
    assert "delete_image" not in script.names()


CANCELLED_AT = [*MAKE[:4], "open_approval", "decide_approval", "promote_version", "delete_image"]


@pytest.mark.parametrize("activity", CANCELLED_AT)
def test_a_cancellation_ends_it_at_every_step(tmp_path: Path, activity: str) -> None:
    """The image is kept, nothing is called after it but the end."""
    script = Script(deletion=True, halted_from=activity)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        if activity in ("promote_version", "delete_image"):
            await harness.decide()
        assert await harness.ended() == "Completed cancelled"

    play(tmp_path, script, scene)
    assert script.names()[script.names().index(activity) :] == [activity, *END]
    assert script.result["image"] == "kept"


def test_a_cancellation_while_nobody_decides_is_heard_by_its_wake(tmp_path: Path) -> None:
    """The wait is woken and its next step sees the flag."""
    script = Script(deletion=True)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(days=1)
        script.halted_from = "decide_approval"
        await harness.wake()
        assert await harness.ended() == "Completed cancelled"

    play(tmp_path, script, scene)


# which activity fails for good, in which migration: how it ends, what became of the image
GIVEN_UP: dict[str, tuple[str, bool, str, str]] = {
    "planning": ("plan_migration", False, "failed", "kept"),
    "the definition": ("ensure_definition", True, "failed", "kept"),
    "the version": ("start_version", True, "failed", "kept"),
    "a look at the replication": ("read_replication", True, "failed", "kept"),
    "the image check, deletion asked for": ("check_image", True, "kept", "kept"),
    "the image check, no deletion": ("check_image", False, "failed", "kept"),
    "the asking": ("open_approval", True, "kept", "kept"),
    "the judging": ("decide_approval", True, "kept", "kept"),
    "the promotion, deletion asked for": ("promote_version", True, "kept", "kept"),
    "the gate": ("delete_image", True, "kept", "kept"),
    "the confirmation": ("confirm_deletion", True, "kept", "unknown"),
}


@pytest.mark.parametrize(
    ("activity", "deletion", "outcome", "image"), GIVEN_UP.values(), ids=GIVEN_UP
)
def test_a_final_error_ends_it_with_azures_words(
    tmp_path: Path, activity: str, deletion: bool, outcome: str, image: str
) -> None:
    """One call, one outcome; with a usable version and a deletion asked for it is Kept, not Failed."""
    script = Script(deletion=deletion).reply(
        activity, error("AuthorizationFailed", transient=False)
    )

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        if activity in ("promote_version", "delete_image", "confirm_deletion"):
            await harness.decide()
        assert await harness.ended() == f"Completed {outcome}"

    play(tmp_path, script, scene)
    assert script.names().count(activity) == 1
    assert "AuthorizationFailed: m" in script.result["reason"]
    assert ("not deleted: " in script.result["reason"]) is (activity == "delete_image")
    assert script.result["image"] == image


@pytest.mark.parametrize(
    ("activity", "reply"),
    [
        ("delete_image", error()),
        ("confirm_deletion", error()),
        ("confirm_deletion", error("AuthorizationFailed", transient=False)),
    ],
)
def test_an_open_fate_is_said_in_words(
    tmp_path: Path, activity: str, reply: ActivityResult
) -> None:
    """Whoever reads only the reason must know that the image may be gone, and to look."""
    script = Script(deletion=True, limits=IMPATIENT).reply(activity, reply)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.decide()
        await harness.advance(hours=2)
        assert await harness.ended() == "Completed kept"

    play(tmp_path, script, scene)
    assert script.result["image"] == "unknown"
    for words in ("sent", "look at the image yourself", (reply.error.code if reply.error else "")):
        assert words in script.result["reason"]


def test_an_outcome_is_written_however_long_the_records_are_away(tmp_path: Path) -> None:
    """It is never given up: the sweep would close a deleted image's migration as failed."""
    script = Script(deletion=True, limits=IMPATIENT).reply(
        "finish_migration", *[error(after=3600)] * 30, wrote()
    )

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.decide()
        await harness.advance(days=2)
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)


def wrote() -> FinishedMigration:
    return FinishedMigration(outcome=Outcome.COMPLETED, reason="r")


def test_a_cancellation_does_not_say_kept_of_an_image_that_is_gone(tmp_path: Path) -> None:
    """Somebody else deleted it while its version replicated; then somebody cancelled."""
    script = Script(deletion=True, halted_from="promote_version").reply("check_image", GONE)
    play(tmp_path, script, to_the_end)
    assert script.outcome == "cancelled"
    assert script.result["reason"] == "cancelled; the image is gone, not by us"


def test_a_retry_after_is_waited_for_on_a_durable_timer(tmp_path: Path) -> None:
    """A second longer, since real queues ring a second early; then it goes on as if nothing had been."""
    script = Script().reply("start_version", error(after=375), VersionBegun(created=True))

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(seconds=375)
        assert script.names().count("start_version") == 1
        await harness.advance(seconds=1)
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)
    assert script.names().count("start_version") == 2


def test_an_outage_is_sat_out_until_the_limit(tmp_path: Path) -> None:
    """Then it fails, with what came last; the waits grow, so that the history stays short."""
    script = Script(limits=IMPATIENT).reply("ensure_definition", error("ServerTimeout"))

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(minutes=55)
        assert await harness.ended() == "Running None"
        await harness.advance(minutes=10)
        assert await harness.ended() == "Completed failed"

    play(tmp_path, script, scene)
    assert "ServerTimeout" in script.result["reason"]
    assert script.names().count("ensure_definition") <= 18


def test_a_worker_that_dies_is_tried_again(tmp_path: Path) -> None:
    """An exception is nobody's answer; the third time it works."""
    crash = RuntimeError("worker died")
    script = Script().reply("start_version", crash, crash, VersionBegun(created=True))

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(minutes=5)
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)


def test_problems_of_the_plan_end_it_before_the_first_write(tmp_path: Path) -> None:
    """All of them in the reason."""
    script = Script().reply("plan_migration", NoPlan(reason="galleryId: gone; x: y"))
    play(tmp_path, script, to_the_end)
    assert script.names() == ["plan_migration", *END]
    assert script.result["reason"] == "galleryId: gone; x: y"
    assert script.outcome == "failed"


def test_a_definition_that_is_there_is_not_made(tmp_path: Path) -> None:
    """The plan knows."""
    script = Script().reply("plan_migration", planned(definition_exists=True))
    play(tmp_path, script, to_the_end)
    assert "ensure_definition" not in script.names()
    assert script.outcome == "completed"


def test_a_definition_in_the_making_is_waited_for(tmp_path: Path) -> None:
    """The version's PUT would be refused."""
    not_ready = DefinitionState(ready=False)
    script = Script().reply("ensure_definition", not_ready, not_ready, DefinitionState(ready=True))
    play(tmp_path, script, to_the_end)
    assert script.names().count("ensure_definition") == 3
    assert script.outcome == "completed"


def test_a_definition_that_never_gets_ready_fails_it(tmp_path: Path) -> None:
    """After the retry limit, looked at ever more rarely: every look makes the parent's history longer."""
    script = Script(limits=IMPATIENT).reply("ensure_definition", DefinitionState(ready=False))

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(hours=2)
        assert await harness.ended() == "Completed failed"

    play(tmp_path, script, scene)
    assert "Creating" in script.result["reason"]
    assert script.names().count("ensure_definition") <= 20


TAKEN = VersionNameTaken(reason="VersionNameTaken: m", replan=True)


def test_auto_that_lost_a_race_plans_again(tmp_path: Path) -> None:
    """With the next number; the taken name is told, so that only this plan is replaced."""
    script = Script().reply("start_version", TAKEN, VersionBegun(created=True))

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)
    assert [r["taken"] for r in script.inputs("plan_migration")] == ["", "1.0.0"]


def test_auto_does_not_race_for_ever(tmp_path: Path) -> None:
    """Five tries."""
    script = Script().reply("start_version", TAKEN)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        assert await harness.ended() == "Completed failed"

    play(tmp_path, script, scene)
    assert script.names().count("start_version") == 5


def test_a_named_version_that_is_taken_fails(tmp_path: Path) -> None:
    """Another number was not asked for."""
    script = Script().reply("start_version", TAKEN.model_copy(update={"replan": False}))
    play(tmp_path, script, to_the_end)
    assert script.outcome == "failed"
    assert "VersionNameTaken" in script.result["reason"]
    assert script.names().count("plan_migration") == 1


# what the image check says first and after the approval: outcome, image, whether promoted
IMAGES: dict[str, tuple[list[ImageState], str, str, bool]] = {
    "gone before the approval": ([GONE], "completed", "gone, not by us", True),
    "gone after the approval": (
        [image_is(unchanged=True, certain=True), GONE],
        "completed",
        "gone, not by us",
        True,
    ),
    "made anew before the approval": ([image_is(unchanged=False)], "kept", "kept", False),
    "made anew after the approval": (
        [image_is(unchanged=True, certain=True), image_is(unchanged=False)],
        "kept",
        "kept",
        False,
    ),
    "of unknown creation time": ([image_is(unchanged=True)], "kept", "kept", False),
}


@pytest.mark.parametrize(("looks", "outcome", "image", "promoted"), IMAGES.values(), ids=IMAGES)
def test_an_image_that_is_not_the_same_any_more_is_never_deleted(
    tmp_path: Path, looks: list[ImageState], outcome: str, image: str, promoted: bool
) -> None:
    """Names are reused, content is not."""
    script = Script(deletion=True).reply("check_image", *looks)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        if len(looks) > 1:
            await harness.decide()
        assert await harness.ended() == f"Completed {outcome}"

    play(tmp_path, script, scene)
    assert script.result["image"] == image
    assert ("promote_version" in script.names()) is promoted
    assert "delete_image" not in script.names()


def test_an_image_made_anew_fails_a_migration_without_deletion(tmp_path: Path) -> None:
    """The version may hold neither the old nor the new image."""
    script = Script().reply("check_image", image_is(unchanged=False))
    play(tmp_path, script, to_the_end)
    assert script.outcome == "failed"
    assert "promote_version" not in script.names()


def test_an_image_without_creation_time_is_kept_and_nobody_asked(tmp_path: Path) -> None:
    """An incomplete fingerprint never allows a deletion."""
    script = Script(deletion=True)
    script.reply("plan_migration", planned(fingerprint_complete=False))
    script.reply("check_image", image_is(unchanged=True))
    play(tmp_path, script, to_the_end)
    assert script.outcome == "kept"
    assert "decide_approval" not in script.names()
    assert "delete_image" not in script.names()
    assert "promote_version" in script.names()


def test_a_deletion_that_is_not_permitted_is_not_asked_for(tmp_path: Path) -> None:
    """Everything else happens: the version is promoted, and the image kept for the reason that is told."""
    script = Script(deletion=True)
    script.reply("open_approval", ApprovalNotAsked(reason="deletion not permitted: by nobody"))
    play(tmp_path, script, to_the_end)
    assert script.outcome == "kept"
    assert script.inputs("finish_migration")[0]["reason"] == "deletion not permitted: by nobody"
    assert script.names() == [*MAKE, "open_approval", *PROMOTE, *END]


# the gate's and the confirmation's answers: outcome, image, words of the reason
STILL_THERE = DeletionState(gone=False)
DELETIONS: dict[str, tuple[str, list[Message], str, str, str]] = {
    "the gate is shut": (
        "delete_image",
        [DeletionRefused(reasons=("full replication: no",))],
        "kept",
        "kept",
        "full replication",
    ),
    "the image is gone at the gate": (
        "delete_image",
        [ImageGone(by_us=False)],
        "completed",
        "gone, not by us",
        "not by us",
    ),
    "a run before has deleted it": (
        "delete_image",
        [ImageGone(by_us=True)],
        "completed",
        "deleted",
        "deleted",
    ),
    "its fate cannot be known": (
        "delete_image",
        [FateUnknown(reason="AuthorizationFailed: m")],
        "kept",
        "unknown",
        "AuthorizationFailed",
    ),
    "Azure refuses later": (
        "confirm_deletion",
        [DeletionState(gone=False, refusal="Conflict: in use")],
        "kept",
        "kept",
        "in use",
    ),
    "it takes a while": (
        "confirm_deletion",
        [*[STILL_THERE] * 3, DeletionState(gone=True)],
        "completed",
        "deleted",
        "deleted",
    ),
    "it is never gone": (
        "confirm_deletion",
        [STILL_THERE],
        "kept",
        "unknown",
        "look at the image yourself",
    ),
}


@pytest.mark.parametrize(
    ("activity", "replies", "outcome", "image", "words"), DELETIONS.values(), ids=DELETIONS
)
def test_the_end_says_what_became_of_the_image(
    tmp_path: Path, activity: str, replies: list[Any], outcome: str, image: str, words: str
) -> None:
    """Kept, deleted, gone, or unknown, with the reason."""
    script = Script(deletion=True).reply(activity, *replies)
    play(tmp_path, script, approve)
    assert (script.outcome, script.result["image"]) == (outcome, image)
    assert words in script.result["reason"]


CHANGED = StatementChanged(change="a new user: virtual machine /vm (warns)")


def test_what_has_changed_since_the_approval_is_asked_again(tmp_path: Path) -> None:
    """The old approval counts no more, a new one deletes; nothing is promoted twice."""
    script = Script(deletion=True)
    script.reply("delete_image", CHANGED, DeletionSent(began=b.NOW + timedelta(days=2)))

    async def scene(harness: OrchestrationHarness) -> None:
        await approve(harness)
        assert script.inputs("open_approval")[-1]["after"] == 1
        assert "finish_migration" not in script.names()
        await harness.advance(days=1)
        await harness.decide(key="k2")
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)
    asked_again = [*ASK, "decide_approval", *DELETE]
    assert script.names()[-len(asked_again) - 2 :] == [*asked_again, *END]
    assert script.names().count("promote_version") == 1
    kinds = [notice["kind"] for notice in script.inputs("notify")]
    assert kinds == ["approval.requested", "approval.requestedAgain.2", "migration.finished"]
    steps = [line["step"] for line in script.inputs("record_progress")]
    assert steps[-5:] == ["deletion", "changed", "approval 2", "verdict 2", "deletion 2"]
    assert CHANGED.change in script.inputs("record_progress")[-4]["text"]


def test_the_waits_of_a_second_asking_have_numbers_of_their_own(tmp_path: Path) -> None:
    """An event of the first that comes late wakes nobody."""
    script = Script(deletion=True)
    script.reply("delete_image", CHANGED, DeletionSent(began=b.NOW))

    async def scene(harness: OrchestrationHarness) -> None:
        await approve(harness)
        first = script.rounds[-2]
        assert script.rounds[-1] > first
        judged = len(script.rounds)
        await harness.raise_event(harness.id, f"approval-{first}", "k1")
        await harness.advance(seconds=0)
        assert len(script.rounds) == judged

    play(tmp_path, script, scene)


def test_the_deadline_holds_for_all_that_is_asked(tmp_path: Path) -> None:
    """Nobody approves the second time: it expires when the first would have, and the image is kept."""
    script = Script(deletion=True)
    script.reply("delete_image", CHANGED)

    async def scene(harness: OrchestrationHarness) -> None:
        await approve(harness)
        await harness.advance(days=1, hours=22)
        assert "finish_migration" not in script.names()
        await harness.advance(hours=2)
        assert await harness.ended() == "Completed kept"

    play(tmp_path, script, scene)
    assert script.result["reason"] == (
        "the approval expired; the image is kept. Start again to be asked again"
    )


def test_behind_the_deadline_it_is_not_asked_again(tmp_path: Path) -> None:
    """The gate is open late, by a long quiet time: what has changed keeps the image then."""
    script = Script(deletion=True, timeout=timedelta(hours=25))
    waits = error(after=3 * 3600)
    script.reply("delete_image", waits, CHANGED)

    async def scene(harness: OrchestrationHarness) -> None:
        await approve(harness)
        await harness.advance(hours=4)
        assert await harness.ended() == "Completed kept"

    play(tmp_path, script, scene)
    assert CHANGED.change in script.result["reason"]
    assert "too late to ask again" in script.result["reason"]
    assert len(script.inputs("open_approval")) == 1


@pytest.mark.parametrize("stage", [Stage.APPROVAL, Stage.PROMOTION, Stage.DELETION])
def test_a_later_run_goes_on_with_what_is_asked_then(tmp_path: Path, stage: Stage) -> None:
    """The first time is over: it is void whatever was approved then."""
    script = Script(deletion=True, stage=stage, stated=2)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.decide(statement_hash=b.a_kept_statement().hash)
        assert "delete_image" not in script.names()
        await harness.decide(key="k2")
        await harness.advance(hours=1)
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)
    assert script.inputs("open_approval")[0]["after"] == 0
    assert "approval 2" in [line["step"] for line in script.inputs("record_progress")]


def approved(**known: timedelta) -> Verdict:
    """An approval with two hours of quiet time; `known`: moments after the beginning."""
    moments = {name: b.NOW + later for name, later in known.items()}
    return Verdict(state=ApprovalState.APPROVED, quiet_time=timedelta(hours=2), **moments)


UNTOLD = approved(undelivered_until=timedelta(hours=6))


def test_a_quiet_time_begins_when_somebody_knows(tmp_path: Path) -> None:
    """It is looked again when that would be given up; somebody was told just before: so long later it is over."""
    told = approved(known_at=timedelta(hours=5))
    script = Script(deletion=True).reply("decide_approval", UNTOLD, UNTOLD, told)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(hours=6, minutes=59)
        assert "delete_image" not in script.names()
        await harness.advance(minutes=2)
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)
    assert script.rounds == []
    assert [request["round"] for request in script.inputs("decide_approval")] == [1, 2, 3]


def test_a_quiet_time_that_never_begins_keeps_the_image(tmp_path: Path) -> None:
    """Nobody knew by the time that was set, though it was approved and promoted."""
    never = Verdict(state=ApprovalState.UNDELIVERED)
    script = Script(deletion=True).reply("decide_approval", UNTOLD, UNTOLD, never)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(hours=6, minutes=1)
        assert await harness.ended() == "Completed kept"

    play(tmp_path, script, scene)
    assert "delete_image" not in script.names()
    assert "nobody could be told of the deletion" in script.result["reason"]


@pytest.mark.parametrize("transient", [True, False])
def test_a_notification_that_fails_holds_nothing_up(tmp_path: Path, transient: bool) -> None:
    """Each is asked for once: the sweep has the rest; never an outcome."""
    script = Script(deletion=True).reply("notify", error("RecordsUnavailable", transient=transient))

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.decide()
        await harness.advance(hours=1)
        assert await harness.ended() == "Completed completed"

    play(tmp_path, script, scene)
    kinds = [request["kind"] for request in script.inputs("notify")]
    assert kinds == ["approval.requested", "migration.finished"]


def test_children_get_ids_of_their_parents(tmp_path: Path) -> None:
    """A restarted parent's call replaces the child of the run before it, whose id is the same."""
    script = Script()

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        instances = harness.hub._store.instances()
        assert {(item.id, item.name) for item in instances} == {
            (harness.id, "migrate_image"),
            (f"{harness.id}-replication", "watch_replication"),
            (f"{harness.id}-promotion", "watch_replication"),
        }

    play(tmp_path, script, scene)


def test_the_custom_status_is_small_and_holds_no_address(tmp_path: Path) -> None:
    """It fails over 8,703 characters; the records hold the rest."""
    script = Script(deletion=True).reply("read_replication", reading("Creating", "Replicating"))

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        for instance in (harness.id, f"{harness.id}-replication"):
            text = json.dumps((await harness.status(instance))["customStatus"])
            assert "replication" in text
            assert len(text) < 200
            assert "http" not in text

    play(tmp_path, script, scene)


def test_the_time_of_the_records_is_the_orchestrations(tmp_path: Path) -> None:
    """Replays write the same moments; the names of the lines tell a repeated activity."""
    script = Script(deletion=True)
    play(tmp_path, script, approve)
    steps = script.inputs("record_progress")
    moments = [datetime.fromisoformat(step["at"]) for step in steps]
    assert moments == sorted(moments)
    assert moments[0] >= b.NOW
    names = [step["step"] for step in steps]
    assert len(names) == len(set(names))


# from which stage a later run goes on, and the fate that an earlier one has found: what it does
RESUMED: dict[str, tuple[Stage, ImageFate, list[str]]] = {
    "planning": (Stage.PLANNING, ImageFate.KEPT, MAKE),
    "the definition": (Stage.DEFINITION, ImageFate.KEPT, MAKE),
    "the version": (Stage.VERSION, ImageFate.KEPT, MAKE),
    "the replication": (Stage.REPLICATION, ImageFate.KEPT, [MAKE[0], *MAKE[3:]]),
    "the approval": (Stage.APPROVAL, ImageFate.KEPT, [MAKE[0]]),
    "the promotion": (Stage.PROMOTION, ImageFate.KEPT, [MAKE[0]]),
    "the deletion": (Stage.DELETION, ImageFate.KEPT, [MAKE[0]]),
    "the promotion, image gone": (Stage.PROMOTION, ImageFate.GONE, [MAKE[0]]),
}


@pytest.mark.parametrize(("stage", "image", "first"), RESUMED.values(), ids=RESUMED)
def test_a_later_run_goes_on_where_the_record_stands(
    tmp_path: Path, stage: Stage, image: ImageFate, first: list[str]
) -> None:
    """It plans nothing anew, makes no version behind the replication, asks of a settled approval only the verdict."""
    script = Script(deletion=True, stage=stage, image=image)
    script.decisions.append(b.a_decision(migration_id=script.accepted.id))
    play(tmp_path, script, to_the_end)
    promoting = [] if stage is Stage.DELETION else PROMOTE
    asking = [*ASK, *([] if stage in (Stage.PROMOTION, Stage.DELETION) else ["check_image"])]
    rest = [*asking, *promoting, *DELETE] if image is ImageFate.KEPT else promoting
    assert script.names() == [*first, *rest, *END]
    assert script.outcome == "completed"


HALTED_AT = ["begin_run", *MAKE, *ASK, "promote_version", *DELETE, "finish_migration"]


@pytest.mark.parametrize("activity", HALTED_AT)
def test_a_run_that_is_over_ends_in_silence(tmp_path: Path, activity: str) -> None:
    """A later run goes on, or the outcome stands: nothing more is called, and nobody is told."""
    script = Script(deletion=True, halted_from=activity, halt=ResultStatus.OVER)
    script.decisions.append(b.a_decision(migration_id=script.accepted.id))

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        status = await harness.status(harness.id)
        assert (status["runtimeStatus"], status["output"]) == ("Completed", {"over": True})

    if activity == "notify":
        pytest.skip("a notice belongs to no run")
    play(tmp_path, script, scene)
    assert script.asked[-1][0] == activity


def test_a_limit_counts_from_what_an_earlier_run_saw(tmp_path: Path) -> None:
    """Half an hour of the hour was used up when that run died."""
    since = b.NOW - timedelta(minutes=30)
    down = error("ServerTimeout")
    assert down.error is not None
    told = down.model_copy(update={"error": down.error.model_copy(update={"since": since})})
    script = Script(limits=IMPATIENT).reply("ensure_definition", told)

    async def scene(harness: OrchestrationHarness) -> None:
        await harness.begin()
        await harness.advance(minutes=40)
        assert await harness.ended() == "Completed failed"

    play(tmp_path, script, scene)


def test_the_replication_counts_from_its_beginning(tmp_path: Path) -> None:
    """The time of its line in the record, which an earlier run has written: six hours are not given twice."""
    began = b.NOW - timedelta(hours=7)
    script = Script().reply("read_replication", reading("Creating", "Replicating"))
    script.reply("record_progress", Written(at=began))
    play(tmp_path, script, to_the_end)
    assert "ReplicationTimeout" in script.result["reason"]
    assert script.names().count("read_replication") == 1
