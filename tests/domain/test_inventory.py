"""The lists: a row for each thing, in order, and pages that together leave nothing out and show nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.inventory import Position, gallery_row, image_rows, version_rows
from domain.values import Json
from tests import builders as b

GALLERY = {"id": "/g", "name": "golden"}
DEFINITION = {"id": "/g/d", "name": "web"}
HERE = Position(0, "golden", "web")


def named(*names: str) -> list[Json]:
    return [{"id": f"/g/d/{name}", "name": name} for name in names]


def shown(there: Position, versions: list[Json]) -> list[str]:
    """The paths of a definition's rows, in their order."""
    return [row["path"] for _, row in version_rows(there, GALLERY, DEFINITION, versions) if row]


# -- rows ----------------------------------------------------------------------------------------------------------


def test_a_version_has_its_row() -> None:
    """With its regions as Azure spells them, and its source."""
    body = b.version_json(hidden=False)
    [(_, row)] = version_rows(HERE, GALLERY, DEFINITION, [body])
    assert row == {
        "path": "golden/web/1.0.0",
        "id": body["id"],
        "gallery": "golden",
        "imageDefinition": "web",
        "imageVersion": "1.0.0",
        "provisioningState": "Succeeded",
        "regions": ["East US 2", "West Europe"],
        "excludeFromLatest": False,
        "sourceId": b.IMAGE_ID,
    }


NOTHING_KNOWN: Json = {
    "provisioningState": None,
    "regions": [],
    "excludeFromLatest": None,
    "sourceId": None,
}


@pytest.mark.parametrize(
    "properties", [{}, {"properties": {}}, {"properties": {"storageProfile": {}}}]
)
def test_a_version_of_which_azure_says_little_has_its_row(properties: Json) -> None:
    """Right after its PUT, say."""
    [version] = named("1.0.0")
    [(_, row)] = version_rows(HERE, GALLERY, DEFINITION, [{**version, **properties}])
    assert row is not None
    assert {key: row[key] for key in NOTHING_KNOWN} == NOTHING_KNOWN


def test_a_definition_without_versions_has_one_row() -> None:
    """It names no version, and lies behind every version that the definition could have."""
    [(position, row)] = version_rows(HERE, GALLERY, DEFINITION, [])
    assert row == {
        "path": "golden/web",
        "id": "/g/d",
        "gallery": "golden",
        "imageDefinition": "web",
        "imageVersion": None,
        **NOTHING_KNOWN,
    }
    [(last, _)] = version_rows(HERE, GALLERY, DEFINITION, named("2147483647.0.0"))
    assert position > last


def test_a_gallery_without_definitions_has_one_row() -> None:
    """It names neither definition nor version."""
    assert gallery_row(GALLERY) == {
        "path": "golden",
        "id": "/g",
        "gallery": "golden",
        "imageDefinition": None,
        "imageVersion": None,
        **NOTHING_KNOWN,
    }


def test_versions_are_in_the_order_of_their_numbers() -> None:
    """Not of their texts; a name that is no number comes first, and is shown all the same."""
    versions = named("10.0.0", "1.0.10", "1.0.9", "9.0.0", "nightly", "0.0.1")
    names = ["nightly", "0.0.1", "1.0.9", "1.0.10", "9.0.0", "10.0.0"]
    assert shown(HERE, versions) == [f"golden/web/{name}" for name in names]


def test_a_name_that_is_no_number_stands_at_none() -> None:
    """Azure makes no such name; it would share the place of the lowest number."""
    [(position, _)] = version_rows(HERE, GALLERY, DEFINITION, named("nightly"))
    [(zero, _)] = version_rows(HERE, GALLERY, DEFINITION, named("0.0.0"))
    assert position == zero


def test_an_image_has_its_row() -> None:
    """Its parts, its OS and generation, and the number of its data disks."""
    disks = [b.data_disk(0), b.data_disk(1)]
    [row] = image_rows([b.image_body(storageProfile=b.storage_profile(data_disks=disks))])
    assert row == {
        "id": b.IMAGE_ID,
        "name": "web-2019",
        "resourceGroup": "web",
        "subscriptionId": b.SUBSCRIPTION,
        "location": "eastus2",
        "osType": "Windows",
        "hyperVGeneration": "V2",
        "provisioningState": "Succeeded",
        "dataDisks": 2,
    }


