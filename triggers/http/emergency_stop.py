"""`POST /api/emergency-stop`: from now on nothing is deleted, or it is again, without a deployment."""

import logging

import azure.functions as func

import clock
from domain.callers.actors import Caller
from domain.deletion.emergency_stop import EmergencyStop, StopChange, parse_stop
from domain.values import Json
from services.dependencies import Dependencies
from services.threads import in_records
from triggers.http.bodies import body_of
from triggers.http.guard import guarded
from triggers.http.responses import json_response

log = logging.getLogger("gallery_migrator")


@guarded
async def emergency_stop(
    app: Dependencies, caller: Caller, req: func.HttpRequest
) -> func.HttpResponse:
    """200 with the stop as it stands from now on, and every call of it."""
    said = parse_stop(body_of(req))
    at = clock.now()
    change = StopChange(stopped=said.stopped, by=caller.actor, at=at, reason=said.reason)
    held = await in_records(app.records.change_stop, change)
    what = "stopped" if said.stopped else "lifted"
    log.warning("deletions: %s by %s: %s", what, caller.actor.words, said.reason)
    return json_response(200, stop_of(held, by_setting=app.settings.deletion_stopped))


def stop_of(stop: EmergencyStop, *, by_setting: bool) -> Json:
    """The stop as it is told, with every call."""
    standing = stop.standing
    changes = stop.model_dump(mode="json")["changes"]
    return {
        "stopped": by_setting or standing is not None,
        "bySetting": by_setting,
        "changes": changes,
    }
