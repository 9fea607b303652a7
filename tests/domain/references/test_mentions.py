"""Places that name an image: none is missed, however deep or escaped, and a longer name is another image."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.references.mentions import mentions, names

IMAGE = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/My.Group(1)/providers"
    "/Microsoft.Compute/images/web"
)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("tail", ["2", "-2", ".2", "_", ".v1", "-blue", "..x", "é"])
def test_a_longer_name_is_another_image(tail: str) -> None:
    """Resource Graph's `contains` finds it all the same."""
    assert not names(IMAGE + tail, IMAGE)


@pytest.mark.parametrize("tail", ["", "/", "/x", "?a=b", '"', " ", ".", "-", ". Then", ")", ","])
def test_whatever_ends_the_name_makes_it_a_mention(tail: str) -> None:
    """A doubt keeps the image."""
    assert names(f"see {IMAGE}{tail}", IMAGE)


@pytest.mark.parametrize("spelt", [str.lower, str.upper, str.swapcase])
def test_ids_have_no_case(spelt: Any) -> None:
    """Resource Graph and lists write them in different ways."""
    assert list(mentions({"a": spelt(IMAGE)}, IMAGE)) == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"customImageId": IMAGE}),
        json.dumps({"customImageId": IMAGE}).replace("/", "\\/"),
        json.dumps(json.dumps([{"x": IMAGE}])),
        json.dumps({"customImageId": IMAGE}).replace("/", "\\u002f"),
        f"https://portal/#resource/{quote(IMAGE, safe='')}",
    ],
)
def test_texts_within_texts_are_read(text: str) -> None:
    """JSON inside a text, with slashes escaped as some writers do, and addresses."""
    assert list(mentions({"vmTemplate": text}, IMAGE)) == ["vmTemplate"]


@given(TREES, st.lists(st.integers(0, 2) | st.text("abc", min_size=1, max_size=3), max_size=8))
def test_a_mention_is_found_wherever_it_is(tree: Any, path: list[int | str]) -> None:
    """Put at any place of any JSON, it is the one that is told, with its path."""
    planted: Any = IMAGE
    for step in reversed(path):
        planted = [tree] * step + [planted] if isinstance(step, int) else {"z": tree, step: planted}
    (found,) = mentions({"root": planted}, IMAGE)
    told = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    assert found == f"root{told}"


@given(TREES)
def test_nothing_is_found_where_nothing_is(tree: Any) -> None:
    """And nothing breaks it."""
    assert list(mentions(tree, IMAGE)) == []


@pytest.mark.parametrize("text", ["100%", "a % b", "[x", '{"a": ', "{}", "[1, null]", '"', "%zz"])
def test_a_text_that_only_looks_like_more_is_none(text: str) -> None:
    """A percent sign, or a bracket, that begins nothing."""
    assert list(mentions({"a": text}, IMAGE)) == []


def nested(value: Any, levels: int) -> dict[str, Any]:
    """A value in so many objects and lists, the outermost of which has the name `a`."""
    for _ in range(levels - 1):
        value = [value]
    return {"a": value}


@pytest.mark.parametrize(("levels", "brackets"), [(59, 58), (60, 59), (61, 59), (200, 59)])
def test_what_is_nested_beyond_60_levels_is_found_too(levels: int, brackets: int) -> None:
    """It is not taken apart any more, but searched as text."""
    assert list(mentions(nested(IMAGE, levels), IMAGE)) == ["a" + "[0]" * brackets]
    assert list(mentions(nested("another", levels), IMAGE)) == []


@pytest.mark.parametrize("levels", [60, 61])
def test_objects_are_counted_as_lists_are(levels: int) -> None:
    """Each is one level."""
    deep: Any = IMAGE
    for _ in range(levels):
        deep = {"a": deep}
    assert list(mentions(deep, IMAGE)) == [".".join(["a"] * 60)]


@pytest.mark.parametrize(("levels", "is_read"), [(58, True), (59, False), (60, False)])
def test_texts_within_texts_are_read_down_to_there(levels: int, is_read: bool) -> None:
    """Each text that is JSON is a level as well; below, an id that is escaped is not seen."""
    inner = json.dumps([IMAGE]).replace("/", "\\/")
    assert bool(list(mentions(nested(json.dumps(inner), levels), IMAGE))) == is_read
