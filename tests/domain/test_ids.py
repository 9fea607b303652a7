"""Names and ids: Azure's rules, ids taken apart strictly, and the ids that the app makes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain import ids as names
from domain.regions import normalise_region
from tests.builders import GALLERY_ID, IMAGE_ID, SUBSCRIPTION

GOOD_NAMES = {
    "one letter": (names.IMAGE, "a"),
    "an image ending in an underscore": (names.IMAGE, "web_"),
    "80 letters": (names.IMAGE, "a" * 80),
    "a gallery with a dot inside": (names.GALLERY, "my.gallery_1"),
    "a definition with a hyphen": (names.DEFINITION, "web-2019"),
    "a group with parentheses at the end": (names.RESOURCE_GROUP, "web(1)"),
    "a group with a letter beyond ASCII": (names.RESOURCE_GROUP, "größe"),
    "a publisher of 128 letters": (names.PUBLISHER, "a" * 128),
    "a SKU beginning with a dot": (names.SKU, ".x"),
}
BAD_NAMES = {
    "an empty image name": (names.IMAGE, ""),
    "an image beginning with an underscore": (names.IMAGE, "_web"),
    "an image ending in a dot": (names.IMAGE, "web."),
    "an image of 81 letters": (names.IMAGE, "a" * 81),
    "an image with a blank": (names.IMAGE, "a b"),
    "an image with a line end": (names.IMAGE, "web\n"),
    "an image with a letter beyond ASCII": (names.IMAGE, "wéb"),
    "a gallery with a hyphen": (names.GALLERY, "my-gallery"),
    "a gallery ending in an underscore": (names.GALLERY, "gallery_"),
    "a definition ending in a hyphen": (names.DEFINITION, "web-"),
    "a group ending in a dot": (names.RESOURCE_GROUP, "web."),
    "a group of 91 letters": (names.RESOURCE_GROUP, "a" * 91),
    "an offer of 65 letters": (names.OFFER, "a" * 65),
    "a publisher ending in a dot": (names.PUBLISHER, "contoso."),
}
BAD_IDS = {
    "empty": "",
    "only a name": "web-2019",
    "a query behind it": IMAGE_ID + "?x=1",
    "a fragment behind it": IMAGE_ID + "#x",
    "a slash behind it": IMAGE_ID + "/",
    "a lock behind it": IMAGE_ID + "/providers/Microsoft.Authorization/locks/l",
    "a blank before it": " " + IMAGE_ID,
    "a line end behind it": IMAGE_ID + "\n",
    "no slash before it": IMAGE_ID[1:],
    "a host before it": "https://management.azure.com" + IMAGE_ID,
    "another provider": IMAGE_ID.replace("Microsoft.Compute", "Microsoft.Storage"),
    "a gallery": GALLERY_ID,
    "a subscription that is no GUID": IMAGE_ID.replace(SUBSCRIPTION, "prod"),
    "a GUID in braces": IMAGE_ID.replace(SUBSCRIPTION, "{" + SUBSCRIPTION + "}"),
    "an escaped name": IMAGE_ID + "%20",
    "dots as the group": IMAGE_ID.replace("/web/", "/../"),
    "an empty group": IMAGE_ID.replace("/web/", "//"),
}
HASH = "a" * 32
BAD_VERSIONS = ["", "1", "1.0", "1.0.0.0", "1.0.x", "-1.0.0", "01.0.0", "1.0.2147483648", "1.0.0 "]
BAD_VERSIONS += ["1..0", "v1.0.0", "1.0.0\n", "１.0.0", "1.0.99999999999999999999", "latest"]


@pytest.mark.parametrize(("rule", "name"), GOOD_NAMES.values(), ids=GOOD_NAMES)
def test_a_name_that_azure_takes_is_taken(rule: names.NameRule, name: str) -> None:
    """No problem is found."""
    assert rule.problem_with(name) is None


@pytest.mark.parametrize(("rule", "name"), BAD_NAMES.values(), ids=BAD_NAMES)
def test_a_name_that_azure_refuses_is_refused_with_the_rule(
    rule: names.NameRule, name: str
) -> None:
    """The problem says the rule in words."""
    assert rule.words in (rule.problem_with(name) or "")


@pytest.mark.parametrize("text", BAD_IDS.values(), ids=BAD_IDS)
def test_what_is_not_exactly_an_image_id_is_refused(text: str) -> None:
    """Ids are parsed segment by segment."""
    with pytest.raises(ValueError, match=r"must be|is no subscription id|is not allowed"):
        names.parse_image_id(text)


def test_an_image_id_is_read_without_case_and_written_in_one_form() -> None:
    """Azure answers `RESOURCEGROUPS` and lower-case providers for one and the same image."""
    shouted = IMAGE_ID.replace("resourceGroups", "RESOURCEGROUPS").replace("images", "Images")
    assert str(names.parse_image_id(shouted)) == IMAGE_ID
    assert names.parse_image_id(IMAGE_ID.upper()).key == IMAGE_ID.lower()


@pytest.mark.parametrize("name", BAD_VERSIONS)
def test_what_is_no_version_name_is_refused(name: str) -> None:
    """Three whole numbers of 32 bits, nothing else."""
    with pytest.raises(ValueError, match=r"Major\.Minor\.Patch"):
        names.parse_version_name(name)


@given(st.tuples(*[st.integers(0, 2**31 - 1)] * 3))
def test_every_three_numbers_are_a_version_name(parts: tuple[int, int, int]) -> None:
    """A version name is read as it was written."""
    assert names.parse_version_name(".".join(map(str, parts))) == parts


@given(
    st.integers(1, 999_999),
    st.sampled_from([IMAGE_ID, IMAGE_ID.upper()]),
    st.sampled_from(["", "0123abcd"]),
)
def test_a_migration_id_comes_apart_again_and_fits_into_a_url(
    attempt: int, image: str, chance: str
) -> None:
    """The id is safe unescaped, and the same whatever the case of the image id."""
    made = names.migration_id(names.image_key(image), attempt, chance)
    assert names.parse_migration_id(made) == (names.image_key(IMAGE_ID), attempt)
    assert re.fullmatch("[0-9a-f-]+", made)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        HASH,
        HASH + "-0",
        HASH.upper() + "-1",
        "../x-1",
        HASH + "-1-0123",
        HASH + "-1-0123ABCD",
    ],
)
def test_what_is_no_migration_id_is_none(text: str) -> None:
    """No lookup is made with it."""
    assert names.parse_migration_id(text) is None


def test_the_random_part_of_a_migration_id_stands_behind_the_attempt() -> None:
    """Records put back from a copy number an attempt once more; earlier versions wrote none."""
    assert names.migration_id(HASH, 7, "0123abcd") == f"{HASH}-7-0123abcd"
    assert names.migration_id(HASH, 7) == f"{HASH}-7"


def test_derived_ids_differ_by_attempt_phase_and_round() -> None:
    """A child id in use elsewhere would replace that instance."""
    made = {names.replication_instance_id(m, p) for m in ("a-1", "a-2") for p in ("x", "y")}
    assert len(made) == 4
    assert names.approval_event_name(1) != names.approval_event_name(2)


@pytest.mark.parametrize("name", ["South Central US", "southcentralus", "SOUTHCENTRALUS"])
def test_a_region_has_one_short_form(name: str) -> None:
    """However it is written."""
    assert normalise_region(name) == "southcentralus"


@pytest.mark.parametrize("name", ["", " ", "us", "east-us", "2east", "eastus\n", "a" * 51, "öst"])
def test_what_cannot_be_a_region_is_refused(name: str) -> None:
    """With an example of what can."""
    with pytest.raises(ValueError, match="no region name"):
        normalise_region(name)


def test_a_subscription_that_is_no_guid_is_named() -> None:
    """The part that is wrong, not the whole id."""
    with pytest.raises(ValueError, match=r"^'prod' is no subscription id; it must be a GUID$"):
        names.parse_image_id(IMAGE_ID.replace(SUBSCRIPTION, "prod"))


def test_an_id_is_a_value() -> None:
    """Two readings of one id are one entry of a set."""
    assert len({names.parse_image_id(IMAGE_ID), names.parse_image_id(IMAGE_ID)}) == 1


@pytest.mark.parametrize(
    ("text", "known"), [(SUBSCRIPTION, True), (SUBSCRIPTION + "0", False), ("prod", False)]
)
def test_a_subscription_is_a_guid(text: str, known: bool) -> None:
    """And nothing else."""
    assert names.is_guid(text) is known


@pytest.mark.parametrize(
    "name", [names.DefinitionName, names.PublisherName, names.OfferName, names.SkuName]
)
def test_a_name_beyond_all_measure_is_not_repeated(name: Any) -> None:
    """One of 1,024 letters is told with its rule; a longer one with its length only."""
    read = TypeAdapter(name).validate_python
    with pytest.raises(ValidationError, match="is not allowed"):
        read("x" * 1024)
    with pytest.raises(ValidationError, match="at most 1024 characters"):
        read("x" * 1025)


def test_a_version_number_has_32_bits() -> None:
    """The largest is taken, the one behind it is not (above)."""
    assert names.parse_version_name("2147483647.0.2147483647") == (2**31 - 1, 0, 2**31 - 1)


def test_what_an_earlier_deployment_filed_is_found() -> None:
    """An image's key stands in the keys of its records."""
    assert names.image_key(IMAGE_ID) == "74a7f99d694a2fd61fd46d1b0f2f104f"


