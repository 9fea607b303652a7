"""`GET /api/migrations/{id}/gate`: what the gate would find now, and what to do about it."""

import azure.functions as func

from arm.errors import EXPECTED, error_of
from domain.callers.actors import Caller
from domain.deletion.actions import next_action
from domain.deletion.evidence import Check
from domain.migration.recorded import Snapshot
from domain.values import Json
from services.dependencies import Dependencies
from services.dry_run import dry_run
from services.threads import in_records
from triggers.http.guard import guarded
from triggers.http.responses import json_response, problem_response


@guarded
async def read_gate(app: Dependencies, _caller: Caller, req: func.HttpRequest) -> func.HttpResponse:
    """200 with every check, at any stage; deletes nothing."""
    migration = req.route_params["id"]
    snapshot = await in_records(app.records.snapshot, migration)
    if snapshot is None:
        return problem_response(404, f"No migration has the id '{migration[:100]}'.")
    try:
        checks = await dry_run(app, snapshot)
    except EXPECTED as error:
        detail = f"Azure does not let the gate be tried: {error_of(error)}"
        return problem_response(502, detail, headers={"Retry-After": "30"})
    return json_response(200, _answer(app, snapshot, checks))


def _answer(app: Dependencies, snapshot: Snapshot, checks: tuple[Check, ...]) -> Json:
    going_on = snapshot.wants_deletion and not (snapshot.finished or snapshot.cancel_requested)
    passed = all(check.passed for check in checks)
    return {
        "id": snapshot.accepted.id,
        "stage": snapshot.stage.value,
        "open": passed,
        "wouldDelete": passed and going_on and not app.settings.deletion_observed,
        "observed": app.settings.deletion_observed,
        "checks": [
            {
                **check.model_dump(mode="json"),
                "next": "" if check.passed else next_action(check.name),
            }
            for check in checks
        ],
    }
