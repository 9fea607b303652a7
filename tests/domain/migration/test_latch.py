"""The latch: every change of the one row that runs are held against, as a table; what may not be says why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.approval.decisions import ApprovalState, Verdict
from domain.migration.lapses import LAPSES_AFTER
from domain.migration.latch import (
    MOST_RESTARTS_KEPT,
    Effect,
    Halt,
    Intent,
    Latch,
    Restart,
    answered,
    ask_again,
    cancel,
    close,
    drop_name,
    finish,
    give_back,
    intend,
    reject,
    restart,
    settle,
    stop,
    take_back,
)
from domain.migration.stages import Outcome
from tests.builders import NOW, a_decision, an_end

LATER = NOW + timedelta(hours=1)
DELETION, VERSION, PROMOTION = Effect.DELETION, Effect.VERSION, Effect.PROMOTION
APPROVED = Verdict(state=ApprovalState.APPROVED, decided_by=a_decision())
OTHER_APPROVAL = Verdict(state=ApprovalState.APPROVED, decided_by=a_decision(key="k2"))
REJECTED = Verdict(state=ApprovalState.REJECTED)
SENT = Intent(run=1, at=NOW, began=NOW)
START = Restart(run=2, at=LATER, cause="it failed", mark="m")
KEPT = an_end(Outcome.KEPT, reason="rejected")
DONE = an_end()

FRESH = Latch()
CANCELLED = Latch(cancelled_at=NOW)
ENDED = Latch(finished=KEPT)
SECOND = Latch(run=2, restarts=(START,))
DELETING = Latch(effects={DELETION: SENT})
DELETING_APPROVED = Latch(verdict=APPROVED, effects={DELETION: SENT})
DELETING_AGAIN = Latch(run=2, effects={DELETION: SENT})
SENT_AGAIN = SENT.model_copy(update={"at": LATER, "repeated": True})
SENT_BY_BOTH = Latch(effects={DELETION: SENT_AGAIN})
TAKEN = SENT.model_copy(update={"taken": True, "operation_url": "u", "correlation_id": "c"})
LAPSED = NOW + LAPSES_AFTER + timedelta(microseconds=1)
BOTH_ENDS = Latch(cancelled_at=NOW, finished=KEPT)

Change = Callable[[Latch], Latch | Halt]


def with_effects(**effects: Intent) -> Latch:
    return Latch(effects={Effect(name): intent for name, intent in effects.items()})


def intending(run: int = 1, effect: Effect = DELETION) -> Change:
    return lambda latch: intend(latch, run, effect, LATER)


def answering(run: int = 1) -> Change:
    return lambda latch: answered(latch, run, DELETION, "u", "c")


def taking_back(run: int = 1, effect: Effect = DELETION) -> Change:
    return lambda latch: take_back(latch, run, effect)


def giving_back(run: int = 2, lapsed: Intent = SENT, at: datetime = LAPSED) -> Change:
    return lambda latch: give_back(latch, run, lapsed, at)


def dropping(run: int = 1) -> Change:
    return lambda latch: drop_name(latch, run)


def settling(run: int = 1, verdict: Verdict = APPROVED) -> Change:
    return lambda latch: settle(latch, run, verdict)


def finishing(run: int = 1, **changes: Any) -> Change:
    return lambda latch: finish(latch, run, DONE.model_copy(update=changes))


def rejecting(latch: Latch) -> Latch | Halt:
    return reject(latch, REJECTED)


def cancelling(latch: Latch) -> Latch | Halt:
    return cancel(latch, LATER)


NEW = Intent(run=1, at=LATER, began=LATER)
Row = tuple[Latch, Change, Latch | Halt]
SUPERSEDED, ENDED_ALREADY = Halt.SUPERSEDED, Halt.ENDED
TABLE: dict[str, Row] = {
    "intend: the first of its kind": (FRESH, intending(effect=VERSION), with_effects(version=NEW)),
    "intend: a deletion that was approved": (
        Latch(verdict=APPROVED),
        intending(),
        Latch(verdict=APPROVED, effects={DELETION: NEW}),
    ),
    "intend: a deletion that nobody approved": (FRESH, intending(), Halt.REJECTED),
    "intend: a deletion that was rejected": (
        Latch(verdict=REJECTED),
        intending(),
        Halt.REJECTED,
    ),
    "intend: beside another kind": (
        with_effects(version=SENT),
        intending(effect=PROMOTION),
        with_effects(version=SENT, promotion=NEW),
    ),
    "intend: again, so the first may have arrived": (
        with_effects(version=SENT),
        intending(effect=VERSION),
        with_effects(version=SENT_AGAIN),
    ),
    "intend: again, by a later run": (
        Latch(run=2, effects={VERSION: SENT}),
        intending(2, VERSION),
        Latch(run=2, effects={VERSION: SENT_AGAIN.model_copy(update={"run": 2})}),
    ),
    "intend: again, after Azure took the first": (
        with_effects(version=TAKEN),
        intending(effect=VERSION),
        with_effects(version=SENT_AGAIN.model_copy(update={"taken": True})),
    ),
    "intend: superseded": (SECOND, intending(1), SUPERSEDED),
    "intend: a run that never was": (FRESH, intending(2), SUPERSEDED),
    "intend: cancelled": (CANCELLED, intending(), Halt.CANCELLED),
    "intend: ended": (ENDED, intending(), ENDED_ALREADY),
    "intend: cancelled and superseded": (
        Latch(run=2, cancelled_at=NOW),
        intending(1),
        SUPERSEDED,
    ),
    "answered: what was intended": (DELETING, answering(), with_effects(deletion=TAKEN)),
    "answered: nothing was intended": (FRESH, answering(), SUPERSEDED),
    "answered: a later run intended since": (
        Latch(run=2, effects={DELETION: SENT.model_copy(update={"run": 2})}),
        answering(1),
        SUPERSEDED,
    ),
    "answered: a later run stands that intended nothing": (
        DELETING_AGAIN,
        answering(1),
        Latch(run=2, effects={DELETION: TAKEN}),
    ),
    "take back: what was intended": (DELETING, taking_back(), FRESH),
    "take back: leaves the other kinds": (
        with_effects(version=SENT, deletion=SENT),
        taking_back(),
        with_effects(version=SENT),
    ),
    "take back: nothing was intended": (FRESH, taking_back(), SUPERSEDED),
    "take back: an earlier one may have arrived": (SENT_BY_BOTH, taking_back(), SUPERSEDED),
    "take back: another run's": (DELETING, taking_back(2), SUPERSEDED),
    "take back: its own, although a later run stands": (
        DELETING_AGAIN,
        taking_back(1),
        Latch(run=2),
    ),
    "give back: nothing of it can be under way any more": (
        DELETING_AGAIN,
        giving_back(),
        Latch(run=2),
    ),
    "give back: nor of its repetition": (
        Latch(run=2, effects={DELETION: SENT_AGAIN}),
        giving_back(lapsed=SENT_AGAIN, at=LATER + LAPSES_AFTER + timedelta(microseconds=1)),
        Latch(run=2),
    ),
    "give back: leaves the verdict and the other kinds": (
        Latch(run=2, verdict=APPROVED, effects={VERSION: SENT, DELETION: SENT}),
        giving_back(),
        Latch(run=2, verdict=APPROVED, effects={VERSION: SENT}),
    ),
    "give back: it may be under way still": (
        DELETING_AGAIN,
        giving_back(at=NOW + LAPSES_AFTER),
        Halt.TOO_LATE,
    ),
    "give back: its repetition may be under way still": (
        Latch(run=2, effects={DELETION: SENT_AGAIN}),
        giving_back(lapsed=SENT_AGAIN),
        Halt.TOO_LATE,
    ),
    "give back: Azure took it": (
        Latch(run=2, effects={DELETION: TAKEN}),
        giving_back(lapsed=TAKEN),
        Halt.TOO_LATE,
    ),
    "give back: it was answered since": (
        Latch(run=2, effects={DELETION: TAKEN}),
        giving_back(),
        SUPERSEDED,
    ),
    "give back: it was given back already": (Latch(run=2), giving_back(), SUPERSEDED),
    "give back: a run's own": (DELETING, giving_back(1), SUPERSEDED),
    "give back: superseded": (
        Latch(run=3, effects={DELETION: SENT}),
        giving_back(2),
        SUPERSEDED,
    ),
    "give back: ended": (
        Latch(run=2, effects={DELETION: SENT}, finished=KEPT),
        giving_back(),
        ENDED_ALREADY,
    ),
    "drop the name: the next one begins anew": (
        with_effects(definition=SENT, version=SENT),
        dropping(),
        with_effects(definition=SENT),
    ),
    "drop the name: an earlier PUT may have been sent too": (
        with_effects(version=SENT_AGAIN),
        dropping(),
        FRESH,
    ),
    "drop the name: nothing was intended": (FRESH, dropping(), FRESH),
    "drop the name: superseded": (SECOND, dropping(1), SUPERSEDED),
    "drop the name: cancelled": (CANCELLED, dropping(), Halt.CANCELLED),
    "drop the name: ended": (ENDED, dropping(), ENDED_ALREADY),
    "settle: the first verdict": (FRESH, settling(), Latch(verdict=APPROVED)),
    "settle: a second approval": (
        Latch(verdict=APPROVED),
        settling(verdict=OTHER_APPROVAL),
        Latch(verdict=APPROVED),
    ),
    "settle: a rejection of what is approved": (
        Latch(verdict=APPROVED),
        settling(verdict=REJECTED),
        Latch(verdict=REJECTED),
    ),
    "settle: an approval of what is rejected": (
        Latch(verdict=REJECTED),
        settling(),
        Latch(verdict=REJECTED),
    ),
    "settle: a rejection once the deletion is about to be sent": (
        DELETING_APPROVED,
        settling(verdict=REJECTED),
        DELETING_APPROVED,
    ),
    "reject: what is approved": (Latch(verdict=APPROVED), rejecting, Latch(verdict=REJECTED)),
    "reject: what nobody has approved": (FRESH, rejecting, FRESH),
    "reject: twice": (Latch(verdict=REJECTED), rejecting, Latch(verdict=REJECTED)),
    "reject: the deletion is about to be sent": (DELETING_APPROVED, rejecting, Halt.TOO_LATE),
    "reject: ended": (ENDED, rejecting, ENDED_ALREADY),
    "settle: superseded": (SECOND, settling(1), SUPERSEDED),
    "settle: cancelled": (CANCELLED, settling(), Halt.CANCELLED),
    "settle: ended": (ENDED, settling(), ENDED_ALREADY),
    "cancel: in time": (FRESH, cancelling, Latch(cancelled_at=LATER)),
    "cancel: twice": (CANCELLED, cancelling, CANCELLED),
    "cancel: after other writes": (
        with_effects(version=SENT),
        cancelling,
        with_effects(version=SENT).model_copy(update={"cancelled_at": LATER}),
    ),
    "cancel: once approved": (
        Latch(verdict=APPROVED),
        cancelling,
        Latch(verdict=APPROVED, cancelled_at=LATER),
    ),
    "cancel: the deletion is about to be sent": (DELETING, cancelling, Halt.TOO_LATE),
    "cancel: ended": (ENDED, cancelling, ENDED_ALREADY),
    "cancel: it holds after the end": (BOTH_ENDS, cancelling, BOTH_ENDS),
    "finish: the first outcome": (FRESH, finishing(), Latch(finished=DONE)),
    "finish: a second outcome": (ENDED, finishing(), ENDED),
    "finish: superseded": (SECOND, finishing(1), SUPERSEDED),
    "finish: by the later run": (SECOND, finishing(2), Latch(**dict(SECOND) | {"finished": DONE})),
    "finish: superseded and ended": (Latch(run=2, finished=KEPT), finishing(1), SUPERSEDED),
    "finish: completed although cancelled": (
        CANCELLED,
        finishing(result={"image": "gone, not by us"}),
        Latch(
            cancelled_at=NOW,
            finished=an_end(
                Outcome.CANCELLED,
                reason="cancelled while it was finishing; the image is gone, not by us",
                result={"image": "gone, not by us"},
            ),
        ),
    ),
    "finish: failed although cancelled": (
        CANCELLED,
        finishing(outcome=Outcome.FAILED),
        Latch(cancelled_at=NOW, finished=an_end(Outcome.FAILED)),
    ),
    "close: nothing has happened": (FRESH, lambda now: close(now, FRESH, KEPT), ENDED),
    "close: a write since": (DELETING, lambda now: close(now, FRESH, KEPT), SUPERSEDED),
    "close: a run since": (SECOND, lambda now: close(now, FRESH, KEPT), SUPERSEDED),
    "close: a cancellation since": (CANCELLED, lambda now: close(now, FRESH, KEPT), SUPERSEDED),
    "close: an outcome since": (ENDED, lambda now: close(now, FRESH, DONE), SUPERSEDED),
    "restart: nothing has happened": (FRESH, lambda now: restart(now, FRESH, START), SECOND),
    "restart: keeps what was written": (
        DELETING,
        lambda now: restart(now, DELETING, START),
        Latch(run=2, restarts=(START,), effects={DELETION: SENT}),
    ),
    "restart: another sweep was first": (
        SECOND,
        lambda now: restart(now, FRESH, START),
        SUPERSEDED,
    ),
    "restart: a write since": (DELETING, lambda now: restart(now, FRESH, START), SUPERSEDED),
    "restart: ended": (ENDED, lambda now: restart(now, ENDED, START), SUPERSEDED),
    "restart: cancelled, to end as such": (
        CANCELLED,
        lambda now: restart(now, CANCELLED, START),
        Latch(run=2, restarts=(START,), cancelled_at=NOW),
    ),
    "stop: nothing has happened": (FRESH, lambda now: stop(now, FRESH), Latch(stopped_run=1)),
    "stop: of a later run": (
        SECOND,
        lambda now: stop(now, SECOND),
        SECOND.model_copy(update={"stopped_run": 2}),
    ),
    "stop: a write since": (DELETING, lambda now: stop(now, FRESH), SUPERSEDED),
    "stop: ended": (ENDED, lambda now: stop(now, ENDED), SUPERSEDED),
}


ASKED = Latch(verdict=APPROVED, asked=2)
VOID = Latch(asked=3)
AGAIN: dict[str, tuple[Latch, Change, Latch | Halt]] = {
    "ask again": (ASKED, lambda now: ask_again(now, 1, 2), VOID),
    "ask again: done already": (VOID, lambda now: ask_again(now, 1, 2), VOID),
    "ask again: the first time": (FRESH, lambda now: ask_again(now, 1, 0), FRESH),
    "ask again: nothing is approved": (FRESH, lambda now: ask_again(now, 1, 1), FRESH),
    "ask again: somebody rejected": (
        Latch(verdict=REJECTED),
        lambda now: ask_again(now, 1, 1),
        Latch(verdict=REJECTED),
    ),
    "ask again: a DELETE was sent": (
        DELETING_APPROVED,
        lambda now: ask_again(now, 1, 1),
        DELETING_APPROVED,
    ),
    "ask again: a later run": (SECOND, lambda now: ask_again(now, 1, 1), Halt.SUPERSEDED),
    "ask again: cancelled": (CANCELLED, lambda now: ask_again(now, 1, 1), Halt.CANCELLED),
    "ask again: ended": (ENDED, lambda now: ask_again(now, 1, 1), Halt.ENDED),
    "settle what is asked now": (
        VOID,
        lambda now: settle(now, 1, APPROVED, 3),
        Latch(asked=3, verdict=APPROVED),
    ),
    "settle what was asked before": (
        VOID,
        lambda now: settle(now, 1, APPROVED, 2),
        Halt.SUPERSEDED,
    ),
    "settle what was asked before: it stands": (
        ASKED,
        lambda now: settle(now, 1, REJECTED),
        Halt.SUPERSEDED,
    ),
    "reject what has just become void": (
        VOID,
        lambda now: reject(now, REJECTED),
        Latch(asked=3, verdict=REJECTED),
    ),
    "reject: nobody has decided": (FRESH, lambda now: reject(now, REJECTED), FRESH),
}
TABLE |= AGAIN


@pytest.mark.parametrize(("latch", "change", "held"), TABLE.values(), ids=TABLE)
def test_a_change_gives_the_row_or_says_why_not(
    latch: Latch, change: Change, held: Latch | Halt
) -> None:
    """And the row as it was is left as it was."""
    before = latch.model_dump(mode="json")
    assert change(latch) == held
    assert latch.model_dump(mode="json") == before


@pytest.mark.parametrize(
    ("latch", "run", "halt"),
    [
        (FRESH, 1, None),
        (SECOND, 2, None),
        (SECOND, 1, Halt.SUPERSEDED),
        (CANCELLED, 1, Halt.CANCELLED),
        (ENDED, 1, Halt.ENDED),
        (Latch(run=2, finished=KEPT), 1, Halt.ENDED),
        (BOTH_ENDS, 1, Halt.ENDED),
        (DELETING, 1, None),
    ],
)
def test_a_step_may_go_on_or_is_told_why_not(latch: Latch, run: int, halt: Halt | None) -> None:
    """The end before the run's number before the cancellation: who is nobody's is not told to end as cancelled."""
    assert latch.halt(run) is halt


def test_a_taken_back_write_can_be_sent_anew_and_taken_back_again() -> None:
    """A throttled one, time after time: none of them counts."""
    latch: Latch | Halt = Latch(verdict=APPROVED)
    for _ in range(3):
        assert isinstance(latch, Latch)
        latch = intending()(latch)
        assert isinstance(latch, Latch)
        latch = taking_back()(latch)
    assert latch == Latch(verdict=APPROVED)


def test_whoever_cancels_or_rejects_is_not_too_late_once_it_is_given_back() -> None:
    """While it stands both are."""
    standing = Latch(run=2, verdict=APPROVED, effects={DELETION: SENT})
    assert cancelling(standing) is rejecting(standing) is Halt.TOO_LATE
    given_back = giving_back()(standing)
    assert isinstance(given_back, Latch)
    cancelled, rejected = cancelling(given_back), rejecting(given_back)
    assert isinstance(cancelled, Latch)
    assert isinstance(rejected, Latch)
    assert (cancelled.cancelled_at, rejected.verdict) == (LATER, REJECTED)
    assert intending(2)(rejected) is Halt.REJECTED
    assert intending(2)(cancelled) is Halt.CANCELLED


def test_what_azure_took_never_lapses() -> None:
    """An unanswered one does, counted from its last try."""
    assert TAKEN.lapses_at is None
    assert SENT_AGAIN.lapses_at == LATER + LAPSES_AFTER


def test_of_the_restarts_only_the_last_are_kept() -> None:
    """The timeline has them all; a row has a size. The numbers go on."""
    latch: Latch | Halt = FRESH
    for run in range(2, MOST_RESTARTS_KEPT + 12):
        assert isinstance(latch, Latch)
        latch = restart(latch, latch, START.model_copy(update={"run": run}))
    assert isinstance(latch, Latch)
    assert len(latch.restarts) == 50
    assert latch.run == MOST_RESTARTS_KEPT + 11
    assert [start.run for start in latch.restarts] == list(range(12, MOST_RESTARTS_KEPT + 12))


def test_a_latch_survives_the_wire() -> None:
    """Whatever it holds."""
    latch = Latch(
        run=3,
        restarts=(START,),
        stopped_run=2,
        cancelled_at=NOW,
        effects={VERSION: TAKEN, DELETION: SENT_AGAIN},
        verdict=APPROVED,
        finished=KEPT,
    )
    assert Latch.model_validate(latch.model_dump(mode="json")) == latch
