"""`/api/boot-tests`: test a version that is there, read a test."""

import asyncio
import logging
import secrets

import azure.durable_functions as df
import azure.functions as func

import clock
from arm.errors import EXPECTED, error_of
from domain.boot_test.names import id_of_lone_test
from domain.boot_test.recorded import BootSnapshot, BootState
from domain.boot_test.requests import BootTestBody, parse_boot_test
from domain.boot_test.terms import BootTestTerms
from domain.callers.actors import Caller
from domain.errors import Problem
from domain.values import Json
from services.boot_test_starts import start_boot_test
from services.boot_tests import NO_TESTS, Asked, Booted, boot_test, read_booted
from services.dependencies import Dependencies
from services.threads import at_azure, in_records
from triggers.http.bodies import body_of
from triggers.http.guard import guarded
from triggers.http.responses import json_response, problem_response
from triggers.http.schemas import POLL_AGAIN_SECONDS, boot_result_of

READ_WITHIN_SECONDS = 10

log = logging.getLogger("gallery_migrator")


@guarded
async def start_test(
    app: Dependencies, caller: Caller, req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """202 with the new test; 422 when it cannot be made, 502 when Azure does not answer."""
    request, terms = parse_boot_test(body_of(req)), app.settings.boot_test_terms
    if terms is None:
        return _refused("versionId", NO_TESTS)
    reading = at_azure(read_booted, app.arm, request.version_id)
    try:
        booted = await asyncio.wait_for(reading, READ_WITHIN_SECONDS)
    except TimeoutError:
        return _silent(f"no answer within {READ_WITHIN_SECONDS} seconds")
    except EXPECTED as error:
        return _silent(str(error_of(error)))
    place = _place(request, terms, booted)
    if isinstance(place, Problem):
        return _refused(place.field, place.message)
    region, found = place
    test_id = id_of_lone_test(found.version.id, secrets.token_hex(4))
    asked = Asked(test_id, region, clock.now(), caller.actor, request.script)
    test = await in_records(app.records.accept_boot_test, boot_test(asked, terms, found))
    await start_boot_test(client, test.id)
    location = {
        "Location": f"/api/boot-tests/{test.id}",
        "Retry-After": str(POLL_AGAIN_SECONDS),
    }
    shown = status_of_test(BootSnapshot(test=test, state=BootState()))
    return json_response(202, shown, location)


def _place(
    request: BootTestBody, terms: BootTestTerms, booted: Booted | None
) -> tuple[str, Booted] | Problem:
    """The region to test in, and the version; or why it cannot be tested."""
    if booted is None:
        return Problem(field="versionId", message="there is no such version, or no such definition")
    version = booted.version
    if version.provisioning_state != "Succeeded":
        text = f"the version is {version.provisioning_state}; it must be Succeeded"
        return Problem(field="versionId", message=text)
    able = [name for name in version.regions if name in terms.subnets]
    ordered = sorted(able, key=lambda name: (name != version.location, name))
    if request.region is not None and request.region not in able:
        text = f"must be a region of the version that has a subnet: {', '.join(ordered) or 'none'}"
        return Problem(field="region", message=text)
    if not ordered:
        return Problem(field="versionId", message="none of its regions has a subnet for boot tests")
    return request.region or ordered[0], booted


def _refused(field: str, message: str) -> func.HttpResponse:
    problem = Problem(field=field, message=message)
    return problem_response(422, "Nothing was written. See errors.", [problem])


def _silent(why: str) -> func.HttpResponse:
    return problem_response(502, f"Azure cannot answer now: {why}", headers={"Retry-After": "30"})


@guarded
async def read_test(app: Dependencies, _caller: Caller, req: func.HttpRequest) -> func.HttpResponse:
    """The status of one test, with the end of the serial log if it was kept."""
    test_id = req.route_params["id"]
    snapshot = await in_records(app.records.boot_snapshot, test_id)
    if snapshot is None:
        return problem_response(404, f"No boot test has the id '{test_id[:100]}'.")
    waiting = {} if snapshot.state.gone_at else {"Retry-After": str(POLL_AGAIN_SECONDS)}
    return json_response(200, status_of_test(snapshot), waiting)


def status_of_test(snapshot: BootSnapshot) -> Json:
    """The public status of a test."""
    test, state, result = snapshot.test, snapshot.state, snapshot.result
    return {
        "id": test.id,
        "versionId": test.version_id,
        "region": test.region,
        "stage": state.stage.value,
        "migrationId": test.migration_id,
        "requestedBy": test.requester.model_dump(mode="json") if test.requester else None,
        "acceptedAt": test.accepted_at.isoformat(),
        "machineId": test.machine_id,
        "vmSize": test.vm_size,
        "result": boot_result_of(result) if result else None,
        "leftBehind": state.left or None,
        "goneAt": state.gone_at.isoformat() if state.gone_at else None,
        "serialLog": snapshot.log or None,
    }