@pytest.mark.parametrize("properties", [None, {}, {"storageProfile": {}}])
def test_an_image_of_which_azure_says_little_has_its_row(properties: Json | None) -> None:
    """One that names no generation is of the first."""
    [row] = image_rows([{"id": b.IMAGE_ID, "properties": properties}])
    told = {key: row[key] for key in ("osType", "hyperVGeneration", "dataDisks", "location")}
    assert told == {"osType": None, "hyperVGeneration": "V1", "dataDisks": 0, "location": None}


def test_images_are_in_the_order_of_group_and_name_without_case() -> None:
    """As people look for them."""
    ids = [b.IMAGE_ID.replace("/web/", f"/{group}/") for group in ("web", "Data", "app")]
    ids += [b.IMAGE_ID.replace("web-2019", "Alpha")]
    order = [(row["resourceGroup"], row["name"]) for row in image_rows([{"id": i} for i in ids])]
    assert order == [
        ("app", "web-2019"),
        ("Data", "web-2019"),
        ("web", "Alpha"),
        ("web", "web-2019"),
    ]


# -- pages ---------------------------------------------------------------------------------------------------------


def test_a_position_survives_a_cursor() -> None:
    """And no cursor is the beginning, before every name."""
    there = Position(1, "golden", "web", "0000000001.0000000000.0000000000")
    assert Position.parse(there.cursor()) == there
    assert Position.parse([]) == Position(0, "", "", "")
    assert Position.parse([]) < Position(0, "a")


def test_a_position_does_not_change() -> None:
    """The one that a page began at is compared with to its end."""
    with pytest.raises(FrozenInstanceError):
        HERE.gallery = "another"  # type: ignore[misc]


Tree = dict[str, dict[str, list[str]]]
NAMES = st.sampled_from(["a", "a-b", "b", "web"])
NUMBERS = st.lists(st.sampled_from(["0.0.0", "1.0.0", "1.0.9", "1.0.10", "10.0.0"]), unique=True)
TREES = st.lists(
    st.dictionaries(NAMES, st.dictionaries(NAMES, NUMBERS, max_size=3), max_size=3), max_size=3
)


def listed(tree: list[Tree], start: Position) -> Iterator[tuple[Position, Json | None]]:
    """Everything behind a position, leaving out what need not be read, as the list of galleries does."""
    for number, galleries in enumerate(tree):
        for gallery, definitions in sorted(galleries.items()):
            here, body = Position(number, gallery), {"id": "/g", "name": gallery}
            if start.is_past_gallery(here):
                continue
            if not definitions:
                yield from start.after([(here.through(), gallery_row(body))])
            for definition, versions in sorted(definitions.items()):
                there = Position(number, gallery, definition)
                if start.is_past_definition(there):
                    continue
                part = {"id": "/g/d", "name": definition}
                yield from start.after(version_rows(there, body, part, named(*versions)))


@given(TREES)
def test_pages_that_begin_anywhere_go_on_from_there(tree: list[Any]) -> None:
    """Each row is the last of some page: the next page has all behind it, and nothing before."""
    rows = list(listed(tree, Position()))
    assert len(rows) == sum(
        len(versions) or 1
        for galleries in tree
        for definitions in galleries.values()
        for versions in (definitions.values() or [[]])
    )
    for number, (position, _) in enumerate(rows, 1):
        assert list(listed(tree, Position.parse(position.cursor()))) == rows[number:]


def test_what_a_page_has_had_is_not_read_again() -> None:
    """Each gallery and definition left out is a call to Azure less; the one where it ended is read on."""
    end = Position(1, "golden", "web", "0000000001.0000000000.0000000000")
    assert end.is_past_gallery(Position(0, "zeta"))
    assert end.is_past_gallery(Position(1, "alpha"))
    assert not end.is_past_gallery(Position(1, "golden"))
    assert end.is_past_definition(Position(1, "golden", "app"))
    assert not end.is_past_definition(Position(1, "golden", "web"))
    assert not end.is_past_definition(Position(1, "golden", "zeta"))
