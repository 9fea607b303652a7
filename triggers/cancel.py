"""`POST /api/migrations/{id}/cancel`: a flag in the records that every poll and every step reads."""

import azure.durable_functions as df
import azure.functions as func

import clock
from activities.configuration import records
from migration.approval import ApprovalState
from migration.names import approval_event_name
from migration.recorded import Latch, Snapshot
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
    if snapshot.finished and not (snapshot.latch and snapshot.latch.kind == "cancel"):
        return problem(409, f"The migration has ended already: {snapshot.finished.outcome}.")
    latch = await run(records().set_latch, migration, Latch(kind="cancel", at=clock.now()))
    if latch.kind == "deletion":
        return problem(409, "The deletion has begun; it is too late to cancel.")
    if latch.kind == "finished":
        return problem(409, "The migration has ended already.")
    return await _wake_and_answer(client, snapshot)


async def _wake_and_answer(
    client: df.DurableOrchestrationClient, snapshot: Snapshot
) -> func.HttpResponse:
    migration = snapshot.accepted.id
    after = await run(records().snapshot, migration) or snapshot
    approval = after.state.approval
    if approval and approval.state is ApprovalState.WAITING and not after.finished:
        await wake(client, migration, approval_event_name(approval.round))
    status = 200 if after.finished else 202
    location = {
        "Location": f"/api/migrations/{migration}",
        "Retry-After": str(POLL_AGAIN_SECONDS),
    }
    return answer(status, status_of(after), location)
