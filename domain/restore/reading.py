"""The disks that a restore makes on the way, as Azure answers them: whether they are what was planned, and ours."""

from domain.facts import BUSY_STATES, ImageFacts, fact
from domain.ids import fold, same_id
from domain.restore.bodies import sources_of, temporary_disk_id
from domain.restore.recorded import IMAGE, Restore, TemporaryDisk
from domain.values import Json, Message


class DiskFacts(Message):
    """A managed disk, as far as a restore needs it. `made_of`: the image or version, and `lun` which of its disks."""

    state: str
    unique_id: str = ""
    size_gb: int | None = None
    made_of: str = ""
    lun: int | None = None
    attached_to: str = ""

    @property
    def in_the_making(self) -> bool:
        """True while Azure makes or changes it."""
        return self.state in BUSY_STATES


@fact
def disk_facts(body: Json) -> DiskFacts:
    """The facts in a disk's JSON."""
    inner = body["properties"]
    reference = (inner.get("creationData") or {}).get("galleryImageReference") or {}
    return DiskFacts(
        state=inner["provisioningState"],
        unique_id=inner.get("uniqueId") or "",
        size_gb=inner.get("diskSizeGB"),
        made_of=reference.get("id") or "",
        lun=reference.get("lun"),
        attached_to=body.get("managedBy") or "",
    )


def problem_with(facts: DiskFacts, planned: TemporaryDisk) -> str:
    """Return why the image may not be made of a disk; nothing when it is what was planned."""
    if not _as_planned(facts, planned):
        return f"{planned.disk} is another disk than the one that was made here"
    if facts.state != "Succeeded":
        return f"{planned.disk} is {facts.state}"
    if planned.size_gb is not None and facts.size_gb != planned.size_gb:
        return f"{planned.disk} has {facts.size_gb} GB, and the image's disk had {planned.size_gb}"
    return ""


def why_kept(facts: DiskFacts, planned: TemporaryDisk, restore: Restore) -> str:
    """Return why a disk is not deleted that stands in the restore's record; nothing when it is ours and unused.

    A record alone deletes nothing: the name must be one that this restore gives, and the disk one that was made of the
    version.
    """
    image, attempt = restore.plan.image, restore.attempt
    named = temporary_disk_id(image, restore.migration, attempt, planned.lun)
    known = restore.unique_ids.get(planned.disk.name)
    if not same_id(named.text, planned.disk.text) or not _as_planned(facts, planned):
        return "is another disk than the one that was made here"
    if known and facts.unique_id != known and not restore.may_come_again(planned):
        return "was made anew by somebody else"
    return f"is attached to {facts.attached_to}" if facts.attached_to else ""


def made_by(restore: Restore, image: ImageFacts) -> bool:
    """Return True if this restore has made the image: its PUT may have been sent, and it is of what was planned."""
    named = frozenset(fold(disk.source) for disk in image.disks if disk.source)
    return IMAGE in restore.writes and named == sources_of(restore.plan.image_body)


def _as_planned(facts: DiskFacts, planned: TemporaryDisk) -> bool:
    reference = planned.body["properties"]["creationData"]["galleryImageReference"]
    return same_id(facts.made_of, reference["id"]) and facts.lun == reference.get("lun")
