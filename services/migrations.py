"""Start a migration, exactly once: claim the image in the records, then start the orchestration.

1. The latest attempt still runs: the same request gets it back, any other is a conflict.
2. Otherwise the next attempt's record is inserted; of two callers at once one wins, the other looks again.
3. The winner starts the orchestration. Should it die here, the sweep starts it: the record is there.
"""

import logging
import secrets
from typing import Literal

import azure.durable_functions as df

import clock
from domain.ids import image_key, migration_id, parse_migration_id
from domain.migration.planning import Plan
from domain.migration.recorded import AcceptedRequest
from domain.migration.requests import MigrationRequest
from domain.values import Message
from records.migrations import MigrationRecords
from services.dependencies import Dependencies
from services.planning import Draft, with_own_number
from services.threads import in_records

ORCHESTRATION = "migrate_image"
_RACES = 10

log = logging.getLogger("gallery_migrator")


class Running(Message):
    """The image is being migrated already: by an equal request (`same`) or another."""

    accepted: AcceptedRequest
    same: bool


class Claimed(Message):
    """The image is claimed for this new attempt."""

    accepted: AcceptedRequest


def look_for_running(records: MigrationRecords, request: MigrationRequest) -> Running | None:
    """The attempt that holds the image now, if any."""
    latest = records.latest(image_key(request.source_image_id))
    return _running(records, latest, request) if latest else None


def next_id(latest: AcceptedRequest | None, key: str) -> tuple[str, int]:
    """Id and number of the attempt after `latest`; the id is another one each time."""
    attempt = latest.attempt + 1 if latest else 1
    return migration_id(key, attempt, secrets.token_hex(4)), attempt


def claim(
    app: Dependencies,
    request: MigrationRequest,
    origin: Literal["http", "eventGrid"] = "http",
    fingerprint: str | None = None,
    draft: Draft | None = None,
) -> Claimed | Running:
    """Claim the image of a request, under the id of its draft if that is still the next one, or tell who holds it."""
    key = image_key(request.source_image_id)
    for _ in range(_RACES):
        latest = app.records.latest(key)
        if latest and (running := _running(app.records, latest, request)):
            return running
        name, attempt = next_id(latest, key)
        if draft and parse_migration_id(draft.migration_id) == (key, attempt):
            name = draft.migration_id
        accepted = AcceptedRequest(
            id=name,
            image_key=key,
            attempt=attempt,
            source_image_id=request.source_image_id,
            request=request.to_wire(),
            digest=request.digest(),
            accepted_at=clock.now(),
            origin=origin,
            fingerprint=fingerprint,
            limits=app.settings.limits,
        )
        if app.records.accept(accepted):
            return Claimed(accepted=accepted)
    raise RuntimeError(f"lost {_RACES} races for {request.source_image_id}")


def claim_with_draft(
    app: Dependencies, request: MigrationRequest, draft: Draft | None
) -> Claimed | Running:
    """Claim the image, and keep the plan that was made for this very attempt: the workflow then reads nothing again
    that it does not read for safety."""
    plan = draft.plan if draft and isinstance(draft.plan, Plan) else None
    claimed = claim(app, request, "http", plan.fingerprint.value if plan else None, draft)
    lasting = draft is not None and draft.lasting and draft.migration_id == claimed.accepted.id
    if plan and lasting and isinstance(claimed, Claimed):
        numbered = with_own_number(app.records, request, plan, claimed.accepted.id)
        if isinstance(numbered, Plan):
            app.records.write_plan(claimed.accepted.id, numbered)
    return claimed


async def start_orchestration(
    records: MigrationRecords, client: df.DurableOrchestrationClient, accepted: AcceptedRequest
) -> None:
    """Start the orchestration of an accepted request; that it runs already is fine.

    A failure here loses nothing: the record stays, and the sweep starts what has no orchestration.
    """
    try:
        await client.start_new(ORCHESTRATION, accepted.id)
    except Exception as error:  # noqa: BLE001 - that is what the SDK raises
        # docs/platform-notes.md#starting-an-id-again
        if "already exists" not in str(error):
            log.warning(
                "%s: not started yet, the sweep will: %s", accepted.id, type(error).__name__
            )
            return
    await in_records(records.mark_started, accepted.id, clock.now())
    log.info("%s: started for %s", accepted.id, accepted.source_image_id)


def _running(
    records: MigrationRecords, latest: AcceptedRequest, request: MigrationRequest
) -> Running | None:
    snapshot = records.snapshot(latest.id)
    if snapshot is None or snapshot.finished:
        return None
    return Running(accepted=latest, same=latest.digest == request.digest())
