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
from domain.callers.actors import Actor
from domain.ids import image_key, migration_id
from domain.migration.planning import Plan
from domain.migration.recorded import AcceptedRequest
from domain.migration.requests import MigrationRequest
from domain.values import Message
from records.migrations import MigrationRecords
from services.boot_tests import terms_of
from services.dependencies import Dependencies
from services.orchestrations import start_instance
from services.planning import Draft, with_own_number
from services.seals import with_seal
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


class Free(Message):
    """Nobody migrates the image; id and number of its next attempt."""

    migration_id: str
    image_key: str
    attempt: int


def look_at_image(records: MigrationRecords, request: MigrationRequest) -> Running | Free:
    """The attempt that holds the image now, or the next one's id."""
    key = image_key(request.source_image_id.text)
    latest = records.latest(key)
    running = _running(records, latest, request) if latest else None
    return running or free_after(latest, key)


def free_after(latest: AcceptedRequest | None, key: str) -> Free:
    """The attempt after the latest one; its id is another one each time."""
    attempt = latest.attempt + 1 if latest else 1
    chosen = migration_id(key, attempt, secrets.token_hex(4))
    return Free(migration_id=chosen, image_key=key, attempt=attempt)


def claim(
    app: Dependencies,
    request: MigrationRequest,
    origin: Literal["http", "eventGrid"] = "http",
    fingerprint: str | None = None,
    *,
    requester: Actor,
    free: Free | None = None,
) -> Claimed | Running:
    """Claim the image of a request, or tell who holds it. `free`: the attempt that a look has told; somebody else may
    have had it since."""
    for _ in range(_RACES):
        place = free or look_at_image(app.records, request)
        if isinstance(place, Running):
            return place
        accepted = _acceptance(app, request, place, origin, fingerprint, requester)
        if app.records.accept(accepted):
            return Claimed(accepted=accepted)
        free = None
    raise RuntimeError(f"lost {_RACES} races for {request.source_image_id}")


def claim_with_draft(
    app: Dependencies,
    request: MigrationRequest,
    free: Free,
    draft: Draft | None,
    requester: Actor,
) -> Claimed | Running:
    """Claim the image, and keep the plan that was made for this very attempt: the workflow then reads nothing again
    that it does not read for safety."""
    plan = draft.plan if draft and isinstance(draft.plan, Plan) else None
    fingerprint = plan.fingerprint.value if plan else None
    claimed = claim(app, request, "http", fingerprint, requester=requester, free=free)
    migration = claimed.accepted.id
    if plan and draft and draft.lasting and draft.migration_id == migration:
        numbered = with_own_number(app.records, request, plan, migration)
        if isinstance(numbered, Plan):
            app.records.keep_plan(migration, numbered)
    return claimed


def _acceptance(
    app: Dependencies,
    request: MigrationRequest,
    place: Free,
    origin: Literal["http", "eventGrid"],
    fingerprint: str | None,
    requester: Actor,
) -> AcceptedRequest:
    accepted = AcceptedRequest(
        id=place.migration_id,
        image_key=place.image_key,
        attempt=place.attempt,
        source_image_id=request.source_image_id.text,
        request=request.model_dump(mode="json"),
        digest=request.digest(),
        accepted_at=clock.now(),
        origin=origin,
        fingerprint=fingerprint,
        limits=app.settings.limits,
        requester=requester,
        boot_test=terms_of(app.settings, request),
    )
    return with_seal(accepted, app.settings.sealing_keys)


async def start_orchestration(
    records: MigrationRecords, client: df.DurableOrchestrationClient, accepted: AcceptedRequest
) -> None:
    """Start the orchestration of an accepted request, as `start_instance` does, and remember that it exists."""
    if not await start_instance(client, ORCHESTRATION, accepted.id):
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
