"""The rules that a request and what Azure knows must keep before anything is written.

Each rule looks at both and gives the problems it finds; none stops another. Rules about the image run only when it
is there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.errors import Problem
from domain.facts import (
    BUSY_STATES,
    DefinitionFacts,
    GalleryFacts,
    ImageFacts,
    VersionFacts,
)
from domain.ids import same_id
from domain.migration.fingerprint import (
    FINGERPRINT_TAG,
    fingerprint_of,
    same_as_far_as_known,
)
from domain.migration.fitting import Misfit, Needs, misfits_of_image, misfits_of_request
from domain.migration.requests import (
    MigrationRequest,
    ReplicationMode,
    SecurityType,
    TargetRegion,
)
from domain.values import Message

# docs/platform-notes.md#largest-disk
MAX_DISK_GB = 2048
# docs/platform-notes.md#replicas-of-a-version
MAX_REPLICAS_OF_A_VERSION = 100


class Facts(Message):
    """Azure's answers when the plan was made; `None` or absent means that it answered 404."""

    image: ImageFacts | None
    gallery: GalleryFacts | None
    definition: DefinitionFacts | None = None
    other_definitions: tuple[DefinitionFacts, ...] = ()
    versions: tuple[VersionFacts, ...] = ()
    # Shallow versions of ours in other definitions and galleries.
    shallow_elsewhere: tuple[VersionFacts, ...] = ()
    soft_deleted_versions: tuple[str, ...] = ()
    # Of the gallery's subscription; empty when Azure does not tell them.
    locations: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Question:
    """Everything that a rule may look at."""

    request: MigrationRequest
    facts: Facts
    now: datetime
    copied_gb_limit: int


@dataclass(frozen=True)
class ImageQuestion(Question):
    """Everything that a rule about the image may look at: the image is there."""

    image: ImageFacts


def broken_rules(question: Question) -> list[Problem]:
    """Every problem that stands in the way of a plan, before the version's name is looked at."""
    problems = [found for rule in _RULES for found in rule(question)]
    if isinstance(question, ImageQuestion):
        problems += [found for rule in _IMAGE_RULES for found in rule(question)]
    return problems


def busy(facts: Facts) -> str | None:
    """Return what is being made or changed just now, or None if nothing is."""
    for what, there in (("image", facts.image), ("gallery", facts.gallery)):
        if there is not None and there.provisioning_state in BUSY_STATES:
            return f"the {what} is {there.provisioning_state}"
    return None


def in_motion(facts: Facts) -> str | None:
    """Return why what was read is no answer yet, or None if nothing speaks against a plan: something is busy, or the
    image's creation time is missing where a version may be its own already."""
    if what := busy(facts):
        return what
    fingerprint = fingerprint_of(facts.image) if facts.image else None
    if fingerprint is None or fingerprint.complete:
        return None
    for version in facts.versions:
        tag = version.tags.get(FINGERPRINT_TAG, fingerprint.value)
        if tag != fingerprint.value and same_as_far_as_known(tag, fingerprint.value):
            return (
                f"the image's creation time cannot be read, so nobody can tell whether version {version.name} "
                "was made from it"
            )
    return None


def with_source_region(asked: tuple[TargetRegion, ...], source: str) -> tuple[TargetRegion, ...]:
    """The target regions, with the image's own added when missing: a version must be in its own location."""
    if any(region.name == source for region in asked):
        return asked
    return tuple(sorted((*asked, TargetRegion(name=source)), key=lambda region: region.name))


def _presence(question: Question) -> Iterator[Problem]:
    if question.facts.image is None:
        yield Problem(
            field="sourceImageId",
            message=f"{question.request.source_image_id} was not found; check subscription, group and name",
        )
    gallery = question.facts.gallery
    if gallery is None:
        yield Problem(
            field="galleryId",
            message=f"{question.request.gallery_id} was not found; create the gallery first (az sig create)",
        )
    elif gallery.provisioning_state != "Succeeded":
        yield Problem(
            field="galleryId",
            message=f"the gallery is {gallery.provisioning_state}; it must be Succeeded before it can be used",
        )


def _end_of_life(question: Question) -> Iterator[Problem]:
    request = question.request
    if request.end_of_life_date and request.end_of_life_date <= question.now:
        yield Problem(
            field="endOfLifeDate",
            message=f"{request.end_of_life_date.isoformat()} is past; choose a date in the future or leave it out",
        )
    if request.block_deletion_before_end_of_life and not request.end_of_life_date:
        yield Problem(
            field="blockDeletionBeforeEndOfLife",
            message="needs an end of life; add endOfLifeDate or leave this out",
        )


def _shallow(question: Question) -> Iterator[Problem]:
    request = question.request
    if request.replication_mode is not ReplicationMode.SHALLOW:
        return
    if request.deletion.enabled:
        yield Problem(
            field="deletion.enabled",
            message="a Shallow version still hangs on the managed image, so the image cannot be deleted; "
            "use replicationMode Full or turn the deletion off",
        )
    if any(region.replica_count > 1 for region in request.target_regions):
        yield Problem(
            field="targetRegions",
            message="a Shallow version has one replica; set replicaCount to 1",
        )


