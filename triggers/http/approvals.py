"""`POST /api/migrations/{id}/approval`: the approval webhook, signed as the Standard Webhooks specification says.

1. The signature is checked before anything is looked up; a body that the host has lost is told before that.
2. The decision must be for this migration and for the fingerprint that was asked about, while it is asked.
3. It is stored once per `webhook-id`; then the orchestration is woken, and rules on what is stored.
4. The ruling is waited for; after 20 seconds the answer is "stored, look again".
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field, ValidationError

import clock
from domain.approval.decisions import ApprovalState, Decision, StoredDecision
from domain.errors import InvalidRequestError, problems_of
from domain.ids import approval_event_name
from domain.migration.recorded import ReceivedDecision, Ruling, Snapshot
from domain.values import StrictModel
from services.dependencies import Dependencies
from services.threads import in_records
from triggers.events.waking import wake
from triggers.http.bodies import body_of
from triggers.http.errors import handle_errors
from triggers.http.responses import json_response, problem_response
from triggers.http.schemas import POLL_AGAIN_SECONDS, status_of

RULING_WITHIN_SECONDS = 20.0
LOOK_AGAIN_SECONDS = 0.25


class DecisionBody(StrictModel):
    """The body that an approver sends."""

    migration_id: str
    fingerprint: str
    decision: Decision
    approver: Annotated[str, Field(min_length=1, max_length=256)]
    reason: Annotated[str, Field(max_length=2000)] = ""


@handle_errors
async def decide(
    app: Dependencies, req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """200 with the ruling, 202 when it is not there yet, 411, 401, 404, 409, 400."""
    raw = body_of(req)
    webhook_id = verified_id(raw, req.headers, app.settings.approval_webhook_secrets)
    if webhook_id is None:
        return problem_response(
            401,
            "Sign the body as the Standard Webhooks specification says, with the webhook's secret.",
        )
    body = _parse(raw)
    migration = req.route_params["id"]
    if body.migration_id != migration:
        return problem_response(
            409, f"The decision is for the migration '{body.migration_id[:100]}', not for this one."
        )
    snapshot = await in_records(app.records.snapshot, migration)
    if snapshot is None:
        return problem_response(404, f"No migration has the id '{migration[:100]}'.")
    received = _received(body, webhook_id, raw)
    key = received.decision.key
    known = _known(snapshot, key)
    if known is None and (refusal := _refusal(snapshot, body)):
        return problem_response(409, refusal)
    if await in_records(app.records.claim_webhook, key, received.body_hash) != received.body_hash:
        return problem_response(
            409, "This webhook-id came before with another body; use a new one."
        )
    if known is None:
        await in_records(app.records.receive, migration, received)
    return await _wake_and_wait(app, client, migration, key)


def verified_id(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> str | None:
    """The `webhook-id` of a body whose signature holds for one of the secrets; None otherwise.

    The library raises more than its own error (ValueError for a header without a comma, UnicodeDecodeError for a body
    that is not UTF-8), so whatever it raises means no.
    """
    from standardwebhooks import Webhook

    wanted = ("webhook-id", "webhook-timestamp", "webhook-signature")
    given = {name: headers.get(name) or "" for name in wanted}
    if not given["webhook-id"]:
        return None
    for secret in secrets:
        try:
            Webhook(secret).verify(body, given, json_parse=False)
        except Exception:  # noqa: BLE001, S112 - see the docstring
            continue
        return given["webhook-id"]
    return None


def _parse(raw: bytes) -> DecisionBody:
    try:
        return DecisionBody.model_validate_json(raw)
    except ValidationError as error:
        raise InvalidRequestError(problems_of(error)) from error


def _received(body: DecisionBody, webhook_id: str, raw: bytes) -> ReceivedDecision:
    decision = StoredDecision(
        key=hashlib.sha256(webhook_id.encode()).hexdigest()[:40],
        migration_id=body.migration_id,
        fingerprint=body.fingerprint,
        decision=body.decision,
        approver=body.approver,
        reason=body.reason,
        received_at=clock.now(),
    )
    return ReceivedDecision(decision=decision, body_hash=hashlib.sha256(raw).hexdigest())


def _known(snapshot: Snapshot, key: str) -> ReceivedDecision | None:
    return next((r for r in snapshot.received if r.decision.key == key), None)


def _refusal(snapshot: Snapshot, body: DecisionBody) -> str | None:
    """Return why a new decision cannot be taken now, or None if it can."""
    approval = snapshot.state.approval
    if snapshot.finished:
        return f"The migration has ended already: {snapshot.finished.outcome}."
    if approval is None:
        return f"The migration is not waiting for an approval; it is in the stage {snapshot.stage}."
    if snapshot.approval_state is not ApprovalState.WAITING:
        return f"It is decided already: {snapshot.approval_state}."
    if body.fingerprint != approval.fingerprint:
        return "The fingerprint is not the one that was asked about; read the status and look at the version again."
    if clock.now() >= approval.deadline:
        return f"The approval has expired at {approval.deadline.isoformat()}; the image is kept."
    return None


async def _wake_and_wait(
    app: Dependencies, client: df.DurableOrchestrationClient, migration: str, key: str
) -> func.HttpResponse:
    waited, woken = 0.0, -1
    while waited < RULING_WITHIN_SECONDS:
        snapshot = await in_records(app.records.snapshot, migration)
        if snapshot is None:
            break
        if ruling := snapshot.rulings.get(key):
            return _ruled(snapshot, ruling)
        if snapshot.finished:
            return problem_response(
                409,
                f"The migration has ended: {snapshot.finished.outcome}. The decision came too late.",
            )
        approval = snapshot.state.approval
        if snapshot.latch.verdict and (decided := await _decided(app, snapshot, key)):
            return decided
        # A new round waits for an event of another name.
        if approval and approval.round != woken:
            woken = approval.round
            await wake(client, migration, approval_event_name(woken), key)
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


async def _decided(app: Dependencies, snapshot: Snapshot, key: str) -> func.HttpResponse | None:
    """The answer once there is a verdict: one that it names decided; any other came too late, whatever its ruling
    will say."""
    verdict = snapshot.latch.verdict
    ruling = await in_records(app.records.read_ruling, snapshot.accepted.id, key)
    if ruling is not None:
        return _ruled(snapshot, ruling)
    if verdict and verdict.decided_by and verdict.decided_by.key == key:
        return None
    state = snapshot.approval_state
    return problem_response(409, f"It is decided already: {state}. The decision came too late.")


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
