"""The records, and the values that are read out of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.approval.decisions import ApprovalState, Verdict
from domain.migration.fingerprint import fingerprint_of
from domain.migration.latch import Effect, Intent, Latch
from domain.migration.recorded import (
    Approval,
    ReceivedDecision,
    Ruling,
    Snapshot,
    State,
    TimelineEntry,
)
from domain.migration.sightings import Sighting
from domain.migration.stages import ImageFate, Outcome, Stage
from domain.notices.notice import Notice
from tests import builders as b
from tests.builders import NOW, a_decision, an_acceptance, an_end, an_image

KNOWN = fingerprint_of(an_image()).value
UNKNOWN = fingerprint_of(an_image(created=None)).value
ANOTHER = fingerprint_of(an_image(created="2025-01-01T00:00:00Z")).value
HOUR = timedelta(hours=1)
SENT = Intent(run=1, at=NOW, began=NOW)
ASKED = Approval(deadline=NOW + HOUR, fingerprint=KNOWN)
STATED = b.a_kept_statement()
APPROVED = Verdict(state=ApprovalState.APPROVED, decided_by=a_decision())


def a_snapshot(*, deletion: bool = False, **more: Any) -> Snapshot:
    """An attempt that was accepted and no more; `more` by field."""
    return Snapshot(**{"accepted": an_acceptance(deletion={"enabled": deletion}), **more})


# -- records of earlier deployments --------------------------------------------------------------------------------


def test_an_attempt_of_which_no_more_is_written_was_not_started() -> None:
    """So the sweep begins it, in the first stage."""
    snapshot = Snapshot.model_validate({"accepted": an_acceptance().model_dump(mode="json")})
    assert not snapshot.started
    assert (snapshot.stage, snapshot.image) == (Stage.PLANNING, ImageFate.KEPT)
    assert (snapshot.finished, snapshot.cancel_requested, snapshot.unruled) == (None, False, False)
    assert snapshot.accepted_decision is None


def test_an_approval_without_numbers_is_the_first_runs_first_round() -> None:
    """Its event has that number."""
    known = {"deadline": NOW.isoformat(), "fingerprint": KNOWN}
    approval = Approval.model_validate(known)
    assert (approval.round, approval.run) == (1, 1)


def test_a_notice_of_which_no_more_is_written_is_still_to_be_sent() -> None:
    """Nobody has tried yet."""
    notice = Notice.model_validate({})
    assert (notice.tries, notice.taken, notice.given_up, notice.settled) == (0, False, False, False)


@pytest.mark.parametrize("end", ["taken", "given_up"])
def test_a_notice_is_settled_by_either_end(end: str) -> None:
    """The receiver has it, or nobody tries any more."""
    assert Notice(**{end: True}).settled


# -- which image an attempt is about ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at_the_start", "by_the_workflow", "told"),
    [(None, None, None), (UNKNOWN, None, UNKNOWN), (None, KNOWN, KNOWN), (UNKNOWN, KNOWN, KNOWN)],
)
def test_what_the_workflow_read_counts_before_what_the_start_read(
    at_the_start: str | None, by_the_workflow: str | None, told: str | None
) -> None:
    """The image may have been made anew since."""
    accepted = an_acceptance().model_copy(update={"fingerprint": at_the_start})
    snapshot = Snapshot(accepted=accepted, state=State(fingerprint=by_the_workflow))
    assert snapshot.sighting == Sighting(
        migration=accepted.id, accepted_at=accepted.accepted_at, fingerprint=told
    )


@pytest.mark.parametrize("outcome", Outcome)
def test_a_sighting_tells_a_failure_and_no_other_outcome(outcome: Outcome) -> None:
    """Any other has its version, or nobody wants one."""
    ended = a_snapshot(latch=Latch(finished=an_end(outcome, at=NOW + HOUR)))
    assert ended.sighting.failed_at == (NOW + HOUR if outcome is Outcome.FAILED else None)
    assert a_snapshot().sighting.failed_at is None


# -- what is known of an attempt -------------------------------------------------------------------------------------


def test_an_approval_was_asked_for_at_the_time_that_was_written() -> None:
    """An earlier version wrote the deadline only, which is the timeout later; without an approval there is none."""
    timeout = a_snapshot().request.approval.timeout
    older = Approval(deadline=NOW + timeout, fingerprint=KNOWN)
    newer = older.model_copy(update={"asked_at": NOW + HOUR})
    assert a_snapshot().asked_at is None
    assert a_snapshot(state=State(approval=older)).asked_at == NOW
    assert a_snapshot(state=State(approval=newer)).asked_at == NOW + HOUR


def test_an_outcome_means_finished_whatever_the_last_step_wrote() -> None:
    """The step may have been overtaken by the sweep."""
    state = State(stage=Stage.REPLICATION)
    assert a_snapshot(state=state).stage is Stage.REPLICATION
    assert a_snapshot(state=state, latch=Latch(finished=an_end())).stage is Stage.FINISHED


def test_a_plan_is_there_once_it_was_written() -> None:
    """Before, asking for it is a mistake of the caller's."""
    plan = b.a_plan()
    assert a_snapshot(plan=plan).planned == plan
    with pytest.raises(LookupError, match="has no plan"):
        _ = a_snapshot().planned


