"""Facts: each follows from what was written, under an id that is the same whoever writes it again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.approval.decisions import ApprovalState, Verdict
from domain.approval.statement import KeptStatement, Opening
from domain.audit import facts
from domain.audit.events import Kind
from domain.deletion.copies import BegunVersion
from domain.deletion.emergency_stop import StopChange
from domain.deletion.evidence import Check
from domain.migration.latch import Effect, Intent, Latch, Restart, answered, intend, take_back
from domain.migration.polling import RegionStatus
from domain.migration.recorded import AcceptedRequest, Approval, Ruling, Snapshot, State
from domain.migration.requests import ReplicationMode
from domain.notices.notice import Notice
from domain.values import Json
from tests.builders import NOW, a_decision, a_plan, a_received, an_acceptance, an_end
from tests.credentials import REQUESTER, WEBHOOK
from tests.domain.boot_test.boots import a_result

LATER = NOW + timedelta(hours=1)
SENT = Intent(run=2, at=NOW, began=NOW)
TAKEN = SENT.model_copy(update={"correlation_id": "c"})
FOLLOWED = SENT.model_copy(update={"operation_url": "u"})
APPROVED = Verdict(state=ApprovalState.APPROVED, decided_by=a_decision())
EXPIRED = Verdict(state=ApprovalState.EXPIRED)
AN_OPENING = Opening(migration_id="m", statement_hash="h", by=REQUESTER, at=NOW)
START = Restart(run=2, at=NOW, cause="it failed", mark="m")

# a latch, and the kinds, ids, times and facts of its events
LATCHES: dict[str, tuple[Latch, list[tuple[Kind, str, Json]]]] = {
    "fresh": (Latch(), []),
    "a DELETE about to be sent": (
        Latch(effects={Effect.DELETION: SENT}),
        [(Kind.INTENDED, f"intended deletion {NOW.isoformat()}", {"effect": "deletion", "run": 2})],
    ),
    "a DELETE that was answered": (
        Latch(effects={Effect.DELETION: TAKEN}),
        [
            (
                Kind.INTENDED,
                f"intended deletion {NOW.isoformat()}",
                {"effect": "deletion", "run": 2},
            ),
            (
                Kind.ANSWERED,
                f"answered deletion {NOW.isoformat()}",
                {"effect": "deletion", "run": 2, "correlationId": "c"},
            ),
        ],
    ),
    "a PUT about to be sent": (Latch(effects={Effect.PROMOTION: SENT}), []),
    "a PUT that was answered": (
        Latch(effects={Effect.PROMOTION: FOLLOWED}),
        [
            (
                Kind.ANSWERED,
                f"answered promotion {NOW.isoformat()}",
                {"effect": "promotion", "run": 2, "correlationId": None},
            )
        ],
    ),
    "approved": (
        Latch(verdict=APPROVED),
        [(Kind.VERDICT, "verdict approved k1", {"state": "approved", "key": "k1"})],
    ),
    "expired": (
        Latch(verdict=EXPIRED),
        [(Kind.VERDICT, "verdict expired ", {"state": "expired", "key": ""})],
    ),
    "cancelled": (Latch(cancelled_at=NOW), [(Kind.CANCELLED, "cancelled", {})]),
    "started again": (
        Latch(run=2, restarts=(START,)),
        [
            (
                Kind.RESTARTED,
                "restarted 2",
                {"run": 2, "cause": "it failed", "counted": True},
            )
        ],
    ),
    "terminated": (Latch(stopped_run=1), [(Kind.STOPPED, "stopped 1", {"run": 1})]),
    "ended": (
        Latch(finished=an_end()),
        [(Kind.OUTCOME, "outcome", {"outcome": "completed", "image": "kept"})],
    ),
}


@pytest.mark.parametrize(("latch", "events"), LATCHES.values(), ids=LATCHES)
def test_a_latch_says_so_much(latch: Latch, events: list[tuple[Kind, str, Json]]) -> None:
    """By kind, id and facts; at the time that it has itself, else now."""
    said = list(facts.of_latch(latch, LATER))
    assert [(event.kind, event.id, event.facts) for event in said] == events


def test_events_have_the_times_of_what_they_tell() -> None:
    """Or the present, where nothing else is written down."""
    own = Latch(
        effects={Effect.DELETION: TAKEN},
        verdict=APPROVED,
        cancelled_at=NOW,
        restarts=(START,),
        stopped_run=1,
        finished=an_end(at=NOW),
    )
    at = {event.kind: event.at for event in facts.of_latch(own, LATER)}
    assert {kind for kind, moment in at.items() if moment == LATER} == {
        Kind.ANSWERED,
        Kind.VERDICT,
        Kind.STOPPED,
    }
    assert set(at.values()) == {NOW, LATER}


def test_people_and_their_words_can_be_erased_from_every_event() -> None:
    """They stand in no fact."""
    latch = Latch(cancelled_at=NOW, cancelled_by=WEBHOOK, finished=an_end(reason="ada said so"))
    cancelled, ended = facts.of_latch(latch, NOW)
    assert cancelled.personal == {"by": WEBHOOK.model_dump(mode="json")}
    assert ended.personal == {"reason": "ada said so"}
    said = facts.decision(a_received(reason="tested"))
    assert said.personal == {
        "approver": "ada",
        "reason": "tested",
        "by": WEBHOOK.model_dump(mode="json"),
    }
    ruled = facts.ruling("k1", Ruling(accepted=False, text="not by ada", rule="approver"), NOW)
    assert ruled.personal == {"text": "not by ada"}
    assert ruled.facts == {"key": "k1", "accepted": False, "rule": "approver"}
    asked = facts.accepted(an_acceptance())
    assert asked.personal == {"by": REQUESTER.model_dump(mode="json")}
    for event in (cancelled, ended, said, ruled, asked):
        assert "ada" not in str(event.facts)


def test_whoever_is_not_known_is_not_told() -> None:
    """Older records have nobody."""
    nobody = an_acceptance().model_copy(update={"requester": None})
    assert facts.accepted(nobody).personal == {}
    assert next(iter(facts.of_latch(Latch(cancelled_at=NOW), NOW))).personal == {}
    said = facts.decision(a_received(by=None)).personal
    assert said == {"approver": "ada", "reason": ""}


def test_a_change_tells_what_is_new() -> None:
    """Intent, answer, and the intent that was taken back; nothing when nothing changed."""
    approved = Latch(run=2, verdict=APPROVED)
    intended = intend(approved, 2, Effect.DELETION, NOW)
    assert isinstance(intended, Latch)
    taken = answered(intended, 2, Effect.DELETION, None, "c")
    back = take_back(intended, 2, Effect.DELETION)
    assert isinstance(taken, Latch)
    assert isinstance(back, Latch)
    assert [e.kind for e in facts.of_change(approved, intended, LATER)] == [Kind.INTENDED]
    assert [e.kind for e in facts.of_change(intended, taken, LATER)] == [Kind.ANSWERED]
    (gone,) = facts.of_change(intended, back, LATER)
    assert (gone.kind, gone.at) == (Kind.TAKEN_BACK, LATER)
    assert gone.id == f"takenBack deletion {NOW.isoformat()}"
    assert gone.facts == {"effect": "deletion", "run": 2}
    assert facts.of_change(taken, taken, LATER) == []


def test_a_second_try_is_another_fact() -> None:
    """Each DELETE that was about to be sent is told."""
    again = SENT.model_copy(update={"at": LATER})
    before, after = (Latch(effects={Effect.DELETION: intent}) for intent in (SENT, again))
    assert [e.kind for e in facts.of_change(before, after, LATER)] == [Kind.INTENDED]


def test_an_acceptance_names_all_of_the_request() -> None:
    """By its hash, which is another one whatever of it is changed, and the same after a way through the records."""
    accepted = an_acceptance()
    event = facts.accepted(accepted)
    assert event.kind is Kind.ACCEPTED
    assert (event.id, event.at) == (f"accepted {accepted.id}", accepted.accepted_at)
    assert event.facts == {
        "migration": accepted.id,
        "image": accepted.source_image_id,
        "origin": "http",
        "digest": facts.digest_of(accepted),
    }
    again = AcceptedRequest.model_validate(accepted.model_dump(mode="json"))
    other = accepted.model_copy(update={"requester": WEBHOOK})
    assert facts.digest_of(again) == facts.digest_of(accepted) != facts.digest_of(other)
    lost = facts.not_claimed(accepted)
    assert (lost.kind, lost.id) == (Kind.NOT_CLAIMED, f"notClaimed {accepted.id}")
    assert (lost.at, lost.facts) == (accepted.accepted_at, {"migration": accepted.id})


def test_a_plan_is_a_fact_for_each_version_name() -> None:
    """One whose name was taken is replaced."""
    plan = a_plan()
    event = facts.planned(plan, NOW)
    assert (event.kind, event.id, event.at) == (Kind.PLANNED, "planned 1.0.0", NOW)
    assert event.facts == {
        "version": plan.version_id,
        "regions": list(plan.regions),
        "fingerprint": plan.fingerprint.value,
        "digest": facts.digest_of(plan),
    }
    assert facts.planned(plan.named("0.0.2"), NOW).id == "planned 0.0.2"


def test_a_version_is_begun_once_for_each_put() -> None:
    """Names are compared as Azure does."""
    begun = BegunVersion(
        version_id="/V", migration="m", fingerprint="f", mode=ReplicationMode.FULL, at=NOW
    )
    event = facts.version_begun(begun)
    assert (event.kind, event.at) == (Kind.VERSION_BEGUN, NOW)
    assert event.id == f"versionBegun /v {NOW.isoformat()}"
    assert event.facts == {"version": "/V", "fingerprint": "f", "mode": "Full"}


def test_a_version_is_replicated_when_every_region_has_it() -> None:
    """Once for the same regions, in whatever order they come."""
    east, west = (RegionStatus(name=name, state="Completed") for name in ("east", "west"))
    event = facts.replicated((west, east), NOW)
    assert event
    assert (event.kind, event.at, event.facts) == (
        Kind.REPLICATED,
        NOW,
        {"regions": ["east", "west"]},
    )
    assert event == facts.replicated((east, west), NOW)
    other = facts.replicated((east,), NOW)
    assert other
    assert other.id != event.id
    assert len(event.id) == len("replicated ") + 8
    half = west.model_copy(update={"state": "Replicating"})
    assert facts.replicated((east, half), NOW) is facts.replicated((), NOW) is None


def test_asking_is_a_fact_for_each_question() -> None:
    """Its time is when it was asked; older records do not know."""
    approval = Approval(deadline=LATER, asked_at=NOW, fingerprint="f")
    event = facts.asked(approval, LATER)
    assert (event.kind, event.at) == (Kind.ASKED, NOW)
    assert event.facts == {"fingerprint": "f", "deadline": LATER.isoformat()}
    assert event.id == facts.asked(approval.model_copy(update={"round": 2}), NOW).id
    assert event.id != facts.asked(approval.model_copy(update={"fingerprint": "g"}), NOW).id
    assert facts.asked(approval.model_copy(update={"asked_at": None}), LATER).at == LATER


def test_a_decision_is_a_fact_under_its_key() -> None:
    """With what it says, for what."""
    received = a_received()
    event, said = facts.decision(received), received.decision
    assert (event.kind, event.id, event.at) == (Kind.DECISION, "decision k1", said.received_at)
    assert event.facts == {
        "key": "k1",
        "decision": "approve",
        "migration": said.migration_id,
        "fingerprint": said.fingerprint,
    }
    ruled = facts.ruling("k1", Ruling(accepted=True, text="x"), LATER)
    assert (ruled.kind, ruled.id, ruled.at) == (Kind.RULING, "ruling k1", LATER)


def test_a_notice_is_a_fact_once_nobody_posts_it_any_more() -> None:
    """Taken or given up."""
    taken = facts.notified("n", Notice(taken=True, tries=2), NOW)
    assert taken
    assert (taken.kind, taken.id, taken.at) == (Kind.NOTIFIED, "notified n", NOW)
    assert taken.facts == {"notice": "n", "taken": True, "tries": 2}
    assert facts.notified("n", Notice(given_up=True), NOW)
    assert facts.notified("n", Notice(tries=3), NOW) is None


def test_the_gate_tells_each_check() -> None:
    """A finding may name people; another finding is another fact."""
    checks = [
        Check(name="a", passed=True, found="by ada"),
        Check(name="b", passed=False, found="x"),
    ]
    shut = facts.gate_checked(checks, ["b: no (x)"], 2, NOW)
    assert (shut.kind, shut.at) == (Kind.GATE, NOW)
    assert shut.facts == {"run": 2, "open": False, "failed": ["b"]}
    made = [check.model_dump(mode="json") for check in checks]
    assert shut.personal == {"checks": made, "reasons": ["b: no (x)"]}
    assert shut.id.startswith("gate 2 ")
    assert facts.gate_checked(checks[:1], [], 2, NOW).facts["open"] is True
    ids = {
        facts.gate_checked(some, why, run, NOW).id
        for some, why, run in (
            (checks, [], 2),
            (checks[:1], [], 2),
            (checks, ["y"], 2),
            (checks, [], 3),
        )
    }
    assert len(ids) == 4


def test_a_confirmation_is_one_fact() -> None:
    """Whichever run saw it."""
    event = facts.confirmed("m", 1, NOW)
    assert event.id == facts.confirmed("m", 2, NOW).id == "confirmed m"
    assert (event.kind, event.at) == (Kind.CONFIRMED, NOW)
    assert event.facts == {"migration": "m", "run": 1}


def test_the_records_of_a_migration_tell_all_but_its_acceptance() -> None:
    """All that was not written when it happened can be written later; that somebody may ask, never."""
    bare = Snapshot(accepted=an_acceptance())
    assert facts.of_records(bare, NOW) == []
    full = Snapshot(
        accepted=an_acceptance(),
        plan=a_plan(),
        regions=(RegionStatus(name="east", state="Completed"),),
        boot_tests=(a_result(),),
        statements={"1": KeptStatement(text="a", asked_at=NOW)},
        openings=(AN_OPENING,),
        state=State(approval=Approval(deadline=LATER, fingerprint="f")),
        received=(a_received(),),
        rulings={"k1": Ruling(accepted=True, text="x")},
        notices={"n": Notice(taken=True), "open": Notice()},
        latch=Latch(verdict=APPROVED),
    )
    assert [event.kind for event in facts.of_records(full, NOW)] == [
        Kind.PLANNED,
        Kind.REPLICATED,
        Kind.ASKED,
        Kind.BOOT_TESTED,
        Kind.STATED,
        Kind.OPENED,
        Kind.DECISION,
        Kind.RULING,
        Kind.NOTIFIED,
        Kind.VERDICT,
    ]


def test_texts_are_told_apart_where_they_part() -> None:
    """Two texts are not the one that they make together."""
    assert facts.digest_of_texts("a", "b") != facts.digest_of_texts("ab")
    assert len(facts.digest_of_texts("a")) == 16


def test_a_hash_of_this_version_is_that_of_every_later_one() -> None:
    """Of what differs from the defaults, keys in their order: a field that is added changes none."""
    accepted = an_acceptance()
    turned = accepted.model_copy(update={"request": dict(reversed(accepted.request.items()))})
    assert facts.digest_of(turned) == facts.digest_of(accepted)
    assert (
        facts.digest_of(Notice(taken=True, body="b"))
        == "3e1f0e586bc48e8cd5e7e47b532b1feee567e392bfc326246e27b55a48ae51bf"
    )
    check = Check(name="a", passed=True, found="x")
    assert facts.gate_checked([check], [], 1, NOW).id == "gate 1 335652038817a090"


def test_an_emergency_stop_is_a_fact_for_each_call() -> None:
    """By whom and why can be erased."""
    change = StopChange(stopped=True, by=WEBHOOK, at=NOW, reason="wait")
    event = facts.emergency_stop(change)
    assert (event.kind, event.at, event.facts) == (Kind.EMERGENCY_STOP, NOW, {"stopped": True})
    assert event.id == f"emergencyStop {NOW.isoformat()}"
    assert event.personal == {"by": WEBHOOK.model_dump(mode="json"), "reason": "wait"}
