"""`/api/migrations`: start one, read one, list them, cancel one."""

import logging
import re

import azure.durable_functions as df
import azure.functions as func

import clock
from domain.callers.actors import Caller
from domain.ids import approval_event_name
from domain.migration.latch import Halt
from domain.migration.latch import cancel as request_cancel
from domain.migration.planning import Plan
from domain.migration.recorded import Snapshot
from domain.migration.requests import parse_request
from domain.migration.stages import Outcome, Stage
from services.change_numbers import check_change_number
from services.dependencies import Dependencies
from services.migrations import (
    Running,
    claim_with_draft,
    look_at_image,
    start_orchestration,
)
from services.threads import in_records
from triggers.events.waking import wake
from triggers.http.bodies import body_of
from triggers.http.guard import guarded
from triggers.http.parameters import Query
from triggers.http.plans import AzureSilentError, draft_within, no_plan
from triggers.http.responses import json_response, problem_response
from triggers.http.schemas import POLL_AGAIN_SECONDS, status_of

_DEFAULT_PAGE, _LONGEST_PAGE = 50, 200

log = logging.getLogger("gallery_migrator")


@guarded
async def start_migration(
    app: Dependencies, caller: Caller, req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """202 with the new migration, 200 with the one that runs for an equal request, 409, 422, 400."""
    request = parse_request(body_of(req))
    check_change_number(app, request)
    free = await in_records(look_at_image, app.records, request)
    if isinstance(free, Running):
        return await _already(app, free)
    draft = None
    try:
        draft = await draft_within(app, request, free.migration_id)
    except AzureSilentError as silence:
        log.warning("accepted without a plan: %s", silence)
    if draft and not isinstance(draft.plan, Plan):
        return no_plan(draft.plan)
    claimed = await in_records(claim_with_draft, app, request, free, draft, caller.actor)
    if isinstance(claimed, Running):
        return await _already(app, claimed)
    await start_orchestration(app.records, client, claimed.accepted)
    location = {
        "Location": f"/api/migrations/{claimed.accepted.id}",
        "Retry-After": str(POLL_AGAIN_SECONDS),
    }
    # As it was accepted; the workflow may have gone on since.
    return json_response(202, status_of(Snapshot(accepted=claimed.accepted)), location)


async def _already(app: Dependencies, running: Running) -> func.HttpResponse:
    location = {"Location": f"/api/migrations/{running.accepted.id}"}
    if running.same:
        snapshot = await in_records(app.records.snapshot, running.accepted.id)
        if snapshot is None:
            raise LookupError(f"{running.accepted.id} was accepted and is not in the records")
        return json_response(200, status_of(snapshot), location)
    return problem_response(
        409,
        "Another request is migrating this image. Azure builds one version from an image at a time: wait for "
        "its end or cancel it.",
        headers=location,
        migrationId=running.accepted.id,
    )


@guarded
async def read_migration(
    app: Dependencies, _caller: Caller, req: func.HttpRequest
) -> func.HttpResponse:
    """The status of one migration."""
    migration = req.route_params["id"]
    snapshot = await in_records(app.records.snapshot, migration)
    if snapshot is None:
        return problem_response(404, f"No migration has the id '{migration[:100]}'.")
    waiting = {} if snapshot.finished else {"Retry-After": str(POLL_AGAIN_SECONDS)}
    return json_response(200, status_of(snapshot), waiting)


@guarded
async def list_migrations(
    app: Dependencies, _caller: Caller, req: func.HttpRequest
) -> func.HttpResponse:
    """A page of the list, newest first."""
    query = Query(req.params, ("stage", "outcome", "limit", "cursor"))
    stage, outcome = query.choice(Stage, "stage"), query.choice(Outcome, "outcome")
    limit = query.number("limit", default=_DEFAULT_PAGE, low=1, high=_LONGEST_PAGE)
    cursor = query.text("cursor")
    if not re.fullmatch(r"[0-9A-Za-z-]{0,100}", cursor):
        query.refuse("cursor", "must be the cursor of an earlier page")
    query.check()
    entries, after = await in_records(
        lambda: app.records.recent(stage=stage, outcome=outcome, limit=limit, after=cursor)
    )
    return json_response(
        200,
        {
            "migrations": [entry.model_dump(mode="json") for entry in entries],
            "cursor": after or None,
        },
    )


@guarded
async def cancel_migration(
    app: Dependencies, caller: Caller, req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """202 once the cancellation holds; 409 when the deletion has begun or the migration has ended."""
    migration = req.route_params["id"]
    snapshot = await in_records(app.records.snapshot, migration)
    if snapshot is None:
        return problem_response(404, f"No migration has the id '{migration[:100]}'.")
    at = clock.now()
    held = await in_records(
        app.records.change_latch, migration, lambda latch: request_cancel(latch, at, caller.actor)
    )
    log.info("%s: cancellation: %s", migration, held if isinstance(held, Halt) else "holds")
    if held is Halt.TOO_LATE:
        return problem_response(409, "The deletion has begun; it is too late to cancel.")
    if isinstance(held, Halt):
        snapshot = await in_records(app.records.snapshot, migration) or snapshot
        outcome = snapshot.finished.outcome if snapshot.finished else "ended"
        return problem_response(409, f"The migration has ended already: {outcome}.")
    return await _wake_and_answer(app, client, snapshot)


async def _wake_and_answer(
    app: Dependencies, client: df.DurableOrchestrationClient, snapshot: Snapshot
) -> func.HttpResponse:
    migration = snapshot.accepted.id
    after = await in_records(app.records.snapshot, migration) or snapshot
    approval = after.state.approval
    if approval and not after.finished:
        await wake(client, migration, approval_event_name(approval.round))
    status = 200 if after.finished else 202
    location = {
        "Location": f"/api/migrations/{migration}",
        "Retry-After": str(POLL_AGAIN_SECONDS),
    }
    return json_response(status, status_of(after), location)
