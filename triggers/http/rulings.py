"""The answer to a stored decision: its ruling, waited for, or made here where the workflow makes none.

The orchestration rules on what is stored while it asks. Once it is approved, a rejection, and a withdrawal that leaves
too few approvals, are ruled on here: they hold until the DELETE is about to be sent.
"""

import asyncio
import logging

import azure.durable_functions as df
import azure.functions as func

from domain.approval.decisions import ApprovalState, Decision, StoredDecision, Verdict
from domain.approval.judging import tally_of
from domain.ids import approval_event_name
from domain.migration.latch import Halt, reject
from domain.migration.recorded import Ruling, Snapshot
from services.dependencies import Dependencies
from services.threads import in_records
from services.verdicts import question_of
from triggers.events.waking import wake
from triggers.http.responses import json_response, problem_response
from triggers.http.schemas import POLL_AGAIN_SECONDS, status_of

RULING_WITHIN_SECONDS = 20.0
LOOK_AGAIN_SECONDS = 0.25

log = logging.getLogger("gallery_migrator")


async def rule(
    app: Dependencies, snapshot: Snapshot, decision: StoredDecision, ruling: Ruling
) -> func.HttpResponse:
    """Write what was made of a decision, once, and answer it."""
    migration = snapshot.accepted.id
    held = await in_records(app.records.rule, migration, decision.key, ruling)
    log.info("%s: decision %s: %s", migration, decision.key, held.text)
    now = await in_records(app.records.snapshot, migration)
    return _ruled(now or snapshot, held)


async def wake_and_wait(
    app: Dependencies,
    client: df.DurableOrchestrationClient,
    migration: str,
    decision: StoredDecision,
) -> func.HttpResponse:
    waited, woken = 0.0, -1
    while waited < RULING_WITHIN_SECONDS:
        snapshot = await in_records(app.records.snapshot, migration)
        if snapshot is None:
            break
        approval = snapshot.state.approval
        if decided := await _decided(app, snapshot, decision):
            if approval and snapshot.latch.approved:
                # The quiet time may be waited for.
                await wake(client, migration, approval_event_name(approval.round), decision.key)
            return decided
        # A new round waits for an event of another name.
        if approval and approval.round != woken:
            woken = approval.round
            await wake(client, migration, approval_event_name(woken), decision.key)
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        waited += LOOK_AGAIN_SECONDS
    location = {
        "Location": f"/api/migrations/{migration}",
        "Retry-After": str(POLL_AGAIN_SECONDS),
    }
    return json_response(
        202,
        {"migrationId": migration, "verdict": None, "text": "stored, not ruled on yet"},
        location,
    )


async def _decided(
    app: Dependencies, snapshot: Snapshot, decision: StoredDecision
) -> func.HttpResponse | None:
    """The answer once there is a ruling, an end or a verdict. A verdict that does not name this decision means that it
    came too late, whatever its ruling will say; unless it rejects what is approved."""
    if ruling := snapshot.rulings.get(decision.key):
        return _ruled(snapshot, ruling)
    if snapshot.finished:
        return problem_response(
            409,
            f"The migration has ended: {snapshot.finished.outcome}. The decision came too late.",
        )
    verdict = snapshot.latch.verdict
    if verdict is None:
        return None
    if ruling := await in_records(app.records.read_ruling, snapshot.accepted.id, decision.key):
        return _ruled(snapshot, ruling)
    decisive = verdict.decided_by is not None and verdict.decided_by.key == decision.key
    approved = verdict.state is ApprovalState.APPROVED
    counts = approved and decision.key in _quorum(app, snapshot)
    if decision.decision is not Decision.APPROVE and (decisive or snapshot.latch.approved):
        return await _reject(app, snapshot, decision)
    if decisive or counts:
        return None
    state = snapshot.approval_state
    return problem_response(409, f"It is decided already: {state}. The decision came too late.")


def _quorum(app: Dependencies, snapshot: Snapshot) -> frozenset[str]:
    return tally_of(snapshot.unrefused, question_of(app, snapshot)).quorum


async def _reject(
    app: Dependencies, snapshot: Snapshot, decision: StoredDecision
) -> func.HttpResponse:
    """End what was approved, if no DELETE is about to be sent. A withdrawal ends it when too few approvals are left."""
    if tally_of(snapshot.unrefused, question_of(app, snapshot)).approved:
        text = f"withdrawn by {decision.approver}; it stays approved by others"
        return await rule(app, snapshot, decision, Ruling(accepted=True, text=text))
    verdict = Verdict(state=ApprovalState.REJECTED, decided_by=decision)
    held = await in_records(
        app.records.change_latch, snapshot.accepted.id, lambda latch: reject(latch, verdict)
    )
    if isinstance(held, Halt):
        return await rule(app, snapshot, decision, Ruling(accepted=False, text=_TOO_LATE))
    by = held.verdict.decided_by if held.verdict else None
    if by is None or by.key != decision.key:
        refused = Ruling(accepted=False, text="does not count: it is rejected already")
        return await rule(app, snapshot, decision, refused)
    withdrawn = decision.decision is Decision.WITHDRAW
    done = "withdrawn" if withdrawn else ApprovalState.REJECTED
    accepted = Ruling(accepted=True, text=f"{done} by {decision.approver}")
    return await rule(app, snapshot, decision, accepted)


_TOO_LATE = "came too late: the deletion has begun, or the migration has ended"


def _ruled(snapshot: Snapshot, ruling: Ruling) -> func.HttpResponse:
    if not ruling.accepted:
        return _refused(ruling)
    return json_response(
        200,
        {
            "migrationId": snapshot.accepted.id,
            "verdict": "accepted",
            "text": ruling.text,
            "approval": status_of(snapshot)["approval"],
        },
    )


def _refused(ruling: Ruling) -> func.HttpResponse:
    """403 for what a rule forbids, 409 for what does not go together with what goes on."""
    text = f"The decision {ruling.text.removesuffix('.')}."
    if ruling.rule:
        return problem_response(403, text, rule=ruling.rule)
    return problem_response(409, text)
