"""Ask for the deletion's approval and wait for it."""

from collections.abc import Generator
from datetime import datetime
from typing import Any, NamedTuple

from domain.approval.decisions import ApprovalState, Decision, Verdict
from domain.messages import DECIDE_APPROVAL, OPEN_APPROVAL, ApprovalNotAsked, JudgeRequest
from domain.migration.stages import Outcome, Stage
from orchestrators.endings import MigrationEndedError, not_deleted
from orchestrators.run import Run, wait_for_wake_or


class Approved(NamedTuple):
    """An approval: its verdict, and the number of the wait that follows."""

    verdict: Verdict
    round: int


def request_approval(run: Run) -> Generator[Any, Any, Approved | ApprovalNotAsked]:
    """Return when the deletion is approved, or at once when nobody is to be asked; raise MigrationEndedError when it is
    not. An approval that an earlier run asked for keeps its deadline, and one that is settled its verdict."""
    opened = yield from run.call(OPEN_APPROVAL, run.timed)
    if isinstance(opened, ApprovalNotAsked):
        return opened
    text = (
        f"waiting until {opened.deadline:%Y-%m-%d %H:%M} UTC for the approval to delete the image"
    )
    yield from run.record("approval", Stage.APPROVAL, text)
    yield from run.notify("approval.requested")
    approved = yield from _wait_for_verdict(run, opened.round, opened.deadline)
    verdict = approved.verdict
    told = _text_of(verdict)
    yield from run.record("verdict", Stage.APPROVAL, told)
    if verdict.state is not ApprovalState.APPROVED:
        raise MigrationEndedError(
            Outcome.KEPT,
            f"{told}; the image is kept and nothing was promoted. Start again to be asked again, "
            f"or with the deletion off to promote version {run.planned.version_name}",
        )
    return approved


def keep_quiet(run: Run, approved: Approved, promoted: datetime | None) -> Generator[Any, Any, int]:
    """Return when the quiet time behind the promotion, else behind the approval, is over, with the number of the wait
    that follows; raise MigrationEndedError when somebody rejects or withdraws in it. Its end is checked once more at
    the gate."""
    decisive, number = approved.verdict.decided_by, approved.round
    since = promoted or (decisive.received_at if decisive else run.now)
    judged = approved.verdict
    until = judged.quiet_until(since)
    over = run.now >= until and judged.undelivered_until is None
    if over or run.begun.stage is Stage.DELETION:
        return number
    text = (
        f"quiet until {until:%Y-%m-%d %H:%M} UTC: nothing is deleted before, and anybody may object"
    )
    yield from run.record("quiet", Stage.PROMOTION, text)
    while run.now < until or judged.undelivered_until:
        judged = yield from _still_approved(run, number)
        until = judged.quiet_until(since)
        yield from wait_for_wake_or(run.context, number, until)
        number += 1
    return number


def wait_unrejected(run: Run, number: int, until: datetime) -> Generator[Any, Any, int]:
    """Wait, and return the number of the wait that follows. Raises MigrationEndedError when somebody rejects or
    withdraws meanwhile."""
    while run.now < until:
        yield from _still_approved(run, number)
        yield from wait_for_wake_or(run.context, number, until)
        number += 1
    return number


def _still_approved(run: Run, number: int) -> Generator[Any, Any, Verdict]:
    judged = yield from run.call(DECIDE_APPROVAL, JudgeRequest(**dict(run.timed), round=number))
    if judged.state is not ApprovalState.APPROVED:
        raise not_deleted(_text_of(judged))
    return judged


def _wait_for_verdict(run: Run, number: int, deadline: datetime) -> Generator[Any, Any, Approved]:
    """Judge, wait, judge again. The judging writes the number of the wait that follows before it reads the decisions,
    so that one stored after them sees that number: no decision is ever left without a wake."""
    while True:
        verdict = yield from run.call(
            DECIDE_APPROVAL, JudgeRequest(**dict(run.timed), round=number)
        )
        if verdict.state is not ApprovalState.WAITING:
            return Approved(verdict, number + 1)
        yield from wait_for_wake_or(run.context, number, deadline)
        number += 1


def _text_of(verdict: Verdict) -> str:
    if verdict.state is ApprovalState.UNDELIVERED:
        return (
            "nobody could be told of the deletion: the signed notification was not taken in its time, and nobody who "
            "may approve has read the statement"
        )
    if verdict.decided_by is None:
        return "the approval expired"
    by = verdict.decided_by
    reason = f": {by.reason}" if by.reason else ""
    done = "withdrawn" if by.decision is Decision.WITHDRAW else verdict.state
    return f"{done} by {by.approver}{reason}"
