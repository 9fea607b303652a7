"""Reports on what stands still: past every limit of its stage and an hour more, by what moved last."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.approval.decisions import ApprovalState, Verdict
from domain.migration.latch import Latch
from domain.migration.recorded import Approval, Snapshot, State, TimelineEntry
from domain.migration.stages import Stage
from domain.migration.standing_still import stands_still
from tests import builders as b

RETRY, POLLING, CONFIRM = (
    b.LIMITS.retry,
    b.LIMITS.polling.timeout,
    b.LIMITS.confirm,
)
GRACE = timedelta(hours=1)
APPROVAL = Approval(deadline=b.NOW + timedelta(days=3), fingerprint="f")
APPROVED = Latch(verdict=Verdict(state=ApprovalState.APPROVED))


def _quiet(**known: timedelta) -> Latch:
    moments = {name: b.NOW + later for name, later in known.items()}
    days = timedelta(days=2)
    return Latch(verdict=Verdict(state=ApprovalState.APPROVED, quiet_time=days, **moments))


QUIET, LATE = _quiet(known_at=timedelta(hours=-1)), _quiet(known_at=timedelta(hours=5))
UNTOLD = _quiet(undelivered_until=timedelta(hours=7))
LONGEST: dict[str, tuple[Stage, Approval | None, Latch, timedelta]] = {
    "planning": (Stage.PLANNING, None, Latch(), 2 * RETRY),
    "replication": (Stage.REPLICATION, None, Latch(), RETRY + POLLING),
    "an approval that is waited for": (Stage.APPROVAL, APPROVAL, Latch(), timedelta(days=3)),
    "an approval that was given": (Stage.APPROVAL, APPROVAL, APPROVED, 2 * RETRY),
    "promotion": (Stage.PROMOTION, APPROVAL, APPROVED, RETRY + POLLING),
    "a quiet time": (Stage.PROMOTION, APPROVAL, QUIET, RETRY + POLLING + timedelta(days=2)),
    "a quiet time that begins late": (
        Stage.PROMOTION,
        APPROVAL,
        LATE,
        RETRY + POLLING + timedelta(days=2, hours=5),
    ),
    "a quiet time that has not begun": (
        Stage.PROMOTION,
        APPROVAL,
        UNTOLD,
        RETRY + POLLING + timedelta(days=2, hours=7),
    ),
    "a quiet time, before it": (Stage.APPROVAL, APPROVAL, QUIET, 2 * RETRY),
    "a quiet time, behind it": (Stage.DELETION, APPROVAL, QUIET, RETRY + CONFIRM),
    "deletion": (Stage.DELETION, APPROVAL, APPROVED, RETRY + CONFIRM),
}


def line(step: str, hours: float = 0) -> TimelineEntry:
    at = b.NOW + timedelta(hours=hours)
    return TimelineEntry(step=step, at=at, stage=Stage.PLANNING, text=step)


def a_snapshot(stage: Stage, *lines: TimelineEntry, **more: Any) -> Snapshot:
    approval, latch = more.get("approval"), more.get("latch", Latch())
    state = State(stage=stage, timeline=lines or (line("moved"),), approval=approval)
    return Snapshot(accepted=b.an_acceptance(), state=state, latch=latch)


@pytest.mark.parametrize(("stage", "approval", "latch", "longest"), LONGEST.values(), ids=LONGEST)
def test_it_is_told_once_no_limit_can_have_ended_it(
    stage: Stage, approval: Approval | None, latch: Latch, longest: timedelta
) -> None:
    """Not a moment before; with the stage, and since when."""
    snapshot = a_snapshot(stage, approval=approval, latch=latch)
    at = b.NOW + longest + GRACE
    assert stands_still(snapshot, at) is None
    still = stands_still(snapshot, at + timedelta(seconds=1))
    assert still is not None
    assert f"in the stage {stage} since 2026-03-02 09:30" in still


def test_a_restart_is_no_move() -> None:
    """Else what is started again and again would never be told."""
    lines = (line("moved"), line("restart 2", hours=12))
    at = b.NOW + 2 * RETRY + GRACE + timedelta(seconds=1)
    assert stands_still(a_snapshot(Stage.PLANNING, *lines), at)
    assert stands_still(a_snapshot(Stage.PLANNING, *lines, line("on", hours=12)), at) is None


def test_what_has_an_outcome_stands_nowhere() -> None:
    """However long ago."""
    ended = a_snapshot(Stage.DELETION, latch=Latch(finished=b.an_end()))
    assert stands_still(ended, b.NOW + timedelta(days=900)) is None


def test_a_wait_whose_end_is_known_counts_from_there() -> None:
    """A quiet time, or a window that opens in two days."""
    until = b.NOW + timedelta(days=2)
    waiting = line("quiet").model_copy(update={"until": until})
    at = until + RETRY + CONFIRM + GRACE
    snapshot = a_snapshot(Stage.DELETION, line("moved"), waiting, latch=APPROVED)
    assert stands_still(snapshot, at) is None
    assert stands_still(snapshot, at + timedelta(seconds=1))
    past = waiting.model_copy(update={"until": b.NOW - timedelta(days=9)})
    other = a_snapshot(Stage.DELETION, line("moved"), past, latch=APPROVED)
    assert stands_still(other, b.NOW + RETRY + CONFIRM + GRACE) is None
