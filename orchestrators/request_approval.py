"""Ask for the deletion's approval and wait for it."""

from collections.abc import Generator
from datetime import datetime
from typing import Any, NamedTuple

from domain.approval.asking import ApprovalNotAsked, ApprovalOpened
from domain.approval.decisions import ApprovalState, Decision, Verdict
from domain.messages import (
    DECIDE_APPROVAL,
    MAKE_STATEMENT,
    OPEN_APPROVAL,
    AskRequest,
    JudgeRequest,
)
from domain.migration.stages import Outcome, Stage
from domain.notices.notice import asking_kind
from orchestrators.endings import MigrationEndedError, not_deleted
from orchestrators.run import Run, wait_for_wake_or


class Approved(NamedTuple):
    """An approval: its verdict, the number of the wait that follows, the how many-th time that it was asked for, and
    until when it may be asked for again."""

    verdict: Verdict
    round: int
    asked: int
    deadline: datetime


def request_approval(run: Run) -> Generator[Any, Any, Approved | ApprovalNotAsked]:
    """Return when the deletion is approved, or at once when nobody is to be asked; raise MigrationEndedError when it is
    not. An approval that an earlier run asked for keeps its deadline, and one that is settled its verdict."""
    opened = yield from run.call(OPEN_APPROVAL, AskRequest(**dict(run.timed)))
    if isinstance(opened, ApprovalNotAsked):
        return opened
    return (yield from _ask(run, opened, opened.round))


def ask_again(run: Run, void: Approved, change: str) -> Generator[Any, Any, Approved]:
    """Ask for the approval of what there is now. Raises MigrationEndedError when it is not given, or its deadline,
    which holds for all that is asked, has passed already."""
    text = f"what was approved has changed: {change}"
    if run.now >= void.deadline:
        raise not_deleted(f"{text}; and it was too late to ask again")
    yield from run.record(_step("changed", void.asked), Stage.DELETION, text)
    opened = yield from run.call(OPEN_APPROVAL, AskRequest(**dict(run.timed), after=void.asked))
    if isinstance(opened, ApprovalNotAsked):
        raise not_deleted(opened.reason)
    return (yield from _ask(run, opened, max(opened.round, void.round)))


def _ask(run: Run, opened: ApprovalOpened, number: int) -> Generator[Any, Any, Approved]:
    """Say what is approved, tell people, and wait for their decisions; `number`: of the first wait."""
    yield from run.call(MAKE_STATEMENT, run.step)
    text = (
        f"waiting until {opened.deadline:%Y-%m-%d %H:%M} UTC for the approval to delete the image"
    )
    yield from run.record(_step("approval", opened.asked), Stage.APPROVAL, text)
    yield from run.notify(asking_kind(opened.asked))
    verdict, number = yield from _wait_for_verdict(run, number, opened.deadline)
    told = _text_of(verdict)
    yield from run.record(_step("verdict", opened.asked), Stage.APPROVAL, told)
    if verdict.state is not ApprovalState.APPROVED:
        raise MigrationEndedError(Outcome.KEPT, f"{told}; {_kept(run, opened.asked)}")
    return Approved(verdict, number, opened.asked, opened.deadline)


def keep_quiet(
    run: Run, approved: Approved, promoted: datetime | None
) -> Generator[Any, Any, Approved]:
    """Return when the quiet time behind promotion and approval is over, with the number of the wait that follows; raise
    MigrationEndedError when somebody rejects or withdraws in it. Its end is checked once more at the gate."""
    decisive, number = approved.verdict.decided_by, approved.round
    since = max(filter(None, (promoted, decisive.received_at if decisive else run.now)))
    judged = approved.verdict
    until = judged.quiet_until(since)
    if run.now >= until and judged.undelivered_until is None:
        return approved
    text = (
        f"quiet until {until:%Y-%m-%d %H:%M} UTC: nothing is deleted before, and anybody may object"
    )
    yield from run.record(_step("quiet", approved.asked), Stage.PROMOTION, text)
    while run.now < until or judged.undelivered_until:
        judged = yield from _still_approved(run, number)
        until = judged.quiet_until(since)
        yield from wait_for_wake_or(run.context, number, until)
        number += 1
    return approved._replace(round=number)


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


def _step(name: str, asked: int) -> str:
    """The name of a step, which each time that it is asked has a line of its own."""
    return name if asked == 1 else f"{name} {asked}"


def _kept(run: Run, asked: int) -> str:
    if asked > 1:
        return "the image is kept. Start again to be asked again"
    return (
        "the image is kept and nothing was promoted. Start again to be asked again, "
        f"or with the deletion off to promote version {run.planned.version_name}"
    )


def _judge(run: Run, number: int) -> JudgeRequest:
    return JudgeRequest(**dict(run.timed), round=number)


def _wait_for_verdict(
    run: Run, number: int, deadline: datetime
) -> Generator[Any, Any, tuple[Verdict, int]]:
    """Judge, wait, judge again. The judging writes the number of the wait that follows before it reads the decisions,
    so that one stored after them sees that number: no decision is ever left without a wake."""
    while True:
        verdict = yield from run.call(DECIDE_APPROVAL, _judge(run, number))
        if verdict.state is not ApprovalState.WAITING:
            return verdict, number + 1
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
