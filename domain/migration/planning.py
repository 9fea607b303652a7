"""From a request and the facts to a plan, or to every problem at once, before anything is written.

1. Every rule is asked (`rules.py`); with a problem there is no plan.
2. The version's name is settled (`version_names.py`); a version that is there and ours must suit the request.
3. The bodies to send are built (`bodies.py`), and what is allowed but worth knowing becomes a warning of the plan.
"""

from collections.abc import Iterator
from datetime import datetime

from domain.errors import Problem
from domain.facts import DefinitionFacts
from domain.ids import ComputeId, version_id
from domain.migration import bodies
from domain.migration.adoption import adoption_problems, adoption_warnings
from domain.migration.copies_asked import problems_of_copies
from domain.migration.fingerprint import Fingerprint, fingerprint_of
from domain.migration.requests import MigrationRequest, ReplicationMode, SecurityType
from domain.migration.rules import (
    Facts,
    ImageQuestion,
    Question,
    broken_rules,
    with_source_region,
)
from domain.migration.version_names import NameTaken, Settled, settle_version_name
from domain.values import Json, Message

# A warning, since pages of Azure contradict each other: docs/platform-notes.md#largest-disk
LARGE_DATA_DISK_GB = 1024


class Plan(Message):
    """Everything that will be done, with the exact bodies. `adopts_existing` means that the version is there already
    and ours; `definition_exists` that nobody has to make the definition, or to wait until somebody has. `image_id` is
    Azure's own spelling."""

    image: ComputeId
    image_id: str
    fingerprint: Fingerprint
    gallery: ComputeId
    definition_name: str
    definition_exists: bool
    definition_body: Json
    version_name: str
    version_id: str
    adopts_existing: bool
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

    @property
    def definition_id(self) -> str:
        """The resource id of the definition."""
        return f"{self.gallery.text}/images/{self.definition_name}"

    def named(self, version: str) -> "Plan":
        """The plan with another version's name."""
        made = version_id(self.gallery, self.definition_name, version)
        return self.model_copy(update={"version_name": version, "version_id": made})


def make_plan(
    request: MigrationRequest,
    facts: Facts,
    *,
    now: datetime,
    migration_id: str,
    generation1_security: bodies.Generation1Security,
    copied_gb_limit: int,
) -> Plan | list[Problem]:
    """The plan, or every reason why there is none."""
    if facts.image is None:
        return broken_rules(Question(request, facts, now, copied_gb_limit))
    question = ImageQuestion(request, facts, now, copied_gb_limit, facts.image)
    problems = broken_rules(question)
    problems += problems_of_copies(question)
    if any(p.field.startswith("imageDefinition") for p in problems):
        # Names are taken or free within a definition that fits.
        return problems
    fingerprint = fingerprint_of(question.image)
    settled = _settle(question, fingerprint)
    if problems or not isinstance(settled, Settled):
        return problems if isinstance(settled, Settled) else [*problems, *settled]
    return _plan(question, fingerprint, settled, migration_id, generation1_security)


def _settle(question: ImageQuestion, fingerprint: Fingerprint) -> Settled | list[Problem]:
    """The version's name, or why it cannot be had or taken up."""
    facts = question.facts
    settled = settle_version_name(
        question.request.image_version,
        facts.versions,
        facts.soft_deleted_versions,
        question.image.id,
        fingerprint.value,
    )
    if isinstance(settled, NameTaken):
        return [Problem(field="imageVersion", message=settled.reason)]
    mismatches = [
        problem
        for version in facts.versions
        if settled.takes_up(version)
        for problem in adoption_problems(question, version)
    ]
    return mismatches or settled


def _plan(
    question: ImageQuestion,
    fingerprint: Fingerprint,
    settled: Settled,
    migration_id: str,
    generation1_security: bodies.Generation1Security,
) -> Plan:
    request, facts, image = question.request, question.facts, question.image
    gallery, definition = request.gallery_id, request.image_definition.name
    regions = with_source_region(request.target_regions, image.location)
    location = facts.gallery.location if facts.gallery else image.location
    security = bodies.security_type_of(request, image, facts.definition, generation1_security)
    return Plan(
        image=request.source_image_id,
        image_id=image.id,
        fingerprint=fingerprint,
        gallery=gallery,
        definition_name=definition,
        definition_exists=facts.definition is not None and not facts.definition.in_the_making,
        definition_body=bodies.definition_body(request, image, location, security),
        version_body=bodies.version_body(request, image, regions, fingerprint.value, migration_id),
        version_name=settled.name,
        version_id=version_id(gallery.text, definition, settled.name),
        adopts_existing=settled.adopts_existing,
        regions=tuple(region.name for region in regions),
        os_type=image.os_type,
        location=image.location,
        hyper_v_generation=image.hyper_v_generation,
        security_type=security or SecurityType.STANDARD.value,
        purchase_plan=_purchase_plan(request, facts.definition),
        replication_mode=request.replication_mode,
        exclude_from_latest=request.exclude_from_latest,
        deletion=request.deletion.enabled,
        warnings=tuple(_warnings(question, fingerprint, settled)),
    )


def _warnings(question: ImageQuestion, fingerprint: Fingerprint, settled: Settled) -> Iterator[str]:
    request, image = question.request, question.image
    for disk in image.data_disks:
        if disk.size_gb and disk.size_gb > LARGE_DATA_DISK_GB:
            yield (
                f"The data disk at LUN {disk.lun} has {disk.size_gb} GB; some of Microsoft's pages still name "
                "1 TB as the limit."
            )
    if any(disk.size_gb is None for disk in image.disks):
        yield "Azure does not tell the size of every disk, so the 2048 GB limit could not be checked."
    if request.gallery_id.subscription != request.source_image_id.subscription:
        yield "The gallery is in another subscription than the image; Microsoft documents this for galleries only."
    if request.deletion.enabled and not fingerprint.complete:
        yield "The image's creation time cannot be read, so the image will be kept whatever is approved."
    ends = request.end_of_life_date
    if request.deletion.enabled and ends and ends < question.now + request.approval.timeout:
        yield (
            "The end of life comes before the approval's deadline; Azure may refuse to promote the version after it, "
            "and the image is kept then."
        )
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
    for version in question.facts.versions:
        if settled.takes_up(version):
            yield from adoption_warnings(request, version)


def _purchase_plan(
    request: MigrationRequest, there: DefinitionFacts | None
) -> dict[str, str] | None:
    asked = request.image_definition.purchase_plan
    if asked:
        return {"name": asked.name, "publisher": asked.publisher, "product": asked.product}
    plan = there.purchase_plan if there else None
    return {key: value for key, value in plan.items() if value} if plan else None
