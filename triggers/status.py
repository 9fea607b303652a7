"""`GET /api/migrations/{id}` and the list: what the records say, in the shape that docs/http.md promises."""

import re
from datetime import datetime

import azure.functions as func

from activities.configuration import records
from domain.migration.recorded import Snapshot
from domain.migration.stages import Outcome, Stage
from domain.values import Json
from triggers.edge import edge, run
from triggers.problems import answer, problem
from triggers.queries import Query

POLL_AGAIN_SECONDS = 15
_DEFAULT_PAGE, _LONGEST_PAGE = 50, 200


def status_of(snapshot: Snapshot) -> Json:
    """The public status of a migration."""
    accepted, state, finished = snapshot.accepted, snapshot.state, snapshot.finished
    return {
        "id": accepted.id,
        "attempt": accepted.attempt,
        "sourceImageId": accepted.source_image_id,
        "stage": snapshot.stage.value,
        "outcome": finished.outcome.value if finished else None,
        "reason": finished.reason if finished else None,
        "regions": [region.to_wire() for region in snapshot.regions],
        "warnings": list(state.warnings),
        "approval": _approval_of(snapshot),
        "timeline": [
            _entry(accepted.accepted_at, Stage.PLANNING, f"accepted ({accepted.origin})"),
            *(_entry(entry.at, entry.stage, entry.text) for entry in state.timeline),
        ],
        "result": _result_of(snapshot),
        "versionId": state.version_id,
        "tryCommand": state.try_command,
        "cancelRequested": snapshot.cancel_requested,
        "origin": accepted.origin,
        "acceptedAt": accepted.accepted_at.isoformat(),
        "request": accepted.request,
    }


def _entry(at: datetime, stage: Stage, text: str) -> Json:
    return {"at": at.isoformat(), "stage": stage.value, "text": text}


def _approval_of(snapshot: Snapshot) -> Json:
    approval = snapshot.state.approval
    decisions = [
        {
            "decision": decision.decision.value,
            "approver": decision.approver,
            "reason": decision.reason,
            "receivedAt": decision.received_at.isoformat(),
            "verdict": snapshot.rulings[decision.key].to_wire()
            if decision.key in snapshot.rulings
            else None,
        }
        for decision in snapshot.decisions
    ]
    return {
        "state": snapshot.approval_state.value,
        "deadline": approval.deadline.isoformat() if approval else None,
        "fingerprint": approval.fingerprint if approval else None,
        "decisions": decisions,
    }


def _result_of(snapshot: Snapshot) -> Json | None:
    finished = snapshot.finished
    if finished is None:
        return None
    made = finished.result.get("versionId") is not None
    return {
        **finished.result,
        "tryCommand": snapshot.state.try_command if made else None,
        "startedAt": snapshot.accepted.accepted_at.isoformat(),
        "finishedAt": finished.at.isoformat(),
    }


@edge
async def read_migration(req: func.HttpRequest) -> func.HttpResponse:
    """The status of one migration."""
    migration = req.route_params["id"]
    snapshot = await run(records().snapshot, migration)
    if snapshot is None:
        return problem(404, f"No migration has the id '{migration[:100]}'.")
    waiting = {} if snapshot.finished else {"Retry-After": str(POLL_AGAIN_SECONDS)}
    return answer(200, status_of(snapshot), waiting)


@edge
async def list_migrations(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the list, newest first."""
    query = Query(req.params, ("stage", "outcome", "limit", "cursor"))
    stage, outcome = query.choice(Stage, "stage"), query.choice(Outcome, "outcome")
    limit = query.number("limit", default=_DEFAULT_PAGE, low=1, high=_LONGEST_PAGE)
    cursor = query.text("cursor")
    if not re.fullmatch(r"[0-9A-Za-z-]{0,100}", cursor):
        query.refuse("cursor", "must be the cursor of an earlier page")
    query.check()
    entries, after = await run(
        lambda: records().recent(stage=stage, outcome=outcome, limit=limit, after=cursor)
    )
    return answer(
        200, {"migrations": [entry.to_wire() for entry in entries], "cursor": after or None}
    )
