"""The disks that a restore makes on the way: made of the version, and deleted again.

Each step begins with its reads, and may run twice. What is there under a name of ours is ours only if it stands in the
restore's row as begun; everything else is left alone.
"""

from collections.abc import Callable
from datetime import datetime

from activities.activity import implements
from activities.restoring import of_restore
from arm.disks import begin_disk_deletion, put_disk, read_disk_body
from arm.errors import ArmAnswerError
from arm.images import read_image_body
from arm.requests import ArmResponse
from domain.migration.latch import Halt
from domain.migration.recorded import Snapshot
from domain.restore.messages import (
    DELETE_DISKS,
    LOOK_AT_DISKS,
    MAKE_DISKS,
    DisksLeft,
    Progress,
    RestoreStep,
)
from domain.restore.reading import DiskFacts, disk_facts, problem_with, why_kept
from domain.restore.recorded import IMAGE, Restore, TemporaryDisk, delete_key, know, make_key
from domain.results import ActivityError
from services.dependencies import Dependencies
from services.effects import send_intended
from services.restoring import RestoreIntents, planned_restore, restorer

Answer = Progress | ActivityError | Halt


@implements(MAKE_DISKS)
@of_restore
def make_disks(
    request: RestoreStep, restore: Restore, snapshot: Snapshot, app: Dependencies
) -> Answer:
    """Begin every disk that is not there, once everything was checked again."""
    if IMAGE in restore.writes:
        return Progress(ready=True)
    if problem := _problem_now(restore, snapshot, app):
        return Progress(failed=problem)
    for disk in restore.plan.disks:
        there = read_disk_body(app.arm, disk.disk)
        if there is None:
            intents = RestoreIntents(app.records, request, make_key(disk.disk.name))
            sent = send_intended(intents, request.run, _making(app, disk))
            if isinstance(sent, Halt):
                return sent
        elif make_key(disk.disk.name) not in restore.writes:
            return Progress(failed=f"{disk.disk} is there already, and not ours")
    return Progress(ready=True)


def _making(app: Dependencies, disk: TemporaryDisk) -> Callable[[datetime], ArmResponse]:
    return lambda until: put_disk(restorer(app), disk.disk, disk.body, until)


def _problem_now(restore: Restore, snapshot: Snapshot, app: Dependencies) -> str:
    """Return why nothing may be made now, as it would have been refused at the start."""
    recipe = app.records.recipe_of(restore.migration)
    if recipe is None:
        return "its recipe is not there (any more)"
    if read_image_body(app.arm, restore.plan.image) is not None:
        return f"{restore.plan.image} is there, and this restore did not make it"
    planned = planned_restore(app, snapshot, recipe, restore.attempt)
    if isinstance(planned, list):
        return "; ".join(problem.message for problem in planned)
    if planned.published != restore.plan.published:
        return "the version is another one than when the restore was accepted; ask for it again"
    return ""


@implements(LOOK_AT_DISKS)
@of_restore
def look_at_disks(
    request: RestoreStep, restore: Restore, _snapshot: Snapshot, app: Dependencies
) -> Answer:
    """Ready once every disk is there, and what was planned."""
    if IMAGE in restore.writes:
        return Progress(ready=True)
    unique_ids: dict[str, str] = {}
    for disk in restore.plan.disks:
        body = read_disk_body(app.arm, disk.disk)
        facts = disk_facts(body) if body else None
        if facts is None or facts.in_the_making:
            return Progress()
        if problem := problem_with(facts, disk):
            return Progress(failed=problem)
        unique_ids[disk.disk.name] = facts.unique_id
    held = app.records.change_restore(
        restore.migration, restore.attempt, lambda now: know(now, request.run, unique_ids)
    )
    return held if isinstance(held, Halt) else Progress(ready=True)


@implements(DELETE_DISKS)
@of_restore
def delete_disks(
    request: RestoreStep, restore: Restore, _snapshot: Snapshot, app: Dependencies
) -> DisksLeft | ActivityError | Halt:
    """Send the DELETE of every disk of ours that is there."""
    left: list[str] = []
    kept: list[str] = []
    for disk in restore.begun_disks:
        body = read_disk_body(app.arm, disk.disk)
        if body is None:
            continue
        facts = disk_facts(body)
        if reason := why_kept(facts, disk, restore) or _deletion_refused(request, disk, facts, app):
            if isinstance(reason, Halt):
                return reason
            kept.append(f"{disk.disk}: {reason}")
        else:
            left.append(disk.disk.text)
    return DisksLeft(left=tuple(left), kept=tuple(kept), until=restore.arrived_by)


def _deletion_refused(
    request: RestoreStep, disk: TemporaryDisk, facts: DiskFacts, app: Dependencies
) -> str | Halt:
    """Send the DELETE of one disk; why Azure will not have it, nothing when it is under way."""
    if facts.state == "Deleting":
        return ""
    intents = RestoreIntents(app.records, request, delete_key(disk.disk.name))
    try:
        sent = send_intended(
            intents,
            request.run,
            lambda until: begin_disk_deletion(restorer(app), disk.disk, until),
        )
    except ArmAnswerError as error:
        if error.missing:
            return ""
        if error.value.transient:
            raise
        return str(error.value)
    return sent if isinstance(sent, Halt) else ""