def _needed_by_others(question: ImageQuestion) -> Iterator[Problem]:
    """A Shallow version made earlier would hang on nothing. One that is still being made ends by itself: the gate
    looks again."""
    facts = question.facts
    if not question.request.deletion.enabled:
        return
    for version in (*facts.versions, *facts.shallow_elsewhere):
        of_this = same_id(version.source_id or "", question.image.id)
        if of_this and version.replication_mode == ReplicationMode.SHALLOW:
            yield Problem(
                field="deletion.enabled",
                message=f"the version {version.id} is Shallow and hangs on the image, so the image cannot be deleted; "
                "delete that version first or turn the deletion off",
            )


def _definition_clash(question: Question) -> Iterator[Problem]:
    wanted = question.request.image_definition
    triplet = (wanted.publisher.lower(), wanted.offer.lower(), wanted.sku.lower())
    for other in question.facts.other_definitions:
        same = (other.publisher.lower(), other.offer.lower(), other.sku.lower()) == triplet
        if same and other.name.lower() != wanted.name.lower():
            yield Problem(
                field="imageDefinition",
                message=f"publisher, offer and SKU are taken by the definition '{other.name}' of this gallery; "
                "use that definition or change one of the three",
            )


def _existing_definition(question: Question) -> Iterator[Problem]:
    there, wanted = question.facts.definition, question.request.image_definition
    if there is None:
        return
    # One in the making is waited for: another migration may have begun it a moment ago.
    if there.provisioning_state not in {"Succeeded", "Updating", "Creating"}:
        yield Problem(
            field="imageDefinition.name",
            message=f"the definition '{there.name}' is {there.provisioning_state}; it must be Succeeded",
        )
    for misfit in misfits_of_request(there, wanted):
        yield _differs(there.name, misfit)


def _image_ready(question: ImageQuestion) -> Iterator[Problem]:
    image = question.image
    if image.provisioning_state != "Succeeded":
        yield Problem(
            field="sourceImageId",
            message=f"the image is {image.provisioning_state}; only an image that is Succeeded can be migrated",
        )
    if image.os_state != "Generalized":
        yield Problem(
            field="sourceImageId",
            message=f"the image's OS state is {image.os_state}; only generalized images can be migrated",
        )
    if image.extended_location:
        yield Problem(
            field="sourceImageId",
            message=f"the image lies in the edge zone {image.extended_location}; that is not supported",
        )


def _disks(question: ImageQuestion) -> Iterator[Problem]:
    for disk in question.image.disks:
        name = "the OS disk" if disk.lun is None else f"the data disk at LUN {disk.lun}"
        if disk.encryption_set:
            yield Problem(
                field="sourceImageId",
                message=f"{name} is encrypted with the disk encryption set {disk.encryption_set}; such images "
                "are refused for now, since every target region would need a set of its own",
            )
        if disk.size_gb and disk.size_gb > MAX_DISK_GB:
            yield Problem(
                field="sourceImageId",
                message=f"{name} has {disk.size_gb} GB; image versions take at most {MAX_DISK_GB} GB per disk",
            )


def _image_fits_definition(question: ImageQuestion) -> Iterator[Problem]:
    there, image = question.facts.definition, question.image
    if there is None:
        return
    for misfit in misfits_of_image(there, Needs(image.os_type, image.hyper_v_generation)):
        yield _differs(there.name, misfit)


def _security_fits_generation(question: ImageQuestion) -> Iterator[Problem]:
    asked = question.request.image_definition.security_type
    first_generation = question.image.hyper_v_generation.upper() == "V1"
    if asked and asked is not SecurityType.STANDARD and first_generation:
        yield Problem(
            field="imageDefinition.securityType",
            message=f"{asked.value} needs a generation 2 image and this one is V1; use Standard or leave it out",
        )


def _shallow_regions(question: ImageQuestion) -> Iterator[Problem]:
    shallow = question.request.replication_mode is ReplicationMode.SHALLOW
    others = [r.name for r in question.request.target_regions if r.name != question.image.location]
    if shallow and others:
        yield Problem(
            field="targetRegions",
            message=f"a Shallow version stays in the image's region {question.image.location}; "
            f"remove {', '.join(others)}",
        )


def _differs(name: str, misfit: Misfit) -> Problem:
    return Problem(
        field=misfit.field,
        message=f"the definition '{name}' has the {misfit.what} '{misfit.has}' but {misfit.why} '{misfit.needs}'; "
        "definitions are never changed, so use another definition name or correct the request",
    )


_RULES: tuple[Callable[[Question], Iterator[Problem]], ...] = (
    _presence,
    _end_of_life,
    _shallow,
    _definition_clash,
    _existing_definition,
)
_IMAGE_RULES: tuple[Callable[[ImageQuestion], Iterator[Problem]], ...] = (
    _image_ready,
    _disks,
    _image_fits_definition,
    _security_fits_generation,
    _shallow_regions,
    _needed_by_others,
)
