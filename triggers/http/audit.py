"""`/api/migrations/{id}/audit` and `/api/audit`: a migration's facts, the check of all of them, the next epoch."""

import azure.functions as func

import clock
from domain.audit.epochs import WrongEpochError, parse_epoch
from domain.callers.actors import Caller
from services.audit_check import accept_records, check_page, told_audit
from services.dependencies import Dependencies
from services.threads import in_records
from triggers.http.bodies import body_of
from triggers.http.guard import guarded
from triggers.http.parameters import Query
from triggers.http.responses import json_response, problem_response

_DEFAULT_PAGE, _SHORTEST_PAGE, _LONGEST_PAGE = 50, 10, 200
_LARGEST_CURSOR = 99_999_999
_NO_KEYS = "AUDIT_KEYS is empty, so there is no audit."


@guarded
async def read_audit(
    app: Dependencies, _caller: Caller, req: func.HttpRequest
) -> func.HttpResponse:
    """The facts of one migration, in their order, and whether each verifies."""
    migration = req.route_params["id"]
    snapshot = await in_records(app.records.snapshot, migration)
    told = await in_records(told_audit, app.records, migration) if snapshot else None
    if told is None:
        return problem_response(404, f"There is no audit of a migration '{migration[:100]}'.")
    return json_response(200, told)


@guarded
async def check_audit(
    app: Dependencies, _caller: Caller, req: func.HttpRequest
) -> func.HttpResponse:
    """A part of the check of the whole audit, the newest events first."""
    query = Query(req.params, ("cursor", "limit"))
    limit = query.number("limit", default=_DEFAULT_PAGE, low=_SHORTEST_PAGE, high=_LONGEST_PAGE)
    upto = query.number("cursor", default=0, low=1, high=_LARGEST_CURSOR)
    query.check()
    if not app.records.audited:
        return problem_response(409, _NO_KEYS)
    page = await in_records(check_page, app.records, upto or None, limit)
    unaccepted = [wrong for wrong in page.wrong if not wrong.accepted]
    return json_response(200, {"verifies": not unaccepted, **page.model_dump(mode="json")})


@guarded
async def begin_epoch(
    app: Dependencies, caller: Caller, req: func.HttpRequest
) -> func.HttpResponse:
    """200 with the epoch, in which the records count as they are; 409 when another one is next."""
    body = parse_epoch(body_of(req))
    if not app.records.audited:
        return problem_response(409, _NO_KEYS)
    try:
        epoch = await in_records(accept_records, app.records, body, caller.actor, clock.now())
    except WrongEpochError as error:
        return problem_response(409, str(error))
    return json_response(200, epoch.model_dump(mode="json"))
