"""`POST /api/migrations/{id}/approval`: the approval webhook, signed as the Standard Webhooks specification says.

1. The signature is checked before anything is looked up; a body that the host has lost is told before that.
2. Every decision whose signature holds is stored, once per `webhook-id`, in the envelope that proves it.
3. One that cannot count is ruled on at once: for another migration or fingerprint, or while nobody is asked. Else the
   orchestration is woken, and rules on what is stored.
4. A rejection of what is approved already is ruled on here: it holds until the DELETE is about to be sent.
5. The ruling is waited for; after 20 seconds the answer is "stored, look again".
"""

import asyncio
import hashlib
import logging

import azure.durable_functions as df
import azure.functions as func

import clock
from domain.approval.decisions import ApprovalState, Decision, StoredDecision, Verdict
from domain.approval.submissions import DecisionBody, parse_decision
from domain.ids import approval_event_name
from domain.migration.latch import Halt, reject
from domain.migration.recorded import ReceivedDecision, Ruling, Snapshot
from services.dependencies import Dependencies
from services.signatures import Signed, verified
from services.threads import in_records
from triggers.events.waking import wake
from triggers.http.bodies import body_of
from triggers.http.errors import handle_errors
from triggers.http.responses import json_response, problem_response
from triggers.http.schemas import POLL_AGAIN_SECONDS, status_of

RULING_WITHIN_SECONDS = 20.0
LOOK_AGAIN_SECONDS = 0.25

log = logging.getLogger("gallery_migrator")


@handle_errors
async def decide(
    app: Dependencies, req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """200 with the ruling, 202 when it is not there yet, 411, 401, 404, 409, 400."""
    raw = body_of(req)
    signed = verified(raw, req.headers, app.settings.approval_webhook_secrets)
    if signed is None:
        return problem_response(
            401,
            "Sign the body as the Standard Webhooks specification says, with the webhook's secret.",
        )
    body, migration = parse_decision(raw), req.route_params["id"]
    snapshot = await in_records(app.records.snapshot, migration)
    if snapshot is None:
        log.warning("a signed decision for no migration: %s", migration[:100])
        return problem_response(404, f"No migration has the id '{migration[:100]}'.")
    received = _received(body, signed, raw)
    return await _take(app, client, snapshot, received)


async def _take(
    app: Dependencies,
    client: df.DurableOrchestrationClient,
    snapshot: Snapshot,
    received: ReceivedDecision,
) -> func.HttpResponse:
    """Store the decision unless it is known, and answer what was made of it."""
    migration, decision = snapshot.accepted.id, received.decision
    claimed = await in_records(app.records.claim_webhook, decision.key, received.body_hash)
    if claimed != received.body_hash:
        return problem_response(
            409, "This webhook-id came before with another body; use a new one."
        )
    if not any(known.decision.key == decision.key for known in snapshot.received):
        stored = await in_records(app.records.receive, migration, received)
        decision = stored.decision
        said = (migration, decision.key, decision.decision, decision.approver)
        log.info("%s: decision %s received: %s by %s", *said)
        if refusal := _refusal(snapshot, decision):
            return await _rule(app, snapshot, decision, Ruling(accepted=False, text=refusal))
    return await _wake_and_wait(app, client, migration, decision)


def _received(body: DecisionBody, signed: Signed, raw: bytes) -> ReceivedDecision:
    at = clock.now()
    decision = StoredDecision(
        key=hashlib.sha256(signed.webhook_id.encode()).hexdigest()[:40],
        migration_id=body.migration_id,
        fingerprint=body.fingerprint,
        decision=body.decision,
        approver=body.approver,
        reason=body.reason,
        received_at=at,
    )
    return ReceivedDecision(
        decision=decision,
        body_hash=hashlib.sha256(raw).hexdigest(),
        envelope=signed.sealed(raw, at),
    )


def _refusal(snapshot: Snapshot, decision: StoredDecision) -> str | None:
    """Return why a new decision cannot count now, or None if it can."""
    approval, state = snapshot.state.approval, snapshot.approval_state
    rejects = decision.decision is Decision.REJECT
    if decision.migration_id != snapshot.accepted.id:
        return f"is for the migration '{decision.migration_id[:100]}', not for this one"
    if snapshot.finished:
        return f"came too late: the migration has ended already, {snapshot.finished.outcome}"
    if approval is None:
        return f"came too early: the migration is not waiting for an approval; it is in the stage {snapshot.stage}"
    if decision.fingerprint != approval.fingerprint:
        return "does not name the fingerprint that was asked about; read the status and look at the version again"
    if state is not ApprovalState.WAITING and not (rejects and snapshot.latch.approved):
        return f"came too late: it is decided already, {state}"
    if not rejects and decision.received_at >= approval.deadline:
        return f"came too late: the approval has expired at {approval.deadline.isoformat()}; the image is kept"
    return None


async def _rule(
    app: Dependencies, snapshot: Snapshot, decision: StoredDecision, ruling: Ruling
) -> func.HttpResponse:
    """Write what was made of a decision, once, and answer it."""
    migration = snapshot.accepted.id
    held = await in_records(app.records.rule, migration, decision.key, ruling)
    log.info("%s: decision %s: %s", migration, decision.key, held.text)
    now = await in_records(app.records.snapshot, migration)
    return _ruled(now or snapshot, held)


async def _wake_and_wait(
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
        if decided := await _decided(app, snapshot, decision):
            return decided
        approval = snapshot.state.approval
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
    if decision.decision is Decision.REJECT and (decisive or snapshot.latch.approved):
        return await _reject(app, snapshot, decision)
    if decisive:
        return None
    state = snapshot.approval_state
    return problem_response(409, f"It is decided already: {state}. The decision came too late.")


async def _reject(
    app: Dependencies, snapshot: Snapshot, decision: StoredDecision
) -> func.HttpResponse:
    """End what was approved, if no DELETE is about to be sent."""
    verdict = Verdict(state=ApprovalState.REJECTED, decided_by=decision)
    held = await in_records(
        app.records.change_latch, snapshot.accepted.id, lambda latch: reject(latch, verdict)
    )
    if isinstance(held, Halt):
        return await _rule(app, snapshot, decision, Ruling(accepted=False, text=_TOO_LATE))
    by = held.verdict.decided_by if held.verdict else None
    if by is None or by.key != decision.key:
        refused = Ruling(accepted=False, text="does not count: it is rejected already")
        return await _rule(app, snapshot, decision, refused)
    accepted = Ruling(accepted=True, text=f"{ApprovalState.REJECTED} by {decision.approver}")
    return await _rule(app, snapshot, decision, accepted)


_TOO_LATE = "came too late: the deletion has begun, or the migration has ended"


def _ruled(snapshot: Snapshot, ruling: Ruling) -> func.HttpResponse:
    if not ruling.accepted:
        return problem_response(409, f"The decision {ruling.text}.")
    return json_response(
        200,
        {
            "migrationId": snapshot.accepted.id,
            "verdict": "accepted",
            "text": ruling.text,
            "approval": status_of(snapshot)["approval"],
        },
    )
