"""`GET /api/migrations/{id}/statement`: what is asked to be approved, in the very text that is hashed."""

import azure.functions as func

from domain.callers.actors import Caller
from services.dependencies import Dependencies
from services.statements import note_opening
from services.threads import in_records
from triggers.http.guard import guarded
from triggers.http.responses import problem_response


@guarded
async def read_statement(
    app: Dependencies, caller: Caller, req: func.HttpRequest
) -> func.HttpResponse:
    """200 with the text and nothing else, so that its SHA-256 is the statement's hash; 404 while nobody is asked."""
    migration = req.route_params["id"]
    snapshot = await in_records(app.records.snapshot, migration)
    if snapshot is None:
        return problem_response(404, f"No migration has the id '{migration[:100]}'.")
    if snapshot.statement is None:
        return problem_response(404, "There is no statement: nobody is asked for an approval.")
    await in_records(note_opening, app, snapshot, caller)
    return func.HttpResponse(
        snapshot.statement.text,
        status_code=200,
        mimetype="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
