"""Ask for an approval and judge the stored decisions. Nothing that the waking event carries counts: anyone may raise
one."""

import logging
from datetime import datetime

from activities.activity import implements
from domain.approval.asking import ApprovalNotAsked, ApprovalOpened
from domain.approval.decisions import ApprovalState, Decision, StoredDecision, Verdict
from domain.approval.judging import (
    ApprovalQuestion,
    judge_decisions,
    refusal_of,
    rule_against,
    tally_of,
    told,
)
from domain.approval.quorum import Tally
from domain.deletion.deployment import NOT_ENABLED
from domain.deletion.permission import NOT_PERMITTED
from domain.deletion.window import parse_window, too_short
from domain.messages import (
    DECIDE_APPROVAL,
    OPEN_APPROVAL,
    ApprovalRequest,
    AskRequest,
    JudgeRequest,
)
from domain.migration.latch import Halt, ask_again, settle
from domain.migration.recorded import Approval, Ruling, Snapshot, State
from domain.results import ActivityError
from records.migrations import MigrationRecords
from services.dependencies import Dependencies
from services.verdicts import question_of

log = logging.getLogger("gallery_migrator")


@implements(OPEN_APPROVAL)
def open_approval(
    request: AskRequest, snapshot: Snapshot, app: Dependencies
) -> ApprovalRequest | ActivityError | Halt:
    """Ask, once for all runs: the deadline never moves, whatever is asked again. A later run waits in rounds of its
    own, since the events of an earlier one's may still come. What cannot be carried out is not asked for."""
    if snapshot.state.approval is None and (why_not := _pointless(request, snapshot, app)):
        return ApprovalNotAsked(reason=why_not)
    latch = app.records.change_latch(
        request.migration_id, lambda latch: ask_again(latch, request.run, request.after)
    )
    if isinstance(latch, Halt):
        return latch
    first = Approval(
        deadline=request.at + snapshot.request.approval.timeout,
        asked_at=request.at,
        fingerprint=snapshot.planned.fingerprint.value,
        round=1,
        run=request.run,
    )

    def opened(state: State) -> State:
        approval = state.approval or first
        if approval.run < request.run:
            next_round = {"round": approval.round + 1, "run": request.run}
            approval = approval.model_copy(update=next_round)
        return state.model_copy(update={"approval": approval})

    held = app.records.change_state(request.migration_id, opened).approval or first
    return ApprovalOpened(deadline=held.deadline, round=held.round, asked=latch.asked)


def _pointless(request: AskRequest, snapshot: Snapshot, app: Dependencies) -> str | None:
    """Return why nobody is to be asked: nothing would be deleted whatever they say."""
    if app.deleter is None:
        return NOT_PERMITTED
    if not app.settings.deletion_enabled:
        return NOT_ENABLED
    if not app.settings.deletion_window:
        return None
    policy = app.settings.approval_policy(snapshot.accepted.source_image_id)
    first = request.at + policy.quiet_time
    last = first + snapshot.request.approval.timeout
    return too_short(parse_window(app.settings.deletion_window), first, last, policy.validity)


@implements(DECIDE_APPROVAL)
def decide_approval(
    request: JudgeRequest, snapshot: Snapshot, app: Dependencies
) -> Verdict | ActivityError | Halt:
    """The verdict; one that settles it is written before anybody is told, and every decision gets its ruling, once.

    The round is written before the decisions are read.
    """
    _write_round(app.records, request)
    again = app.records.snapshot(request.migration_id) or snapshot
    approval = again.state.approval
    if approval is None:
        raise LookupError(f"{request.migration_id} was never asked about")
    question = question_of(app, again)
    verdict = _judged(again, question, request.at)
    if verdict.state is not ApprovalState.WAITING:
        held = app.records.change_latch(
            request.migration_id,
            lambda latch: settle(latch, request.run, verdict, again.latch.asked),
        )
        if isinstance(held, Halt):
            return held
        verdict = told(held.verdict or verdict, question.delivery, request.at)
    _rule(app.records, again, question, verdict)
    return verdict


def _judged(snapshot: Snapshot, question: ApprovalQuestion, at: datetime) -> Verdict:
    """The verdict that stands, unless it is an approval, which a rejection ends. A decision that was refused already
    does not count later."""
    held = snapshot.latch.verdict
    if held and held.state is not ApprovalState.APPROVED:
        return held
    judged = judge_decisions(snapshot.unrefused, question, at)
    if judged.state is ApprovalState.REJECTED or held is None:
        return judged
    return told(held, question.delivery, at)


def _write_round(records: MigrationRecords, request: JudgeRequest) -> None:
    def moved(state: State) -> State:
        approval = state.approval
        if approval is None or approval.round >= request.round:
            return state
        again = approval.model_copy(update={"round": request.round})
        return state.model_copy(update={"approval": again})

    records.change_state(request.migration_id, moved)


def _rule(
    records: MigrationRecords, snapshot: Snapshot, question: ApprovalQuestion, verdict: Verdict
) -> None:
    tallied = tally_of(snapshot.unrefused, question)
    for decision in snapshot.decisions:
        if decision.key in snapshot.rulings:
            continue
        if ruling := _ruling(decision, question, verdict, tallied):
            held = records.rule(snapshot.accepted.id, decision.key, ruling)
            log.info("%s: decision %s: %s", snapshot.accepted.id, decision.key, held.text)


def _ruling(
    decision: StoredDecision, question: ApprovalQuestion, verdict: Verdict, tallied: Tally
) -> Ruling | None:
    if why_not := refusal_of(decision, question):
        return Ruling(accepted=False, text=f"does not count: {why_not}")
    if rule := rule_against(decision, question.ballot):
        text = f"does not count: {rule.text}"
        return Ruling(accepted=False, text=text, rule=rule.rule.value)
    if verdict.decided_by and verdict.decided_by.key == decision.key:
        return Ruling(accepted=True, text=f"{verdict.state} by {decision.approver}")
    approved = verdict.state is ApprovalState.APPROVED
    if verdict.state is ApprovalState.WAITING or (approved and decision.key in tallied.quorum):
        return _counted(decision, tallied)
    if decision.decision is not Decision.APPROVE and approved:
        # Its sender is told by the webhook whether it came before the DELETE.
        return None
    return Ruling(accepted=False, text=f"does not count: it is {verdict.state} already")


def _counted(decision: StoredDecision, tallied: Tally) -> Ruling:
    """The ruling on a decision that settles nothing by itself."""
    if decision.decision is Decision.WITHDRAW:
        return Ruling(accepted=True, text=f"withdrawn by {decision.approver}")
    number = f"{len(tallied.approvals)} of {tallied.needed}"
    return Ruling(accepted=True, text=f"counted: {number} approvals that are needed")
