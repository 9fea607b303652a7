"""Restores of deleted images: accepted once, started, and told.

1. The newest attempt still runs, or its image is there: it is the answer, whoever asks again.
2. Otherwise the next attempt's row is inserted with its plan; of two callers at once one wins, the other looks again.
3. The winner starts the orchestration. Should it die here, the sweep starts it: the row is there.
"""

import logging
from typing import NamedTuple

import azure.durable_functions as df

import clock
from arm.images import read_image_body
from domain.callers.actors import Actor
from domain.errors import Problem
from domain.ids import restore_id
from domain.migration.recorded import Snapshot
from domain.restore.bodies import sources_of
from domain.restore.planning import Recipe
from domain.restore.recorded import Restore, RestorePlan, RestoreState, Source, begin, newest
from domain.restore.undo import NO_RESTORER
from domain.values import Json
from records.migrations import MigrationRecords
from services.dependencies import Dependencies
from services.orchestrations import start_instance
from services.restoring import planned_restore
from services.seals import with_restore_seal
from services.threads import in_records
from services.timeline import tell_after

ORCHESTRATION = "restore_image"
_NO_KEY = "SEALING_KEYS is empty, so nobody could prove who asked for it; set a key."

log = logging.getLogger("gallery_migrator")


class Refused(NamedTuple):
    """Nothing can be restored, and why; `there`: what has the image's name."""

    reason: str
    there: Json | None = None


class Accepted(NamedTuple):
    """The restore; not `new`: it was accepted before."""

    restore: Restore
    new: bool


Answer = Accepted | Refused | list[Problem]


def ask_restore(app: Dependencies, snapshot: Snapshot, source: Source, requester: Actor) -> Answer:
    """Accept a restore, or tell which one there is, or every reason against it. Raises ArmError and
    UnexpectedResponseError."""
    if app.deleter is None:
        return Refused(f"Restoring is not permitted: {NO_RESTORER}.")
    if not app.settings.sealing_keys:
        return Refused(_NO_KEY)
    known = newest(snapshot.restores)
    if known and not known.finished:
        return Accepted(known, new=False)
    recipe = app.records.recipe_of(snapshot.accepted.id)
    if reason := _nothing_to_restore(snapshot, recipe):
        return Refused(reason)
    there = read_image_body(app.arm, snapshot.planned.image)
    if there is not None:
        return _what_is_there(known, there)
    attempt = known.attempt + 1 if known else 1
    if recipe is None:
        raise LookupError(f"{snapshot.accepted.id} has no recipe")
    planned = planned_restore(app, snapshot, recipe, attempt)
    if isinstance(planned, list):
        return planned
    return _accept(app, snapshot, _restore(app, snapshot, source, requester, attempt, planned))


def _nothing_to_restore(snapshot: Snapshot, recipe: Recipe | None) -> str:
    if snapshot.finished is None:
        return "The migration has not ended; cancel it, or wait for its end."
    if recipe is None or snapshot.latch.deletion is None:
        return "This migration has deleted no image, so there is nothing to restore."
    return ""


def _what_is_there(known: Restore | None, there: Json) -> Answer:
    """The image that the last restore has made is its answer; anything else stands in the way."""
    restored = known is not None and known.state is RestoreState.RESTORED
    if known and restored and sources_of(there) == sources_of(known.plan.image_body):
        return Accepted(known, new=False)
    told = {key: there.get(key) for key in ("id", "location", "tags", "properties")}
    return Refused("Something has the image's name; move it away first.", told)


def _restore(
    app: Dependencies,
    snapshot: Snapshot,
    source: Source,
    requester: Actor,
    attempt: int,
    plan: RestorePlan,
) -> Restore:
    restore = Restore(
        migration=snapshot.accepted.id,
        attempt=attempt,
        source=source,
        requester=requester,
        accepted_at=clock.now(),
        limits=app.settings.limits,
        plan=plan,
    )
    return with_restore_seal(restore, app.settings.sealing_keys)


def _accept(app: Dependencies, snapshot: Snapshot, restore: Restore) -> Accepted:
    """Insert it; whoever has inserted this attempt before has the restore that counts."""
    if not app.records.accept_restore(snapshot.accepted.image_key, restore):
        held = app.records.read_restore(restore.migration, restore.attempt)
        return Accepted(held or restore, new=False)
    by = restore.requester.words
    log.info("%s: accepted for %s", restore_id(restore.migration, restore.attempt), by)
    text = f"{by} asked for the image to be restored from the {restore.source}"
    step = f"restore {restore.attempt} accepted"
    tell_after(app.records, restore.migration, step, restore.accepted_at, text)
    return Accepted(restore, new=True)


async def start_restore(
    records: MigrationRecords, client: df.DurableOrchestrationClient, restore: Restore
) -> None:
    """Start its orchestration, as `start_instance` does, and remember that it exists."""
    instance = restore_id(restore.migration, restore.attempt)
    if not await start_instance(client, ORCHESTRATION, instance):
        return
    await in_records(records.change_restore, restore.migration, restore.attempt, begin)
    log.info("%s: started", instance)


def settle_restore_end(records: MigrationRecords, restore: Restore) -> None:
    """Write what follows from a restore's end: its facts in the audit, its line in the timeline."""
    end = restore.finished
    if end is None:
        return
    records.audit_end(restore)
    text = f"image {end.state} ({end.reason})" if end.state is RestoreState.RESTORED else end.reason
    step = f"restore {restore.attempt} finished"
    tell_after(records, restore.migration, step, end.at, f"restore {restore.attempt}: {text}")
    instance = restore_id(restore.migration, restore.attempt)
    log.info("%s: %s: %s", instance, end.state, " ".join(end.reason.split()))
