"""A run that dies between the intent to delete and the DELETE: a later one waits until none can be under way, looks,
and only then begins anew; whatever is in doubt keeps the image."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from activities import deletion
from activities.deletion import confirm_deletion, delete_image
from arm import images
from arm.images import begin_deletion
from domain.approval.decisions import ApprovalState, Decision, Verdict
from domain.messages import StepRequest
from domain.migration.lapses import LAPSES_AFTER, SEND_WITHIN
from domain.migration.latch import Effect, Halt, Intent, answered, cancel, reject
from domain.results import ResultStatus
from services.effects import forget
from services.references import scan_now
from tests.activities.azure import Azure
from tests.app import records
from tests.builders import a_received

SECOND = timedelta(seconds=1)


def lost(azure: Azure) -> Intent:
    """The image may go, run 1 wrote its intent and died, nothing was sent; run 2 asks from now on."""
    azure.approved()
    at = azure.time.now()
    intent = Intent(run=1, at=at, began=at)
    azure.latch(effects={**azure.written().latch.effects, Effect.DELETION: intent})
    azure.restart()
    azure.run = 2
    azure.forget_requests()
    return intent


def lapse(azure: Azure) -> None:
    """Nothing of it can be under way any more."""
    azure.time.advance(seconds=(LAPSES_AFTER + SECOND).total_seconds())


def deletions(azure: Azure) -> int:
    return len(azure.sent("DELETE"))


def test_while_one_may_be_under_way_none_is_sent(azure: Azure) -> None:
    """The later run is told until when it has to wait; to the last moment."""
    intent = lost(azure)
    azure.time.advance(seconds=LAPSES_AFTER.total_seconds())
    value = azure.done(delete_image)
    assert (value["kind"], deletions(azure)) == ("sent", 0)
    assert datetime.fromisoformat(value["lapsesAt"]) == intent.at + LAPSES_AFTER
    assert azure.written().latch.deletion == intent


def test_one_that_was_never_sent_is_given_back_and_the_later_runs_is_sent(azure: Azure) -> None:
    """Under its own number, after all reads, with the recipe, once."""
    lost(azure)
    lapse(azure)
    value = azure.done(delete_image)
    assert (value["kind"], value["lapsesAt"], value["refused"]) == ("sent", None, "")
    assert deletions(azure) == 1
    intent = azure.written().latch.deletion
    assert intent is not None
    assert (intent.run, intent.began, intent.repeated) == (2, azure.time.now(), False)
    assert all(check["passed"] for check in azure.written().checks)
    assert records().read_recipe(azure.accepted.id) is not None
    azure.time.advance(minutes=5)
    assert azure.done(confirm_deletion)["gone"]


def deleting(azure: Azure) -> None:
    azure.cloud.set_profile(seconds={"image delete": 7200})
    azure.fault(what="reset", method="DELETE", when="after")
    azure.latch(effects={}, run=1)
    assert azure.ask(delete_image, run=1).error is not None
    azure.well()
    azure.latch(run=2)


def creation_time_unknown(azure: Azure) -> None:
    azure.fault(what="status", method="GET", path="/resources\\?", status=503)


def taken(azure: Azure) -> None:
    intent = azure.written().latch.deletion
    assert intent is not None
    effects = azure.written().latch.effects
    azure.latch(effects={**effects, Effect.DELETION: intent.model_copy(update={"taken": True})})


DOUBTS: dict[str, Callable[[Azure], None]] = {
    "Azure is deleting it": deleting,
    "Azure's list of creation times does not answer": creation_time_unknown,
    "Azure took the DELETE": taken,
}


@pytest.mark.parametrize("doubt", DOUBTS.values(), ids=DOUBTS)
def test_what_is_in_doubt_gives_nothing_back(azure: Azure, doubt: Callable[[Azure], None]) -> None:
    """The intent stands, and no second DELETE goes."""
    lost(azure)
    doubt(azure)
    before = deletions(azure)
    standing = azure.written().latch.deletion
    lapse(azure)
    azure.ask(delete_image)
    assert deletions(azure) == before
    assert azure.written().latch.deletion == standing
    assert standing is not None


def test_a_creation_time_that_is_not_told_gives_nothing_back(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list lags: the image may be another."""
    intent = lost(azure)
    lapse(azure)
    monkeypatch.setattr(images, "_created_time", lambda *_: None)
    assert azure.done(delete_image)["kind"] == "sent"
    assert (deletions(azure), azure.written().latch.deletion) == (0, intent)


def test_an_image_that_was_made_anew_gets_no_second_delete(azure: Azure) -> None:
    """The first one has done its work late, or somebody else has: the image of now is another."""
    intent = lost(azure)
    azure.recreate_image()
    lapse(azure)
    assert azure.done(delete_image) == {"kind": "gone", "byUs": True}
    assert (deletions(azure), azure.written().latch.deletion) == (0, intent)


def test_an_earlier_runs_retries_count_from_the_last(azure: Azure) -> None:
    """It asked twice: the second may be under way when the first cannot be any more."""
    azure.approved()
    azure.fault(what="reset", method="DELETE", when="before")
    azure.ask(delete_image)
    azure.time.advance(minutes=10)
    azure.ask(delete_image)
    azure.well()
    azure.restart()
    azure.run = 2
    azure.time.advance(minutes=10)
    before = deletions(azure)
    assert azure.done(delete_image)["refused"]
    assert deletions(azure) == before
    azure.time.advance(minutes=6)
    assert azure.done(delete_image)["refused"] == ""
    assert deletions(azure) == before + 1


