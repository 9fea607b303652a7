"""Too many copies, or copies to nowhere, are refused at the plan, with the numbers."""

from typing import Any

import pytest

from domain.facts import ImageFacts
from domain.migration.bodies import Generation1Security
from domain.migration.planning import Plan, make_plan
from tests import builders as b

KNOWN = frozenset({"eastus2", "westeurope"})
NOT_THERE = [{"name": "East US 2"}, {"name": "Atlantis"}]
MANY = [{"name": "East US 2", "replicaCount": 60}, {"name": "West Europe", "replicaCount": 41}]
OWN_ADDED = [{"name": "West Europe", "replicaCount": 100}]
MOST = [{"name": "East US 2", "replicaCount": 60}, {"name": "West Europe", "replicaCount": 40}]


def problems(
    regions: list[Any],
    *,
    limit: int = 100_000,
    known: frozenset[str] = KNOWN,
    image: ImageFacts | None = None,
) -> Any:
    """The problems of a plan for these regions; the image has 127 GB and lies in eastus2."""
    plan = make_plan(
        b.a_request(targetRegions=regions),
        b.some_facts(image=image or b.an_image(), locations=known),
        now=b.NOW,
        migration_id=b.MIGRATION_ID,
        generation1_security=Generation1Security.OMIT,
        copied_gb_limit=limit,
    )
    return [] if isinstance(plan, Plan) else [(p.field, p.message) for p in plan]


@pytest.mark.parametrize(
    ("regions", "field", "words"),
    [
        (MANY, "targetRegions", "101 replicas"),
        (OWN_ADDED, "targetRegions", "101 replicas"),
        (NOT_THERE, "targetRegions[0].name", "no region 'atlantis'"),
    ],
    ids=["too many", "too many with the image's own", "a region that does not exist"],
)
def test_19_what_azure_would_refuse_is_refused_at_the_plan(
    regions: list[Any], field: str, words: str
) -> None:
    """With the field and the number."""
    ((found, message),) = problems(regions)
    assert found == field
    assert words in message


def test_19_what_costs_too_much_is_refused_by_the_setting() -> None:
    """Replicas times gigabytes."""
    assert problems(MOST, limit=12_700) == []
    ((field, message),) = problems(MOST, limit=12_699)
    assert field == "targetRegions"
    assert "100 replicas of 127 GB are 12700 GB" in message


def test_a_disk_whose_size_is_not_told_counts_as_nothing() -> None:
    """Beside one that has its size; the plan warns of it."""
    profile = b.storage_profile(data_disks=[b.data_disk(0, None)])
    image = b.an_image(storageProfile=profile)
    assert problems(MOST, limit=12_700, image=image) == []
    ((_, message),) = problems(MOST, limit=12_699, image=image)
    assert "100 replicas of 127 GB are 12700 GB" in message


def test_regions_that_cannot_be_read_are_not_held_against_a_request() -> None:
    """Azure tells at the version's PUT."""
    assert problems(NOT_THERE, known=frozenset()) == []
