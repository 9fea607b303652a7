"""`POST /api/plans`: what a request would do, without writing anything."""

import asyncio

import azure.functions as func

from arm.errors import EXPECTED, error_of
from domain.callers.actors import Caller
from domain.errors import Problem
from domain.ids import image_key
from domain.migration.planning import Plan
from domain.migration.requests import MigrationRequest, parse_request
from services.change_numbers import check_change_number
from services.dependencies import Dependencies
from services.migrations import free_after
from services.planning import Draft, draft_plan
from services.reference_warnings import with_reference_warnings
from services.threads import at_azure, in_records
from triggers.http.bodies import body_of
from triggers.http.guard import guarded
from triggers.http.responses import json_response, problem_response

PLAN_WITHIN_SECONDS = 10


class AzureSilentError(Exception):
    """Azure did not answer in time, or not in a way that a plan can be made from."""


@guarded
async def plan_only(app: Dependencies, _caller: Caller, req: func.HttpRequest) -> func.HttpResponse:
    """200 with the plan and every body that would be sent; writes nothing."""
    request = parse_request(body_of(req))
    check_change_number(app, request)
    key = image_key(request.source_image_id.text)
    free = free_after(await in_records(app.records.latest, key), key)
    try:
        draft = await draft_within(app, request, free.migration_id)
    except AzureSilentError as silence:
        return problem_response(
            502, f"Azure cannot answer now: {silence}", headers={"Retry-After": "30"}
        )
    if not isinstance(draft.plan, Plan):
        return no_plan(draft.plan)
    plan = await with_reference_warnings(app, draft.plan)
    # Ids as text, not taken apart.
    shown = plan.model_dump(mode="json", exclude={"image", "gallery"})
    return json_response(200, {**shown, "galleryId": plan.gallery.text})


async def draft_within(app: Dependencies, request: MigrationRequest, migration_id: str) -> Draft:
    """The plan, made within ten seconds, whatever Azure takes. Raises AzureSilentError and AzureBusyError."""
    drafting = at_azure(draft_plan, app, request, migration_id)
    try:
        return await asyncio.wait_for(drafting, PLAN_WITHIN_SECONDS)
    except TimeoutError as error:
        raise AzureSilentError(f"no answer within {PLAN_WITHIN_SECONDS} seconds") from error
    except EXPECTED as error:
        raise AzureSilentError(str(error_of(error))) from error


def no_plan(problems: list[Problem]) -> func.HttpResponse:
    """Every reason why there is no plan."""
    return problem_response(
        422, "Nothing was written. Correct every field named in errors.", problems
    )
