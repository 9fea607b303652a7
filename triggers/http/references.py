"""`GET /api/references`: who uses a managed image, what keeps it, and whether all of that is known."""

import azure.functions as func

from arm.errors import EXPECTED, error_of
from domain.callers.actors import Caller
from domain.facts import ImageFacts
from domain.ids import ComputeId, image_key, parse_image_id
from domain.references.scan import Scan
from domain.values import Json
from services.dependencies import Dependencies
from services.references import read_image, scan_references
from services.threads import at_azure, in_records
from triggers.http.guard import guarded
from triggers.http.parameters import Query
from triggers.http.responses import json_response, problem_response


@guarded
async def read_references(
    app: Dependencies, _caller: Caller, req: func.HttpRequest
) -> func.HttpResponse:
    """200 with the users, the locks and the gaps; reads only."""
    image = _asked(req)
    try:
        facts = await at_azure(read_image, app.arm, image)
    except EXPECTED as error:
        detail = f"Azure does not show the image: {error_of(error)}"
        return problem_response(502, detail, headers={"Retry-After": "30"})
    version = await in_records(_version_of, app, image)
    scan = await scan_references(app, image, facts, version)
    return json_response(200, _answer(scan, facts, version))


def _asked(req: func.HttpRequest) -> ComputeId:
    query = Query(req.params, ("imageId",))
    text = query.text("imageId")
    image: ComputeId | None = None
    try:
        image = parse_image_id(text)
    except ValueError as error:
        query.refuse("imageId", str(error) if text else "is required")
    query.check()
    if image is None:
        raise LookupError("a parameter that was refused went through")
    return image


def _version_of(app: Dependencies, image: ComputeId) -> str | None:
    """The version that the newest migration of the image makes or made."""
    latest = app.records.latest(image_key(image.text))
    snapshot = app.records.snapshot(latest.id) if latest else None
    return snapshot.state.version_id if snapshot else None


def _answer(scan: Scan, facts: ImageFacts | None, version: str | None) -> Json:
    body = scan.model_dump(mode="json")
    return {
        "imageId": scan.image_id,
        "imageFound": facts is not None,
        "versionId": version,
        "blocked": scan.blocked,
        "complete": scan.complete,
        "reasons": [str(gap) for gap in scan.gaps],
        "users": body["users"],
        "locks": body["locks"],
        "vetoTag": scan.veto,
        "subscriptions": body["subscriptions"],
        "machines": scan.machines,
        "scaleSets": scan.scale_sets,
        "machinesReadAt": body["machinesReadAt"],
    }
