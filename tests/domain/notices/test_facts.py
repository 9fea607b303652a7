"""The facts of a notice: from the record, and as the signed webhook gets them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.approval.statement import StatedReferences, StatedUser
from domain.migration.latch import Latch
from domain.migration.recorded import Approval, Snapshot, State
from domain.migration.stages import Outcome, Stage
from domain.notices.facts import facts_of, payload_of
from domain.notices.notice import (
    ASKING,
    ASKING_AGAIN,
    END,
    REMINDER,
    RESTORED,
    STALLED,
)
from domain.references.kinds import Effect
from domain.values import Json
from tests import builders as b

DEADLINE = b.NOW + timedelta(days=3)
URL = "https://migrator.example"


STATED = b.a_kept_statement()


def waiting(**more: Any) -> Snapshot:
    """A migration that waits for its approval."""
    state = State(
        stage=Stage.APPROVAL,
        approval=Approval(deadline=DEADLINE, fingerprint="f1"),
        warnings=("a warning",),
        version_id="v",
        try_command="az vm create",
    )
    values = {"state": state, "statements": {"1": STATED}, **more}
    return Snapshot(accepted=b.an_acceptance(deletion={"enabled": True}), **values)


def ended(outcome: Outcome, **more: Any) -> Snapshot:
    """A migration with its outcome."""
    snapshot = waiting(**more)
    end = b.an_end(outcome, reason="why")
    return snapshot.model_copy(
        update={"latch": snapshot.latch.model_copy(update={"finished": end})}
    )


@pytest.mark.parametrize("kind", [ASKING, f"{ASKING_AGAIN}.2", f"{REMINDER}.PT2H"])
def test_who_is_asked_gets_all_it_takes_to_decide(kind: str) -> None:
    """The question, until when, what about, how it was asked for, and where to look."""
    facts = facts_of(waiting(), kind, b.NOW, URL)
    accepted = waiting().accepted
    assert (facts.fingerprint, facts.deadline) == ("f1", DEADLINE)
    assert (facts.image_id, facts.version_id, facts.try_command) == (
        b.IMAGE_ID,
        "v",
        "az vm create",
    )
    assert (facts.warnings, facts.stage) == (("a warning",), "approval")
    assert accepted.requester is not None
    assert facts.requester == accepted.requester.words
    assert "Without an approval the image is kept" in facts.to_do
    assert facts.link == f"{URL}/api/migrations/{accepted.id}"
    assert (facts.outcome, facts.refused) == (None, ())


def test_without_an_address_of_its_own_there_is_no_link() -> None:
    """A link that leads nowhere would be worse."""
    facts = facts_of(waiting(), ASKING, b.NOW)
    assert facts.link == ""
    assert "link" not in payload_of(facts)["data"]


def test_a_request_that_nobody_is_known_to_have_made_has_no_requester() -> None:
    """Older records do not say."""
    snapshot = waiting()
    unknown = snapshot.accepted.model_copy(update={"requester": None})
    facts = facts_of(snapshot.model_copy(update={"accepted": unknown}), ASKING, b.NOW)
    assert facts.requester == ""


def test_what_stands_still_says_where_and_what_to_do() -> None:
    """It asks for no decision."""
    facts = facts_of(waiting(), STALLED, b.NOW)
    assert (facts.stage, facts.deadline) == ("approval", None)
    assert "Look at its orchestration" in facts.to_do


def test_a_restored_image_is_told_with_its_migration() -> None:
    """Nothing is asked."""
    facts = facts_of(waiting(), RESTORED, b.NOW)
    assert (facts.type, facts.deadline, facts.to_do) == (RESTORED, None, "")


@pytest.mark.parametrize("outcome", Outcome)
def test_an_end_says_what_to_do(outcome: Outcome) -> None:
    """Something else for each outcome; the reason and the result are the record's."""
    facts = facts_of(ended(outcome), END, b.NOW)
    end = ended(outcome).finished
    assert end is not None
    assert (facts.outcome, facts.reason, facts.result) == (outcome, "why", end.result)
    others = {facts_of(ended(o), END, b.NOW).to_do for o in Outcome}
    assert facts.to_do
    assert len(others) == len(Outcome)


