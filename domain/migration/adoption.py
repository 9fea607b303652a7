"""The rules for a version that is there already and ours: it is used as it is, or not at all.

What it cannot do without is a problem. What somebody can still change, and this app never does, is a warning: it is
read before the deletion is approved.
"""

from collections.abc import Iterator

from domain.errors import Problem
from domain.facts import VersionFacts
from domain.migration.requests import MigrationRequest
from domain.migration.rules import ImageQuestion, with_source_region


def adoption_problems(question: ImageQuestion, version: VersionFacts) -> Iterator[Problem]:
    """Yield every reason why a version that is there and ours is not what the request asks for."""
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


def adoption_warnings(request: MigrationRequest, version: VersionFacts) -> Iterator[str]:
    """Says, in one text, what the version has not as the request asks for it."""
    if differences := list(_differences(request, version)):
        yield (
            f"Version {version.name} was made from this image already and is taken up as it is: "
            f"{'; '.join(differences)}. Change it yourself where it can be (az sig image-version update)."
        )


def _differences(request: MigrationRequest, version: VersionFacts) -> Iterator[str]:
    for region in request.target_regions:
        has = version.replica_counts.get(region.name, region.replica_count)
        if has != region.replica_count:
            yield f"{region.name} has {has} replicas, not {region.replica_count}"
        stored = version.storage_types.get(region.name, region.storage_account_type.value)
        if stored != region.storage_account_type:
            yield f"{region.name} has {stored}, not {region.storage_account_type.value}"
    ends = request.end_of_life_date.isoformat() if request.end_of_life_date else None
    if ends and version.end_of_life_date != ends:
        yield f"its end of life is {version.end_of_life_date or 'none'}, not {ends}"
    if request.block_deletion_before_end_of_life and not version.blocks_deletion:
        yield "its deletion is not blocked before its end of life"
