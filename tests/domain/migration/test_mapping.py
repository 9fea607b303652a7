"""The mapping for new images: first match wins, globs without case, templates in the values."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import InvalidRequestError
from domain.facts import ImageFacts, image_facts
from domain.migration.mapping import (
    MappingEntry,
    certain_problems,
    request_for,
    unknown_templates,
)
from domain.migration.requests import MigrationRequest
from tests.builders import CREATED, GALLERY_ID, IMAGE_ID, SUBSCRIPTION, image_body

DEFINITION = {"name": "{imageName}", "publisher": "c", "offer": "o", "sku": "s"}


def entry(match: dict[str, Any] | None = None, **values: Any) -> MappingEntry:
    body = {
        "match": match or {},
        "galleryId": GALLERY_ID,
        "imageDefinition": DEFINITION,
        **values,
    }
    return MappingEntry.model_validate(body)


def image(**tags: str) -> ImageFacts:
    return image_facts({**image_body(), "tags": tags}, CREATED)


COVERS: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing said": ({}, True),
    "the name": ({"name": "web-2019"}, True),
    "the name in other case": ({"name": "WEB-*"}, True),
    "a glob that does not fit": ({"name": "sql-*"}, False),
    "a part of the name is not the name": ({"name": "web"}, False),
    "the group": ({"resourceGroup": "we?"}, True),
    "another group": ({"resourceGroup": "data"}, False),
    "the subscription": ({"subscription": SUBSCRIPTION}, True),
    "another subscription": ({"subscription": "9*"}, False),
    "a tag": ({"tags": {"team": "web"}}, True),
    "a tag's name in other case": ({"tags": {"TEAM": "W*"}}, True),
    "a tag of another value": ({"tags": {"team": "data"}}, False),
    "a tag that is missing": ({"tags": {"owner": "*"}}, False),
    "name and tag, one does not fit": ({"name": "web-*", "tags": {"team": "data"}}, False),
}


@pytest.mark.parametrize(("match", "covers"), COVERS.values(), ids=COVERS)
def test_an_entry_covers_what_matches_in_everything(match: dict[str, Any], covers: bool) -> None:
    """A condition that is left out matches everything."""
    assert (request_for(image(team="web"), [entry(match)]) is not None) is covers


def test_the_first_match_wins() -> None:
    """Later entries are not looked at."""
    mapping = [
        entry({"name": "sql-*"}, imageVersion="1.0.0"),
        entry({"name": "web-*"}, imageVersion="2.0.0"),
        entry(imageVersion="3.0.0"),
    ]
    request = request_for(image(), mapping)
    assert request is not None
    assert request.image_version == "2.0.0"


def test_no_entry_means_no_request() -> None:
    """An image that nothing covers starts nothing."""
    assert request_for(image(), []) is None


def test_templates_are_filled_everywhere_and_deletion_is_off() -> None:
    """In texts, in objects, in lists."""
    names = {
        "name": "{imageName}-{generation}",
        "publisher": "{resourceGroup}",
        "offer": "{osType}",
        "sku": "{subscriptionId}",
    }
    request = request_for(
        image(), [entry(imageDefinition=names, targetRegions=[{"name": "{location}"}])]
    )
    assert request is not None
    wanted = request.image_definition
    assert (wanted.name, wanted.publisher, wanted.offer) == ("web-2019-V2", "web", "Windows")
    assert wanted.sku == SUBSCRIPTION
    assert request.target_regions[0].name == "eastus2"
    assert request.source_image_id.text == IMAGE_ID
    assert not request.deletion.enabled


def test_a_filled_value_is_not_filled_again() -> None:
    """A name cannot smuggle in a template."""
    body = {**image_body(), "id": IMAGE_ID.replace("/web/", "/(osType)/")}
    request = request_for(
        image_facts(body, CREATED),
        [entry(imageDefinition={"name": "x", "publisher": "c", "offer": "o", "sku": "{osType}"})],
    )
    assert request is not None
    assert request.image_definition.sku == "Windows"


def test_values_that_make_no_valid_request_are_refused() -> None:
    """A gallery named after a group with parentheses, say."""
    with pytest.raises(InvalidRequestError, match="galleryId"):
        request_for(image(), [entry(galleryId=GALLERY_ID + "-{imageName}")])


def test_templates_that_nothing_fills_are_found() -> None:
    """They are reported when the settings are read, not when an image comes."""
    assert unknown_templates(entry(imageVersion="{version}.0.{imagename}")) == [
        "imagename",
        "version",
    ]
    assert unknown_templates(entry()) == []


def test_a_template_that_nothing_fills_stays_as_it_is() -> None:
    """Braces and all, so that no name comes of it that nobody wrote."""
    unfilled = entry(imageDefinition={**DEFINITION, "sku": "{release}"})
    with pytest.raises(InvalidRequestError, match=r"'\{release\}' is not allowed"):
        request_for(image(), [unfilled])


def test_an_empty_object_is_no_template() -> None:
    """`"deletion": {}` asks for the defaults."""
    assert unknown_templates(entry(deletion={}, approval={})) == []


def test_an_entry_has_every_field_of_a_request() -> None:
    """But for the image, which comes with the event."""
    of_entries, of_requests = set(MappingEntry.model_fields), set(MigrationRequest.model_fields)
    assert of_entries - {"match"} == of_requests - {"source_image_id"}
    blocked = entry(blockDeletionBeforeEndOfLife=True, endOfLifeDate="2030-12-31T00:00:00Z")
    request = request_for(image(), [blocked])
    assert request is not None
    assert request.block_deletion_before_end_of_life


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, []),
    "a misspelt field": ({"deletion": {"enable": True}}, ["deletion.enable"]),
    "an unknown mode": ({"replicationMode": "full"}, ["replicationMode"]),
    "a region's field": (
        {"targetRegions": [{"name": "{location}", "replicas": 2}]},
        ["targetRegions[0].replicas"],
    ),
    "a definition without a publisher": (
        {"imageDefinition": {"name": "{imageName}", "offer": "o", "sku": "s"}},
        ["imageDefinition.publisher"],
    ),
    "a version of some images' names": ({"imageVersion": "{imageName}"}, []),
    "a region that a template may make right": (
        {"targetRegions": [{"name": "{location}"}, {"name": "x-{location}"}]},
        [],
    ),
    "a region that no template makes right": (
        {"targetRegions": [{"name": "{location}"}, {"name": "x-1"}]},
        ["targetRegions[1].name"],
    ),
    "a misspelt field whose name is a number": (
        {"imageDefinition": {**DEFINITION, "7": "x"}},
        ["imageDefinition.7"],
    ),
    "a misspelt field whose name has dots": (
        {"imageDefinition": {**DEFINITION, "plan.name.first": "x"}},
        ["imageDefinition.plan.name.first"],
    ),
    "a region of two names": (
        {"targetRegions": [{"name": "{location}"}, {"name": "eastus2", "replicaCount": 2}]},
        [],
    ),
}


@pytest.mark.parametrize(("values", "fields"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_for_any_image_is_found_without_one(
    values: dict[str, Any], fields: list[str]
) -> None:
    """A value that a template may still make right is left to the image."""
    assert [problem.field for problem in certain_problems(entry(**values))] == fields