def test_a_refused_deletion_names_the_checks_that_kept_it() -> None:
    """Those that failed; and only where the image was kept."""
    checks: tuple[Json, ...] = (
        {"name": "no lock", "passed": False, "found": "one on the group"},
        {"name": "version succeeded", "passed": True, "found": "Succeeded"},
        {},
    )
    facts = facts_of(ended(Outcome.KEPT, checks=checks), END, b.NOW)
    assert facts.refused == ("no lock: one on the group", ": ")
    assert facts_of(ended(Outcome.COMPLETED, checks=checks), END, b.NOW).refused == ()


def test_what_was_never_asked_or_never_ended_is_told_all_the_same() -> None:
    """With what is known: a notice is no reason to stop."""
    bare = Snapshot(accepted=b.an_acceptance())
    assert facts_of(bare, ASKING, b.NOW).deadline is None
    assert facts_of(bare, END, b.NOW).outcome is None
    assert payload_of(facts_of(bare, ASKING, b.NOW))["data"].keys() == {
        "migrationId",
        "sourceImageId",
        "versionId",
        "tryCommand",
        "warnings",
    }


def test_a_kind_of_no_type_is_refused() -> None:
    """No notice is made of it."""
    with pytest.raises(ValueError, match="no kind"):
        facts_of(waiting(), "migration.begun", b.NOW)


def test_the_payload_of_a_question() -> None:
    """As it always was, and the link."""
    facts = facts_of(waiting(), ASKING, b.NOW, URL)
    assert payload_of(facts) == {
        "type": "approval.requested",
        "timestamp": b.NOW.isoformat(),
        "data": {
            "migrationId": facts.migration_id,
            "sourceImageId": b.IMAGE_ID,
            "versionId": "v",
            "tryCommand": "az vm create",
            "warnings": ["a warning"],
            "fingerprint": "f1",
            "deadline": DEADLINE.isoformat(),
            "approvalPath": f"/api/migrations/{facts.migration_id}/approval",
            "next": facts.to_do,
            "statement": STATED.text,
            "statementHash": STATED.hash,
            "statementPath": f"/api/migrations/{facts.migration_id}/statement",
            "round": 1,
            "changes": [],
            "link": facts.link,
        },
    }


SEEN = StatedReferences(
    subscriptions=(b.SUBSCRIPTION,),
    complete=True,
    users=(StatedUser(kind="virtual machine", id="/vm", scope="/g", effect=Effect.WARNS),),
)


def test_who_is_asked_again_is_told_why() -> None:
    """By the change, the users and the statement of now; a first question has no change."""
    now = b.a_kept_statement(round=2, references=SEEN)
    again = waiting(statements={"1": STATED, "2": now}, latch=Latch(asked=2))
    facts = facts_of(again, f"{ASKING_AGAIN}.2", b.NOW)
    change = "a new user: virtual machine /vm (warns)"
    assert (facts.changes, facts.users) == ((change,), ("virtual machine /vm (warns)",))
    assert facts.to_do.startswith(f"What was approved has changed: {change}. Read the statement")
    data = payload_of(facts)["data"]
    assert (data["round"], data["changes"], data["statement"]) == (2, [change], now.text)
    first = facts_of(waiting(), ASKING, b.NOW)
    assert (first.changes, first.users, first.round) == ((), (), 1)
    assert first.to_do.startswith("Read the statement")


def test_a_question_that_was_never_stated_is_told() -> None:
    """An older deployment asked it."""
    facts = facts_of(waiting(statements={}), ASKING, b.NOW)
    assert (facts.statement, facts.statement_hash, facts.users) == ("", "", ())


def test_a_reminder_says_how_much_time_is_left() -> None:
    """In seconds; never less than none. A question does not."""
    late = facts_of(waiting(), f"{REMINDER}.PT2H", DEADLINE - timedelta(seconds=90))
    assert payload_of(late)["type"] == REMINDER
    assert payload_of(late)["data"]["secondsLeft"] == 90
    over = facts_of(waiting(), f"{REMINDER}.PT2H", DEADLINE + timedelta(seconds=1))
    assert payload_of(over)["data"]["secondsLeft"] == 0
    assert "secondsLeft" not in payload_of(facts_of(waiting(), ASKING, b.NOW))["data"]


def test_the_payload_of_an_end() -> None:
    """Outcome, reason and result, and nothing to decide."""
    data = payload_of(facts_of(ended(Outcome.KEPT), END, b.NOW))["data"]
    assert (data["outcome"], data["reason"]) == ("kept", "why")
    assert "result" in data
    assert not data.keys() & {"deadline", "approvalPath", "next"}
