"""`/api/migrations/{id}/restore`: take a deletion back."""

import azure.durable_functions as df
import azure.functions as func

from arm.errors import EXPECTED, error_of
from domain.callers.actors import Caller
from domain.restore.asking import asked_source
from domain.restore.recorded import Source
from services.dependencies import Dependencies
from services.restores import Accepted, Refused, ask_restore, start_restore
from services.threads import at_azure, in_records
from triggers.http.bodies import body_of
from triggers.http.guard import guarded
from triggers.http.responses import json_response, problem_response
from triggers.http.schemas import POLL_AGAIN_SECONDS, status_of


@guarded
async def restore(
    app: Dependencies, caller: Caller, req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """202 with the new restore, 200 with the one that there is, 409, 422, 400."""
    source, migration = asked_source(body_of(req)), req.route_params["id"]
    snapshot = await in_records(app.records.snapshot, migration)
    if snapshot is None:
        return problem_response(404, f"No migration has the id '{migration[:100]}'.")
    try:
        answer = await at_azure(ask_restore, app, snapshot, source, caller.actor)
    except EXPECTED as error:
        detail = f"Azure cannot answer now: {error_of(error)}"
        return problem_response(502, detail, headers={"Retry-After": "30"})
    match answer:
        case Accepted():
            return await _accepted(app, client, answer, source)
        case Refused(reason, there):
            return problem_response(409, reason, image=there)
    return problem_response(
        422, "The image cannot be restored. Nothing was written; see errors.", answer
    )


async def _accepted(
    app: Dependencies, client: df.DurableOrchestrationClient, answer: Accepted, source: Source
) -> func.HttpResponse:
    held = answer.restore
    if held.source is not source and not held.finished:
        text = f"It is being restored from the {held.source}; wait for its end."
        return problem_response(409, text)
    if answer.new:
        await start_restore(app.records, client, held)
    snapshot = await in_records(app.records.snapshot, held.migration)
    if snapshot is None:
        raise LookupError(f"{held.migration} is not in the records any more")
    headers = {"Location": f"/api/migrations/{held.migration}"}
    if not held.finished:
        headers["Retry-After"] = str(POLL_AGAIN_SECONDS)
    return json_response(202 if answer.new else 200, status_of(snapshot), headers)