def test_once_our_delete_may_be_sent_it_tells_whose_doing_it_was() -> None:
    """That the image was seen gone means nothing then."""
    gone = State(stage=Stage.PROMOTION, image=ImageFate.GONE)
    deleting = Latch(effects={Effect.DELETION: SENT})
    assert a_snapshot(state=gone).image is ImageFate.GONE
    assert a_snapshot(state=gone, latch=deleting).image is ImageFate.KEPT


def test_a_cancellation_is_told() -> None:
    """From the moment that it was taken."""
    assert a_snapshot(latch=Latch(cancelled_at=NOW)).cancel_requested


@pytest.mark.parametrize("wanted", [True, False])
def test_a_deletion_is_wanted_by_the_request(wanted: bool) -> None:
    """One of an earlier deployment that says nothing of it wants none."""
    assert a_snapshot(deletion=wanted).wants_deletion is wanted
    bare = an_acceptance().model_copy(update={"request": {}})
    assert not Snapshot(accepted=bare).wants_deletion


END = an_end()
WAITING = State(stage=Stage.APPROVAL, approval=ASKED)
APPROVALS: dict[str, tuple[Snapshot, ApprovalState]] = {
    "no deletion": (a_snapshot(), ApprovalState.NOT_NEEDED),
    "no deletion, ended": (a_snapshot(latch=Latch(finished=END)), ApprovalState.NOT_NEEDED),
    "not asked for yet": (a_snapshot(deletion=True), ApprovalState.PENDING),
    "ended before it was asked for": (
        a_snapshot(deletion=True, latch=Latch(finished=END)),
        ApprovalState.NOT_NEEDED,
    ),
    "asked for, nothing stated yet": (
        a_snapshot(deletion=True, state=WAITING),
        ApprovalState.PENDING,
    ),
    "asked for": (
        a_snapshot(deletion=True, state=WAITING, statements={"1": STATED}),
        ApprovalState.WAITING,
    ),
    "asked for again, nothing stated yet": (
        a_snapshot(deletion=True, state=WAITING, statements={"1": STATED}, latch=Latch(asked=2)),
        ApprovalState.PENDING,
    ),
    "asked for again": (
        a_snapshot(
            deletion=True,
            state=WAITING,
            statements={"1": STATED, "2": STATED},
            latch=Latch(asked=2),
        ),
        ApprovalState.WAITING,
    ),
    "ended while it was asked for": (
        a_snapshot(deletion=True, state=WAITING, latch=Latch(finished=END)),
        ApprovalState.CANCELLED,
    ),
    "judged": (
        a_snapshot(deletion=True, state=WAITING, latch=Latch(verdict=APPROVED)),
        ApprovalState.APPROVED,
    ),
    "judged and ended": (
        a_snapshot(deletion=True, state=WAITING, latch=Latch(verdict=APPROVED, finished=END)),
        ApprovalState.APPROVED,
    ),
}


