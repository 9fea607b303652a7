"""`POST /api/migrations`: start one migration. And `POST /api/plans`: what it would do."""

import asyncio
import logging

import azure.durable_functions as df
import azure.functions as func
from azure.core.exceptions import AzureError

from activities.arm_errors import error_of
from activities.configuration import records
from activities.planning import plan_for
from domain.errors import Problem
from domain.facts import NoFact
from domain.ids import image_key
from domain.migration.planning import Plan
from domain.migration.recorded import Accepted
from domain.migration.requests import MigrationRequest, parse_request
from domain.values import Json
from records.migrations import next_id
from triggers.edge import body_of, edge, run
from triggers.problems import answer, problem
from triggers.starting import Claimed, Running, claim, look_for_running, start_orchestration
from triggers.status import POLL_AGAIN_SECONDS, status_of

PLAN_WITHIN_SECONDS = 10

log = logging.getLogger("gallery_migrator")


class AzureCannotAnswer(Exception):  # noqa: N818 - what is the case
    """Azure did not answer in time, or not in a way that a plan can be made from."""


@edge
async def start_migration(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """202 with the new migration, 200 with the one that runs for an equal request, 409, 422, 400."""
    request = parse_request(body_of(req))
    if running := await run(look_for_running, request):
        return await _already(running)
    fingerprint = None
    try:
        plan = await _plan(request)
    except AzureCannotAnswer as silence:
        log.warning("accepted without a plan: %s", silence)
    else:
        if not isinstance(plan, Plan):
            return _no_plan(plan)
        fingerprint = plan.fingerprint.value
    claimed = await run(claim, request, "http", fingerprint)
    if isinstance(claimed, Running):
        return await _already(claimed)
    return await _accepted(client, claimed)


@edge
async def plan_only(req: func.HttpRequest) -> func.HttpResponse:
    """200 with the plan and every body that would be sent; writes nothing."""
    request = parse_request(body_of(req))
    try:
        plan = await _plan(request)
    except AzureCannotAnswer as silence:
        return problem(502, f"Azure cannot answer now: {silence}", headers={"Retry-After": "30"})
    return answer(200, plan.to_wire()) if isinstance(plan, Plan) else _no_plan(plan)


async def _plan(request: MigrationRequest) -> Plan | list[Problem]:
    key = image_key(request.source_image_id)
    name, _ = next_id(await run(records().latest, key), key)
    try:
        return await asyncio.wait_for(run(plan_for, request, name), PLAN_WITHIN_SECONDS)
    except TimeoutError as error:
        raise AzureCannotAnswer(f"no answer within {PLAN_WITHIN_SECONDS} seconds") from error
    except (AzureError, NoFact) as error:
        raise AzureCannotAnswer(str(error_of(error))) from error


async def _accepted(client: df.DurableOrchestrationClient, claimed: Claimed) -> func.HttpResponse:
    await start_orchestration(client, claimed.accepted)
    return answer(
        202,
        await _status(claimed.accepted),
        {
            "Location": f"/api/migrations/{claimed.accepted.id}",
            "Retry-After": str(POLL_AGAIN_SECONDS),
        },
    )


async def _already(running: Running) -> func.HttpResponse:
    location = {"Location": f"/api/migrations/{running.accepted.id}"}
    if running.same:
        return answer(200, await _status(running.accepted), location)
    return problem(
        409,
        "Another request is migrating this image. Azure builds one version from an image at a time: wait for "
        "its end or cancel it.",
        headers=location,
        migrationId=running.accepted.id,
    )


async def _status(accepted: Accepted) -> Json:
    snapshot = await run(records().snapshot, accepted.id)
    if snapshot is None:
        raise LookupError(f"{accepted.id} was accepted and is not in the records")
    return status_of(snapshot)


def _no_plan(problems: list[Problem]) -> func.HttpResponse:
    return problem(422, "Nothing was written. Correct every field named in errors.", problems)
