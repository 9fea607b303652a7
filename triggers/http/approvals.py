"""`POST /api/migrations/{id}/approval`: a decision of a person, or of the webhook, which signs it as the Standard
Webhooks specification says.

1. The caller is recognised before anything is looked up (`triggers/http/guard.py`).
2. Every decision is stored once: a webhook's by its `webhook-id`, in the envelope that proves it; a person's by who and
   the how many-th of theirs, with a seal.
3. One that cannot count is ruled on at once: for another migration or fingerprint, while nobody is asked, or against a
   rule. Else the orchestration is woken, and rules on what is stored (`triggers/http/rulings.py`).
"""

import hashlib
import logging

import azure.durable_functions as df
import azure.functions as func

import clock
from domain.approval.change_numbers import DemandedWith
from domain.approval.decisions import ApprovalState, Decision, StoredDecision
from domain.approval.judging import rule_against
from domain.approval.submissions import (
    DecisionBody,
    decision_of,
    parse_decision,
    parse_persons_decision,
)
from domain.callers.access import Rule
from domain.callers.actors import Caller
from domain.migration.recorded import ReceivedDecision, Ruling, Snapshot
from services.dependencies import Dependencies
from services.persons import persons_key, sealed_by
from services.signatures import Signed, SigningCaller
from services.threads import in_records
from services.verdicts import question_of
from triggers.http.bodies import body_of
from triggers.http.guard import guarded
from triggers.http.responses import problem_response
from triggers.http.rulings import rule, wake_and_wait

log = logging.getLogger("gallery_migrator")


@guarded
async def decide(
    app: Dependencies, caller: Caller, req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """200 with the ruling, 202 when it is not there yet, 411, 401, 403, 404, 409, 400, 500."""
    raw, migration = body_of(req), req.route_params["id"]
    signed = caller.signed if isinstance(caller, SigningCaller) else None
    person = signed is None
    if person and not app.settings.sealing_keys:
        return problem_response(
            403, "People cannot decide while SEALING_KEYS is empty.", rule=Rule.SEAL.value
        )
    body = parse_persons_decision(raw, caller.words) if person else parse_decision(raw)
    if body.decision is Decision.APPROVE:
        app.settings.change_numbers.check(body.change_number, DemandedWith.DECISION)
    snapshot = await in_records(app.records.snapshot, migration)
    if snapshot is None:
        log.warning("a decision for no migration: %s", migration[:100])
        return problem_response(404, f"No migration has the id '{migration[:100]}'.")
    if signed:
        received = _by_webhook(body, signed, raw)
    else:
        key = persons_key(snapshot, caller.actor, body)
        received = sealed_by(body, caller.actor, key, app.settings.sealing_keys[0])
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
            409,
            "This webhook-id came before with another body, or two decisions at once; look again.",
        )
    if not any(known.decision.key == decision.key for known in snapshot.received):
        stored = await in_records(app.records.receive, migration, received)
        decision = stored.decision
        said = (migration, decision.key, decision.decision, decision.approver)
        log.info("%s: decision %s received: %s by %s", *said)
        if refused := _rule_of(app, snapshot, decision):
            return await rule(app, snapshot, decision, refused)
    return await wake_and_wait(app, client, migration, decision)


def _by_webhook(body: DecisionBody, signed: Signed, raw: bytes) -> ReceivedDecision:
    at = clock.now()
    key = hashlib.sha256(signed.webhook_id.encode()).hexdigest()[:40]
    return ReceivedDecision(
        decision=decision_of(body, key, at, signed.secret.caller.actor),
        body_hash=hashlib.sha256(raw).hexdigest(),
        envelope=signed.sealed(raw, at),
    )


def _rule_of(app: Dependencies, snapshot: Snapshot, decision: StoredDecision) -> Ruling | None:
    """The refusal of a decision that does not count now, or None if it may."""
    if refusal := _refusal(snapshot, decision):
        return Ruling(accepted=False, text=refusal)
    if against := rule_against(decision, question_of(app, snapshot).ballot):
        text = f"does not count: {against.text}"
        return Ruling(accepted=False, text=text, rule=against.rule.value)
    return None


def _refusal(snapshot: Snapshot, decision: StoredDecision) -> str | None:
    """Return why a new decision cannot count now, or None if it can."""
    approval, state = snapshot.state.approval, snapshot.approval_state
    keeps = decision.decision is not Decision.APPROVE
    if decision.migration_id != snapshot.accepted.id:
        return f"is for the migration '{decision.migration_id[:100]}', not for this one"
    if snapshot.finished:
        return f"came too late: the migration has ended already, {snapshot.finished.outcome}"
    if approval is None:
        return f"came too early: the migration is not waiting for an approval; it is in the stage {snapshot.stage}"
    if decision.fingerprint != approval.fingerprint:
        return "does not name the fingerprint that was asked about; read the status and look at the version again"
    waits = state in (ApprovalState.WAITING, ApprovalState.PENDING)
    if decision.decision is not Decision.REJECT and not _is_asked(snapshot, decision):
        return (
            "does not name the statement that is asked about now: it has changed, or was another; look again at "
            f"/api/migrations/{snapshot.accepted.id}/statement"
        )
    if not waits and not (keeps and snapshot.latch.approved):
        return f"came too late: it is decided already, {state}"
    if not keeps and decision.received_at >= approval.deadline:
        return f"came too late: the approval has expired at {approval.deadline.isoformat()}; the image is kept"
    return None


def _is_asked(snapshot: Snapshot, decision: StoredDecision) -> bool:
    return snapshot.statement is not None and decision.statement_hash == snapshot.statement.hash
