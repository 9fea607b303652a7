"""Any text comes back out of an entity's properties, within the service's limits."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.backends.chunks import (
    MAX_PARTS,
    PROPERTY_BYTES,
    Properties,
    from_properties,
    to_properties,
)
from records.backends.encoding import encode, to_plain
from records.store import RecordError, RecordTooLargeError

_ENTITY_BYTES = 1_048_576
_SEED = 20261122

_TEXT = st.text(max_size=20)
_LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_JSON = st.recursive(_LEAF | _TEXT, lambda inner: st.lists(inner, max_size=4), max_leaves=8)


def _bytes(value: str | bytes | int) -> int:
    if isinstance(value, str):
        return len(value.encode("utf-16-le"))
    return len(value) if isinstance(value, bytes) else 4


def _noise(characters: int) -> str:
    """Text that hardly deflates."""
    print(f"seed {_SEED}")  # noqa: T201 - shown when a test fails
    return "".join(random.Random(_SEED).choices([chr(n) for n in range(32, 127)], k=characters))


@settings(max_examples=60)
@given(
    st.dictionaries(_TEXT, _JSON, max_size=8), st.integers(0, 100_000), st.sampled_from("xé漢🙈")
)
def test_every_value_comes_back(value: dict[str, object], filling: int, filler: str) -> None:
    """Whatever the value and its length, reading gives what was written, property by property."""
    value["filling"] = filler * filling
    properties = to_properties(to_plain(encode(value)))
    assert json.loads(from_properties(properties)) == value
    assert all(_bytes(held) <= PROPERTY_BYTES for held in properties.values())


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["text"]),
        ("x" * 32_768, ["text"]),
        ("x" * 32_769, ["parts", "part00"]),
        ("🙈" * 16_384, ["text"]),
        ("🙈" * 16_384 + "x", ["parts", "part00"]),
        (_noise(100_000), ["parts", "part00", "part01"]),
    ],
)
def test_text_stays_readable_while_it_fits(text: str, names: list[str]) -> None:
    """Up to 32,768 UTF-16 units one string property holds the text, beyond that deflated parts."""
    properties = to_properties(text)
    assert list(properties) == names
    assert from_properties(properties) == text


def test_600000_characters_fit_without_deflating_well() -> None:
    """Even random ASCII of the promised length stays far below an entity's limit."""
    properties = to_properties(_noise(600_000))
    size = sum(2 * len(name) + 8 + _bytes(held) for name, held in properties.items())
    assert size < _ENTITY_BYTES * 0.6


def test_what_no_entity_holds_is_refused() -> None:
    """Beyond fifteen parts nothing is sent, and what has exactly fifteen leaves room for keys."""
    with pytest.raises(RecordTooLargeError, match="deflated"):
        to_properties(_noise(1_300_000))
    assert MAX_PARTS * PROPERTY_BYTES + 4 * 255 < _ENTITY_BYTES


@pytest.mark.parametrize(
    "damaged",
    [{}, {"parts": 2, "part00": b"x"}, {"parts": 1, "part00": "x"}, {"parts": 1, "part00": b"x"}],
)
def test_a_damaged_entity_is_told(damaged: Properties) -> None:
    """An entity that somebody else has changed is an error, not a value."""
    with pytest.raises(RecordError, match="does not hold"):
        from_properties(damaged)