@pytest.mark.parametrize(("snapshot", "state"), APPROVALS.values(), ids=APPROVALS)
def test_an_approval_stands_as_its_verdict_says_or_as_it_was_asked_for(
    snapshot: Snapshot, state: ApprovalState
) -> None:
    """Never waiting after the end."""
    assert snapshot.approval_state is state


def test_the_statement_is_that_of_the_last_asking() -> None:
    """Whatever stands beside it."""
    other = b.a_kept_statement(round=2)
    both = {"1": STATED, "2": other}
    assert a_snapshot(statements=both).statement == STATED
    assert a_snapshot(statements=both, latch=Latch(asked=2)).statement == other
    assert a_snapshot(statements=both, latch=Latch(asked=3)).statement is None
    assert a_snapshot().statement is None


def test_a_verdict_names_the_decision_that_decided() -> None:
    """For the result, and for the gate."""
    assert a_snapshot(latch=Latch(verdict=APPROVED)).accepted_decision == a_decision()


def received(*keys: str) -> tuple[ReceivedDecision, ...]:
    return tuple(ReceivedDecision(decision=a_decision(key=key), body_hash="h") for key in keys)


@pytest.mark.parametrize(
    ("keys", "ruled", "open_"),
    [
        ((), (), False),
        (("a",), (), True),
        (("a", "b"), ("a",), True),
        (("a", "b"), ("b", "a"), False),
    ],
)
def test_a_decision_waits_for_its_ruling(
    keys: tuple[str, ...], ruled: tuple[str, ...], open_: bool
) -> None:
    """Each for its own."""
    rulings = {key: Ruling(accepted=False, text="late") for key in ruled}
    assert a_snapshot(received=received(*keys), rulings=rulings).unruled is open_


def test_decisions_are_in_the_order_in_which_they_came() -> None:
    """At one moment by their keys, so that two readers agree."""
    late = ReceivedDecision(decision=a_decision(key="a", received_at=NOW + HOUR), body_hash="h")
    snapshot = a_snapshot(received=(late, *received("c", "b")))
    assert [decision.key for decision in snapshot.decisions] == ["b", "c", "a"]


def test_only_writes_that_azure_answered_have_a_correlation_id() -> None:
    """An intent that died has none to show."""
    answered = SENT.model_copy(update={"correlation_id": "c"})
    latch = Latch(effects={Effect.DEFINITION: answered, Effect.VERSION: SENT})
    result = a_snapshot(latch=latch).result(
        ImageFate.KEPT, version_ready=False, version_named=False
    )
    assert result["correlationIds"] == {"ensure_definition": "c"}


# -- what was promoted, and what was refused ------------------------------------------------------------------------


def a_line(step: str, at: datetime = NOW) -> TimelineEntry:
    return TimelineEntry(step=step, at=at, stage=Stage.PROMOTION, text="t")


def test_a_version_is_promoted_from_the_line_that_says_so() -> None:
    """Whatever happened before and after it; the quiet time begins there."""
    before, after = a_line("replication", NOW - HOUR), a_line("deletion", NOW + HOUR)
    assert State(timeline=(before, a_line("promotion"), after)).promoted_at == NOW
    assert State(timeline=(before, after)).promoted_at is None
    assert State().promoted_at is None


def test_a_decision_that_was_refused_does_not_count_later() -> None:
    """One that was accepted does, and one that waits for its ruling; in the order in which they came."""
    decisions = [a_decision(key=key, received_at=NOW + n * HOUR) for n, key in enumerate("abc")]
    snapshot = a_snapshot(
        received=tuple(ReceivedDecision(decision=d, body_hash="h") for d in reversed(decisions)),
        rulings={"a": Ruling(accepted=False, text="no"), "b": Ruling(accepted=True, text="yes")},
    )
    assert snapshot.decisions == decisions
    assert snapshot.unrefused == decisions[1:]
