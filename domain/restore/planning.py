"""From the recipe of a deleted image and what is there now to the plan of its restore, or to every reason against it.

The version was proven to be a copy when the DELETE was sent (`domain/deletion/gate.py`). It still is that version if it
was published before the recipe was kept: whatever was put under its name since is younger.
"""

from collections.abc import Iterator
from datetime import datetime

from domain.deletion.copies import BegunVersion, same_disks
from domain.errors import Problem
from domain.facts import ImageFacts, VersionFacts, image_facts
from domain.ids import same_id
from domain.migration.fingerprint import FINGERPRINT_TAG, content_of, fingerprint_of
from domain.migration.planning import Plan
from domain.migration.polling import VersionReading
from domain.restore.bodies import image_body, temporary_disk
from domain.restore.recorded import RestorePlan
from domain.restore.undo import undo_problems
from domain.values import Json, Message


class Recipe(Message):
    """The image as it was kept before its DELETE, and when."""

    at: datetime
    image: Json

    @property
    def facts(self) -> ImageFacts:
        """The facts in it. Raises UnexpectedResponseError."""
        return image_facts(self.image, None)


class RestoreReadings(Message):
    """Everything that was read for a restore. `begun`: our record of the version, if there is one."""

    plan: Plan
    recipe: Recipe
    version: VersionFacts | None = None
    replication: VersionReading | None = None
    begun: BegunVersion | None = None


def plan_restore(
    readings: RestoreReadings, migration: str, attempt: int
) -> RestorePlan | list[Problem]:
    """The plan, or every reason why there is none."""
    if readings.version is None:
        text = f"version {readings.plan.version_id} is not there (any more); {_UNDELETE}"
        return [Problem(field="version", message=text)]
    problems = list(_problems(readings, readings.version))
    return problems or _plan(readings, readings.version, migration, attempt)


_UNDELETE = "undelete it, if the gallery keeps what was deleted"


def _plan(
    readings: RestoreReadings, version: VersionFacts, migration: str, attempt: int
) -> RestorePlan:
    recipe, facts, image = readings.recipe.image, readings.recipe.facts, readings.plan.image
    disks = tuple(
        temporary_disk(recipe, disk, image, version.id, migration, attempt) for disk in facts.disks
    )
    sources = {disk.lun: {"managedDisk": {"id": disk.disk.text}} for disk in disks}
    return RestorePlan(
        image=image,
        image_body=image_body(recipe, facts, sources),
        disks=disks,
        version_id=version.id,
        published=version.published_date or "",
    )


def _problems(readings: RestoreReadings, version: VersionFacts) -> Iterator[Problem]:
    for text in (*_unproven(readings, version), *_unusable(readings, version)):
        yield Problem(field="version", message=text)


def _unusable(readings: RestoreReadings, version: VersionFacts) -> Iterator[str]:
    """Yield why no disk of the image's region can be made of the version now."""
    if version.provisioning_state != "Succeeded":
        yield f"it is {version.provisioning_state}; wait until it is Succeeded, or mend it"
    region = readings.recipe.facts.location
    regions = readings.replication.regions if readings.replication else ()
    there = {status.name for status in regions if status.state == "Completed"}
    yield from undo_problems(readings.plan.security_type, region, there)


def _unproven(readings: RestoreReadings, version: VersionFacts) -> Iterator[str]:
    """Yield why the version may not be a copy of the image that was deleted."""
    plan, recipe, begun = readings.plan, readings.recipe, readings.begun
    approved, facts = plan.fingerprint.value, recipe.facts
    if content_of(fingerprint_of(facts).value) != content_of(approved):
        yield "the recipe is not of the image that was approved to be deleted; restore it by hand"
    if not same_id(version.source_id or "", plan.image_id):
        yield f"it was made from {version.source_id or 'nothing'}, not from this image"
    if version.tags.get(FINGERPRINT_TAG) != approved:
        yield f"its tag {FINGERPRINT_TAG} is not the approved fingerprint {approved}; put it back"
    if begun is None or begun.fingerprint != approved:
        yield "no record of this app says that it was made from this image"
    if version.replication_mode != "Full":
        yield f"its replication is {version.replication_mode}, so it hangs on an image that is gone"
    if not same_disks(version, facts):
        yield "its disks are not those of the image"
    published = version.published_date
    if published is None or datetime.fromisoformat(published) > recipe.at:
        when = published or "nobody knows when"
        yield f"it was published {when}, after the image's recipe was kept: it is another one"
