"""`POST /api/migrations/{id}/cancel`: a flag in the records that every poll and every step reads."""

import azure.durable_functions as df
import azure.functions as func

import clock
from activities.configuration import records
from domain.ids import approval_event_name
from domain.migration.latch import Halt
from domain.migration.latch import cancel as request_cancel
from domain.migration.recorded import Snapshot
from triggers.edge import edge, run
from triggers.problems import answer, problem
from triggers.status import POLL_AGAIN_SECONDS, status_of
from triggers.waking import wake


@edge
async def cancel_migration(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """202 once the cancellation holds; 409 when the deletion has begun or the migration has ended."""
    migration = req.route_params["id"]
    snapshot = await run(records().snapshot, migration)
    if snapshot is None:
        return problem(404, f"No migration has the id '{migration[:100]}'.")
    at = clock.now()
    held = await run(records().change_latch, migration, lambda latch: request_cancel(latch, at))
    if held is Halt.TOO_LATE:
        return problem(409, "The deletion has begun; it is too late to cancel.")
    if isinstance(held, Halt):
        snapshot = await run(records().snapshot, migration) or snapshot
        outcome = snapshot.finished.outcome if snapshot.finished else "ended"
        return problem(409, f"The migration has ended already: {outcome}.")
    return await _wake_and_answer(client, snapshot)


async def _wake_and_answer(
    client: df.DurableOrchestrationClient, snapshot: Snapshot
) -> func.HttpResponse:
    migration = snapshot.accepted.id
    after = await run(records().snapshot, migration) or snapshot
    approval = after.state.approval
    if approval and not after.finished:
        await wake(client, migration, approval_event_name(approval.round))
    status = 200 if after.finished else 202
    location = {
        "Location": f"/api/migrations/{migration}",
        "Retry-After": str(POLL_AGAIN_SECONDS),
    }
    return answer(status, status_of(after), location)
