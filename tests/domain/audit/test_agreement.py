"""The records and their audit: whatever was changed or taken out behind the app's back is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.approval.decisions import Decision
from domain.audit import facts
from domain.audit.agreement import begun_in, contradictions, stop_is_missing
from domain.audit.chain import Slot, sealed
from domain.audit.events import Event, Kind
from domain.deletion.copies import BegunVersion
from domain.deletion.emergency_stop import EmergencyStop, StopChange
from domain.migration.latch import Latch
from domain.migration.recorded import Ruling, Snapshot
from domain.migration.requests import ReplicationMode
from tests.builders import NOW, a_plan, a_received, an_acceptance, an_end
from tests.credentials import WEBHOOK
from tests.domain.audit.chains import FIRST

ACCEPTED, PLAN = an_acceptance(), a_plan()
ASKED = facts.accepted(ACCEPTED)
PLANNED = facts.planned(PLAN, NOW)
REFUSED = Ruling(accepted=False, text="no")
REJECTION = a_received(decision=Decision.REJECT)
SAID, RULED = facts.decision(REJECTION), facts.ruling("k1", REFUSED, NOW)
BEGUN = BegunVersion(
    version_id="/v", migration=ACCEPTED.id, fingerprint="f", mode=ReplicationMode.FULL, at=NOW
)


def written(*events: Event) -> list[Slot]:
    """A chain of these events."""
    slots: list[Slot] = []
    for event in events:
        row = sealed(ACCEPTED.id, event, slots[-1] if slots else None, 1, FIRST)
        slots.append(Slot(row.number, row))
    return slots


def late(event: Event) -> Event:
    return event.model_copy(update={"late": True})


def told(*events: Event, **records: Any) -> list[str]:
    snapshot = Snapshot(**{"accepted": ACCEPTED, "plan": PLAN, **records})
    return list(contradictions(snapshot, written(ASKED, PLANNED, *events)))


def of_kind(kind: Kind) -> Event:
    return Event(id=kind.value, kind=kind, at=NOW)


def test_records_that_nobody_touched_agree() -> None:
    """With a plan, a refused rejection, a cancellation, an outcome."""
    assert told() == []
    assert told(SAID, RULED, received=(REJECTION,), rulings={"k1": REFUSED}) == []
    cancelled, ended = Latch(cancelled_at=NOW), Latch(finished=an_end())
    assert told(of_kind(Kind.CANCELLED), latch=cancelled) == []
    assert told(of_kind(Kind.OUTCOME), latch=ended) == []
    assert list(contradictions(Snapshot(accepted=ACCEPTED), written(ASKED))) == []


@pytest.mark.parametrize(
    "events", [(), (PLANNED,), (late(ASKED),), (ASKED, facts.not_claimed(ACCEPTED))]
)
def test_what_nobody_asked_for_is_told(events: tuple[Event, ...]) -> None:
    """A row of the records makes no request, nor does one that was written down late, or that lost its race."""
    found = list(contradictions(Snapshot(accepted=ACCEPTED), written(*events)))
    assert found == ["nobody who may ask has asked for it"]


def test_a_row_that_cannot_be_read_says_nothing() -> None:
    """As if it were not there: that it does not verify is told elsewhere."""
    found = list(contradictions(Snapshot(accepted=ACCEPTED), [Slot(1, None)]))
    assert found == ["nobody who may ask has asked for it"]
    assert not begun_in(BEGUN, [Slot(1, None)])


def test_a_request_that_was_changed_is_told() -> None:
    """In who asked for it, say."""
    other = ACCEPTED.model_copy(update={"requester": WEBHOOK})
    assert told(accepted=other) == ["what was accepted was changed"]


def test_the_first_acceptance_counts() -> None:
    """Whatever is written behind it."""
    other = facts.accepted(ACCEPTED.model_copy(update={"requester": WEBHOOK}))
    assert told(other.model_copy(update={"id": "another"})) == []


def test_a_plan_that_was_changed_is_told() -> None:
    """It has to be the last that was made; one that was written down late is one."""
    again = PLAN.named("1.0.1")
    assert told(plan=again) == ["the plan was changed"]
    assert told(late(facts.planned(again, NOW)), plan=again) == []
    assert told(facts.planned(again, NOW)) == ["the plan was changed"]
    no_plan = Snapshot(accepted=ACCEPTED, plan=PLAN)
    assert list(contradictions(no_plan, written(ASKED))) == ["the plan was changed"]


def test_an_end_that_was_taken_out_is_told() -> None:
    """A cancellation, an outcome."""
    assert told(of_kind(Kind.CANCELLED)) == ["it was cancelled"]
    assert told(of_kind(Kind.OUTCOME)) == ["it has had its outcome"]


def test_a_decision_that_was_taken_out_is_told() -> None:
    """With what it was."""
    assert told(SAID) == ["a decision is missing (reject)"]


@pytest.mark.parametrize(
    "events",
    [
        (SAID,),
        (SAID, late(RULED)),
        (SAID, facts.ruling("k1", Ruling(accepted=True, text="x"), NOW)),
    ],
)
@pytest.mark.parametrize("doubt", [Decision.REJECT, Decision.WITHDRAW])
def test_a_refusal_that_nobody_made_is_told(events: tuple[Event, ...], doubt: Decision) -> None:
    """It would hide a doubt; one of an approval hides none, nor does a ruling that takes the doubt."""
    said = a_received(decision=doubt)
    found = told(*events, received=(said,), rulings={"k1": REFUSED})
    assert found == [f"a decision is refused that was not ({doubt})"]
    taken = {"k1": Ruling(accepted=True, text="x")}
    assert told(*events, received=(said,), rulings=taken) == []
    assert told(*events, received=(said,)) == []
    assert told(*events, received=(a_received(),), rulings={"k1": REFUSED}) == []


def test_a_version_was_begun_if_the_chain_says_so() -> None:
    """This one, from this image, in this way, at this time."""
    slots = written(ASKED, facts.version_begun(BEGUN))
    assert begun_in(BEGUN, slots)
    assert begun_in(BEGUN.model_copy(update={"version_id": "/V"}), slots)
    others = (
        {"version_id": "/w"},
        {"fingerprint": "g"},
        {"mode": ReplicationMode.SHALLOW},
        {"at": NOW + timedelta(seconds=1)},
    )
    assert not any(begun_in(BEGUN.model_copy(update=other), slots) for other in others)
    assert not begun_in(BEGUN, written(ASKED))


def test_an_emergency_stop_that_was_taken_out_is_told() -> None:
    """The last call counts."""
    calls = [
        StopChange(stopped=stopped, by=WEBHOOK, at=NOW + timedelta(minutes=number), reason="x")
        for number, stopped in enumerate((True, False, True))
    ]
    first, second, third = map(facts.emergency_stop, calls)
    none, standing = EmergencyStop(), EmergencyStop(changes=tuple(calls))
    assert stop_is_missing(none, written(first))
    assert stop_is_missing(none, written(first, second, third))
    assert not stop_is_missing(none, written(first, second))
    assert not stop_is_missing(standing, written(first, second, third))
    assert not stop_is_missing(none, written(ASKED))
    assert stop_is_missing(none, [*written(first), Slot(2, None)])