# -- people -----------------------------------------------------------------------------------------------------------


def test_people_are_too_late_while_it_stands_and_in_time_once_it_is_given_back(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody cancels while the later run reads everything anew: no DELETE goes."""
    lost(azure)
    at = azure.time.now()
    assert records().change_latch(azure.accepted.id, lambda latch: cancel(latch, at)) is (
        Halt.TOO_LATE
    )
    lapse(azure)

    def then_cancelled(*names: Any, **options: Any) -> Any:
        held = records().change_latch(azure.accepted.id, lambda latch: cancel(latch, at))
        assert not isinstance(held, Halt)
        return scan_now(*names, **options)

    monkeypatch.setattr(deletion, "scan_now", then_cancelled)
    assert azure.ask(delete_image).status is ResultStatus.CANCELLED
    assert (deletions(azure), azure.written().latch.deletion) == (0, None)


def test_a_rejection_that_came_while_it_stood_counts_at_the_later_gate(azure: Azure) -> None:
    """It was answered as too late, and is stored all the same: the image is kept, and told as kept."""
    lost(azure)
    no = Verdict(state=ApprovalState.REJECTED)
    assert records().change_latch(azure.accepted.id, lambda latch: reject(latch, no)) is (
        Halt.TOO_LATE
    )
    received = a_received(
        migration_id=azure.accepted.id,
        key="k2",
        fingerprint=azure.written().planned.fingerprint.value,
        decision=Decision.REJECT,
        received_at=azure.time.now(),
    )
    records().receive(azure.accepted.id, received)
    lapse(azure)
    value = azure.done(delete_image)
    assert value["kind"] == "refused"
    assert "deletion approved: no" in value["reasons"][0]
    assert (deletions(azure), azure.written().latch.deletion) == (0, None)


def test_an_approval_that_ran_out_meanwhile_deletes_nothing(azure: Azure) -> None:
    """The later gate holds all of it against its own time."""
    lost(azure)
    azure.time.advance(days=2)
    value = azure.done(delete_image)
    assert value["kind"] == "refused"
    assert "approval still valid" in " ".join(value["reasons"])
    assert deletions(azure) == 0


# -- whoever is late --------------------------------------------------------------------------------------------------


def slow(azure: Azure, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """So long passes between the intent and the request: a token that is waited for, a machine that sleeps."""

    def later(*names: Any) -> Any:
        azure.time.advance(seconds=seconds)
        return begin_deletion(*names)

    monkeypatch.setattr(deletion, "begin_deletion", later)


def test_what_is_sent_in_the_last_moment_counts(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the second."""
    azure.approved()
    slow(azure, monkeypatch, SEND_WITHIN.total_seconds())
    assert azure.done(delete_image)["kind"] == "sent"
    assert deletions(azure) == 1


def test_what_would_be_sent_late_is_not_sent(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing leaves, the intent is taken back, and it is asked again with all reads."""
    azure.approved()
    slow(azure, monkeypatch, (SEND_WITHIN + SECOND).total_seconds())
    error = azure.ask(delete_image).error
    assert error is not None
    assert (error.code, error.transient) == ("NotSent", True)
    assert (deletions(azure), azure.written().latch.deletion) == (0, None)
    monkeypatch.undo()


def test_a_sleeper_of_the_dead_run_sends_nothing_when_it_wakes(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It slept between intent and DELETE for so long that the later run has given its intent back, deleted the image,
    and somebody has made another of that name: only one DELETE was ever sent, and the record names it."""
    azure.approved()

    def slept(*names: Any) -> Any:
        monkeypatch.setattr(deletion, "begin_deletion", begin_deletion)
        azure.restart()
        lapse(azure)
        assert azure.done(delete_image, run=2)["refused"] == ""
        azure.time.advance(minutes=5)
        azure.cloud.add_image(
            {**azure.images["ubuntu-base"], "createdTime": azure.time.now().isoformat()}
        )
        return begin_deletion(*names)

    monkeypatch.setattr(deletion, "begin_deletion", slept)
    error = azure.ask(delete_image).error
    assert error is not None
    assert error.code == "NotSent"
    assert deletions(azure) == 1
    intent = azure.written().latch.deletion
    assert intent is not None
    assert (intent.run, intent.taken) == (2, True)
    assert azure.resource(azure.image_id) is not None


def test_the_dead_runs_own_answer_is_not_written_over_the_later_runs(azure: Azure) -> None:
    """A run whose intent was given back can neither answer for it nor take another's back."""
    lost(azure)
    lapse(azure)
    azure.done(delete_image)
    standing = azure.written().latch.deletion
    held = records().change_latch(
        azure.accepted.id, lambda latch: answered(latch, 1, Effect.DELETION, "u", "c")
    )
    forget(records(), StepRequest(migration_id=azure.accepted.id, run=1), Effect.DELETION)
    assert held is Halt.SUPERSEDED
    assert azure.written().latch.deletion == standing
    assert standing is not None
