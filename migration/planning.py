"""From a request and the facts to a plan, or to every problem at once, before anything is written.

1. Each rule looks at request and facts and gives the problems it finds; none stops another.
2. Without problems, the version's name is settled (`naming.py`) and the bodies to send are built (`bodies.py`).
3. What is allowed but worth knowing becomes a warning of the plan.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from migration import bodies
from migration.facts import DefinitionFacts, GalleryFacts, ImageFacts, VersionFacts
from migration.fingerprint import Fingerprint, fingerprint_of
from migration.problems import Problem
from migration.requests import MigrationRequest, ReplicationMode, SecurityType, TargetRegion
from migration.versions import NameTaken, settle_version_name
from migration.wire import Json, Value

MAX_DISK_GB = (
    2048  # "source resource size … exceeds the max size 2048 supported" (mission.md section 5)
)
LARGE_DATA_DISK_GB = 1024  # older pages still say 1 TB; so it is a warning


class Facts(Value):
    """What Azure knew when the plan was made; `None` or absent means that it answered 404."""

    image: ImageFacts | None
    gallery: GalleryFacts | None
    definition: DefinitionFacts | None = None
    other_definitions: tuple[DefinitionFacts, ...] = ()
    versions: tuple[VersionFacts, ...] = ()
    soft_deleted_versions: tuple[str, ...] = ()


class Plan(Value):
    """What will be done, with the exact bodies. `takes_up` means that the version is there already and ours."""

    image_id: str
    fingerprint: Fingerprint
    gallery_id: str
    definition_name: str
    definition_exists: bool
    definition_body: Json
    version_name: str
    version_id: str
    takes_up: bool
    version_body: Json
    regions: tuple[str, ...]
    os_type: str
    location: str
    hyper_v_generation: str
    security_type: str
    purchase_plan: dict[str, str] | None = None
    replication_mode: ReplicationMode
    exclude_from_latest: bool
    deletion: bool
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """Everything a rule may look at."""

    request: MigrationRequest
    facts: Facts
    now: datetime

    @property
    def image(self) -> ImageFacts:
        """The image; rules that ask for it run only when it is there."""
        if self.facts.image is None:
            raise LookupError("no rule about the image runs without one")
        return self.facts.image


def make_plan(
    request: MigrationRequest,
    facts: Facts,
    *,
    now: datetime,
    migration_id: str,
    generation1_security: bodies.Generation1Security,
) -> Plan | list[Problem]:
    """The plan, or every reason why there is none."""
    question = Question(request, facts, now)
    problems = [found for rule in _RULES for found in rule(question)]
    if facts.image is not None:
        problems += [found for rule in _IMAGE_RULES for found in rule(question)]
    if problems or facts.image is None:
        return problems
    fingerprint = fingerprint_of(facts.image)
    settled = settle_version_name(
        request.image_version,
        facts.versions,
        facts.soft_deleted_versions,
        facts.image.id,
        fingerprint.value,
    )
    if isinstance(settled, NameTaken):
        return [Problem(field="imageVersion", message=settled.reason)]
    taken_up = next(
        (v for v in facts.versions if settled.takes_up and v.name == settled.name), None
    )
    if taken_up and (mismatches := list(_take_up_problems(question, taken_up))):
        return mismatches
    regions = with_source_region(request.target_regions, facts.image.location)
    security = bodies.security_type_of(request, facts.image, facts.definition, generation1_security)
    return Plan(
        image_id=facts.image.id,
        fingerprint=fingerprint,
        gallery_id=request.gallery_id,
        definition_name=request.image_definition.name,
        definition_exists=facts.definition is not None,
        definition_body=bodies.definition_body(
            request,
            facts.image,
            facts.gallery.location if facts.gallery else facts.image.location,
            security,
        ),
        version_name=settled.name,
        version_id=bodies.id_of_version(request, settled.name),
        takes_up=settled.takes_up,
        version_body=bodies.version_body(
            request, facts.image, regions, fingerprint.value, migration_id
        ),
        regions=tuple(region.name for region in regions),
        os_type=facts.image.os_type,
        location=facts.image.location,
        hyper_v_generation=facts.image.hyper_v_generation,
        security_type=security or SecurityType.STANDARD.value,
        purchase_plan=_purchase_plan(request, facts.definition),
        replication_mode=request.replication_mode,
        exclude_from_latest=request.exclude_from_latest,
        deletion=request.deletion.enabled,
        warnings=tuple(_warnings(question, fingerprint)),
    )


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
    if there.provisioning_state not in {"Succeeded", "Updating"}:
        yield Problem(
            field="imageDefinition.name",
            message=f"the definition '{there.name}' is {there.provisioning_state}; it must be Succeeded",
        )
    for field in ("publisher", "offer", "sku"):
        has, asks = getattr(there, field), getattr(wanted, field)
        if has.lower() != asks.lower():
            yield _differs(f"imageDefinition.{field}", there.name, field, has, asks)
    if wanted.security_type and wanted.security_type.value.lower() != there.security_type.lower():
        yield _differs(
            "imageDefinition.securityType",
            there.name,
            "SecurityType",
            there.security_type,
            wanted.security_type,
        )
    plan = wanted.purchase_plan.to_wire() if wanted.purchase_plan else None
    has_plan = {
        key: (there.purchase_plan or {}).get(key) for key in ("name", "publisher", "product")
    }
    if plan and plan != has_plan:
        yield _differs(
            "imageDefinition.purchasePlan", there.name, "purchase plan", there.purchase_plan, plan
        )


def _image_ready(question: Question) -> Iterator[Problem]:
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


def _disks(question: Question) -> Iterator[Problem]:
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


def _image_fits_definition(question: Question) -> Iterator[Problem]:
    there, image = question.facts.definition, question.image
    if there is None:
        return
    pairs = (
        ("OS type", there.os_type, image.os_type),
        ("OS state", there.os_state, "Generalized"),
        ("Hyper-V generation", there.hyper_v_generation, image.hyper_v_generation),
        ("architecture", there.architecture, "x64"),
    )
    for what, has, needs in pairs:
        if has.lower() != needs.lower():
            yield _differs(
                "imageDefinition.name",
                there.name,
                what,
                has,
                needs,
                "a managed image of this kind needs",
            )


def _security_fits_generation(question: Question) -> Iterator[Problem]:
    asked = question.request.image_definition.security_type
    first_generation = question.image.hyper_v_generation.upper() == "V1"
    if asked and asked is not SecurityType.STANDARD and first_generation:
        yield Problem(
            field="imageDefinition.securityType",
            message=f"{asked.value} needs a generation 2 image and this one is V1; use Standard or leave it out",
        )


def _shallow_regions(question: Question) -> Iterator[Problem]:
    shallow = question.request.replication_mode is ReplicationMode.SHALLOW
    others = [r.name for r in question.request.target_regions if r.name != question.image.location]
    if shallow and others:
        yield Problem(
            field="targetRegions",
            message=f"a Shallow version stays in the image's region {question.image.location}; "
            f"remove {', '.join(others)}",
        )


_RULES: tuple[Callable[[Question], Iterator[Problem]], ...] = (
    _presence,
    _end_of_life,
    _shallow,
    _definition_clash,
    _existing_definition,
)
_IMAGE_RULES: tuple[Callable[[Question], Iterator[Problem]], ...] = (
    _image_ready,
    _disks,
    _image_fits_definition,
    _security_fits_generation,
    _shallow_regions,
)


def _take_up_problems(question: Question, version: VersionFacts) -> Iterator[Problem]:
    wanted = with_source_region(question.request.target_regions, question.image.location)
    missing = [region.name for region in wanted if region.name not in version.regions]
    if missing:
        yield Problem(
            field="targetRegions",
            message=f"version {version.name} was made from this image already, without {', '.join(missing)}; "
            "add the regions to it (az sig image-version update) or ask for another imageVersion",
        )
    if version.replication_mode != question.request.replication_mode.value:
        yield Problem(
            field="replicationMode",
            message=f"version {version.name} was made from this image already, as {version.replication_mode}, "
            "which cannot be changed; ask for another imageVersion",
        )


def _warnings(question: Question, fingerprint: Fingerprint) -> Iterator[str]:
    request, image = question.request, question.image
    for disk in image.data_disks:
        if disk.size_gb and disk.size_gb > LARGE_DATA_DISK_GB:
            yield (
                f"The data disk at LUN {disk.lun} has {disk.size_gb} GB; some of Microsoft's pages still name "
                "1 TB as the limit."
            )
    if any(disk.size_gb is None for disk in image.disks):
        yield "Azure does not tell the size of every disk, so the 2048 GB limit could not be checked."
    if request.gallery_id.split("/")[2].lower() != image.id.split("/")[2].lower():
        yield "The gallery is in another subscription than the image; Microsoft documents this for galleries only."
    if request.deletion.enabled and not fingerprint.complete:
        yield "The image's creation time cannot be read, so the image will be kept whatever is approved."
    definition = question.facts.definition
    if definition and definition.purchase_plan and not request.image_definition.purchase_plan:
        name = definition.purchase_plan.get("name")
        yield f"The definition has the purchase plan {name}; the image must have come from the same."
    if definition is None and not request.image_definition.purchase_plan:
        yield (
            "No purchase plan was given. If the image came from a marketplace image with a plan, add "
            "imageDefinition.purchasePlan: managed images do not keep it and it cannot be added later."
        )
    yield from bodies.dropped_tags_warning(image.tags)


def _purchase_plan(
    request: MigrationRequest, there: DefinitionFacts | None
) -> dict[str, str] | None:
    asked = request.image_definition.purchase_plan
    if asked:
        return {"name": asked.name, "publisher": asked.publisher, "product": asked.product}
    plan = there.purchase_plan if there else None
    return {key: value for key, value in plan.items() if value} if plan else None


def _differs(
    field: str, name: str, what: str, has: object, needs: object, why: str = "the request says"
) -> Problem:
    return Problem(
        field=field,
        message=f"the definition '{name}' has the {what} '{has}' but {why} '{needs}'; definitions are never "
        "changed, so use another definition name or correct the request",
    )
