"""Ask for the deletion's approval and wait for it."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

from domain.approval.decisions import ApprovalState, Verdict
from domain.messages import DECIDE_APPROVAL, OPEN_APPROVAL, JudgeRequest
from domain.migration.stages import Outcome, Stage
from orchestrators.endings import MigrationEndedError
from orchestrators.run import Run, Steps, wait_for_wake_or


def request_approval(run: Run) -> Steps:
    """Return when the deletion is approved; raise MigrationEndedError when it is not. An approval that an earlier run
    asked for keeps its deadline, and one that is settled its verdict."""
    opened = yield from run.call(OPEN_APPROVAL, run.timed)
    text = (
        f"waiting until {opened.deadline:%Y-%m-%d %H:%M} UTC for the approval to delete the image"
    )
    yield from run.record("approval", Stage.APPROVAL, text)
    yield from run.notify("approval.requested")
    verdict = yield from _wait_for_verdict(run, opened.round, opened.deadline)
    told = _text_of(verdict)
    yield from run.record("verdict", Stage.APPROVAL, told)
    if verdict.state is not ApprovalState.APPROVED:
        raise MigrationEndedError(
            Outcome.KEPT,
            f"{told}; the image is kept and nothing was promoted. Start again to be asked again, "
            f"or with the deletion off to promote version {run.planned.version_name}",
        )


def _wait_for_verdict(run: Run, number: int, deadline: datetime) -> Generator[Any, Any, Verdict]:
    """Judge, wait, judge again. The judging writes the number of the wait that follows before it reads the decisions,
    so that one stored after them sees that number: no decision is ever left without a wake."""
    while True:
        judge = JudgeRequest(**dict(run.timed), round=number)
        verdict = yield from run.call(DECIDE_APPROVAL, judge)
        if verdict.state is not ApprovalState.WAITING:
            return verdict
        yield from wait_for_wake_or(run.context, number, deadline)
        number += 1


def _text_of(verdict: Verdict) -> str:
    if verdict.decided_by is None:
        return "the approval expired"
    reason = f": {verdict.decided_by.reason}" if verdict.decided_by.reason else ""
    return f"{verdict.state} by {verdict.decided_by.approver}{reason}"
