"""The rules for how much is copied, and where to: what a request costs is said before anything is begun."""

from collections.abc import Iterator

from domain.errors import Problem
from domain.migration.rules import MAX_REPLICAS_OF_A_VERSION, ImageQuestion, with_source_region


def problems_of_copies(question: ImageQuestion) -> Iterator[Problem]:
    """Yield what is wrong with regions and replicas, of a request whose image is there."""
    yield from _too_many_replicas(question)
    yield from _unknown_regions(question)
    yield from _too_much(question)


def _replicas(question: ImageQuestion) -> int:
    wanted = with_source_region(question.request.target_regions, question.image.location)
    return sum(region.replica_count for region in wanted)


def _too_many_replicas(question: ImageQuestion) -> Iterator[Problem]:
    count = _replicas(question)
    if count > MAX_REPLICAS_OF_A_VERSION:
        yield Problem(
            field="targetRegions",
            message=f"{count} replicas in all regions together, the image's own included; a version has at most "
            f"{MAX_REPLICAS_OF_A_VERSION}",
        )


def _unknown_regions(question: ImageQuestion) -> Iterator[Problem]:
    known = question.facts.locations
    for number, region in enumerate(question.request.target_regions):
        if known and region.name not in known:
            yield Problem(
                field=f"targetRegions[{number}].name",
                message=f"the gallery's subscription has no region '{region.name}'; list them with az account "
                "list-locations",
            )


def _too_much(question: ImageQuestion) -> Iterator[Problem]:
    size = sum(disk.size_gb or 0 for disk in question.image.disks)
    copied = size * _replicas(question)
    if copied > question.copied_gb_limit:
        yield Problem(
            field="targetRegions",
            message=f"{_replicas(question)} replicas of {size} GB are {copied} GB; the setting COPIED_GB_LIMIT allows "
            f"{question.copied_gb_limit}",
        )
