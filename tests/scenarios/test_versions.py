"""Version numbers, and definitions that are there already."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.scenarios import bodies
from tests.scenarios.bodies import Json
from tests.scenarios.client import GALLERY_API, Client
from tests.scenarios.conftest import add_gallery

SHARED = {"name": "shared", "publisher": "contoso", "offer": "web", "sku": "shared"}


def _auto(cloud: Client, name: str, **fields: object) -> Json:
    cloud.add_image(name)
    wanted = {"imageVersion": "auto", "imageDefinition": SHARED, "delete": False}
    return cloud.request(name, **wanted | fields)


def _names(statuses: list[Json]) -> list[str]:
    return sorted(status["result"]["versionId"].rpartition("/")[2] for status in statuses)


@pytest.fixture(scope="module")
def raced(cloud: Client) -> list[Json]:
    """Three images that were migrated to one new definition at the same moment, with automatic numbers."""
    requests = [_auto(cloud, f"racer-{n}") for n in range(3)]
    with ThreadPoolExecutor(len(requests)) as pool:
        migrations = list(pool.map(cloud.start, requests))
    return cloud.finish(*migrations)


def test_images_that_race_for_a_number_get_one_each(cloud: Client, raced: list[Json]) -> None:
    """All complete, with three numbers in a row; no version holds another's image."""
    assert [status["outcome"] for status in raced] == ["completed"] * 3
    assert _names(raced) == ["1.0.0", "1.0.1", "1.0.2"]
    for status in raced:
        version = cloud.arm("GET", status["result"]["versionId"], api=GALLERY_API)
        source = version["properties"]["storageProfile"]["source"]["id"]
        assert source.lower() == status["sourceImageId"].lower()


def test_the_next_number_follows_the_highest_whatever_its_order(
    cloud: Client, raced: list[Json]
) -> None:
    """Numbers are numbers: 1.0.10 is after 1.0.9."""
    tens = [
        cloud.start(_auto(cloud, name, imageVersion=version))
        for name, version in (("tenth", "1.0.10"), ("ninth", "1.0.9"))
    ]
    cloud.finish(*tens)
    (status,) = cloud.finish(cloud.start(_auto(cloud, "eleventh")))
    assert _names([status]) == ["1.0.11"]


def test_a_soft_deleted_number_is_not_free(cloud: Client) -> None:
    """In a gallery with soft delete, automatic numbers go past it, and asking for it is refused."""
    gallery = add_gallery(cloud, "keeping", softDeletePolicy={"isSoftDeleteEnabled": True})
    first = cloud.start(_auto(cloud, "buried", galleryId=gallery))
    (status,) = cloud.finish(first)
    assert _names([status]) == ["1.0.0"]
    cloud.arm("DELETE", status["result"]["versionId"], api=GALLERY_API)
    cloud.advance("PT10M")
    second = _auto(cloud, "risen", galleryId=gallery)
    named = cloud.call("POST", "/api/plans", second | {"imageVersion": "1.0.0"})
    assert (named.status, named.fields) == (422, ["imageVersion"])
    assert "soft-deleted" in named.text
    (status,) = cloud.finish(cloud.start(second))
    assert _names([status]) == ["1.0.1"]


def test_a_number_that_something_else_has_is_refused(cloud: Client, raced: list[Json]) -> None:
    """422 that names the field and what holds the number."""
    answer = cloud.call("POST", "/api/migrations", _auto(cloud, "thief", imageVersion="1.0.1"))
    assert (answer.status, answer.fields) == (422, ["imageVersion"])
    assert "racer-" in answer.text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"publisher": "fabrikam"}, "imageDefinition.publisher"),
        ({"offer": "db"}, "imageDefinition.offer"),
        ({"sku": "other"}, "imageDefinition.sku"),
        ({"securityType": "TrustedLaunch"}, "imageDefinition.securityType"),
        (
            {"purchasePlan": {"name": "p", "publisher": "q", "product": "r"}},
            "imageDefinition.purchasePlan",
        ),
        ({"name": "another"}, "imageDefinition"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_a_definition_that_does_not_fit_is_refused(
    cloud: Client, raced: list[Json], change: Json, field: str
) -> None:
    """Definitions are never changed: 422, with the field; a triplet taken by another name, too."""
    answer = cloud.call(
        "POST", "/api/plans", _auto(cloud, "misfit", imageDefinition=SHARED | change)
    )
    assert (answer.status, answer.fields) == (422, [field])


def test_all_differences_to_a_definition_are_told_at_once(cloud: Client, raced: list[Json]) -> None:
    """OS type, generation, publisher, offer and SKU in one answer."""
    cloud.add_image("alien", os_type="Windows", generation="V1")
    wrong = {"name": "shared", "publisher": "a", "offer": "b", "sku": "c"}
    answer = cloud.call("POST", "/api/migrations", cloud.request("alien", imageDefinition=wrong))
    assert answer.status == 422
    assert sorted(answer.fields) == [
        "imageDefinition.name",
        "imageDefinition.name",
        "imageDefinition.offer",
        "imageDefinition.publisher",
        "imageDefinition.sku",
    ]


def test_an_existing_definition_is_never_written(cloud: Client, raced: list[Json]) -> None:
    """However many migrations use it, it is made at most once for each of the first that raced."""
    definition = f"{bodies.gallery_id(cloud.subscription)}/images/shared?".lower()
    puts = [line for line in cloud.arm_log("PUT") if definition in line["path"].lower()]
    before = len(puts)
    assert before <= len(raced)
    cloud.finish(cloud.start(_auto(cloud, "newcomer")))
    puts = [line for line in cloud.arm_log("PUT") if definition in line["path"].lower()]
    assert len(puts) == before