def test_20_names_are_compared_by_ascii_letters_only() -> None:
    """The Kelvin sign in lower case is a "k" to Python, and another letter to Azure: two groups, two images."""
    kelvin = IMAGE_ID.replace("/web/", "/\u212ait/")
    letter = IMAGE_ID.replace("/web/", "/kit/")
    assert kelvin.lower() == letter.lower()
    assert not names.same_id(kelvin, letter)
    assert names.image_key(kelvin) != names.image_key(letter)
    assert names.parse_image_id(kelvin).key != names.parse_image_id(letter).key
    assert names.same_id(letter, letter.upper())


def test_20_every_ascii_letter_and_nothing_else_is_compared_without_case() -> None:
    """From the first to the last; not what stands before and behind them."""
    assert names.fold("@AZ[`az{\u212aÄ") == "@az[`az{\u212aÄ"


def test_the_id_of_a_version_comes_apart_again() -> None:
    """Gallery, definition and name."""
    made = names.version_id(GALLERY_ID, "web", "1.0.0")
    assert names.parse_version_id(made) == (names.parse_gallery_id(GALLERY_ID), "web", "1.0.0")


@pytest.mark.parametrize(
    "rest", ["", "/images/web", "/images/web/versions/", "/images//versions/1.0.0", "/versions/1"]
)
def test_what_is_no_id_of_a_version_is_refused(rest: str) -> None:
    """Definition and name must both be there."""
    with pytest.raises(ValueError, match="is no id of an image version"):
        names.parse_version_id(GALLERY_ID + rest)
