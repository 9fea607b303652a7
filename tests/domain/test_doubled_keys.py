"""Doubled keys: each is named once, at any depth; what is no JSON has none."""

from __future__ import annotations

import pytest

from domain.doubled_keys import doubled_keys

DOUBLED = {
    "no object": (b"[1, 1]", []),
    "each once": (b'{"a": 1, "b": {"a": 1}}', []),
    "one twice": (b'{"a": 1, "a": 1}', ["a"]),
    "one three times": (b'{"a": 1, "a": 2, "a": 3}', ["a"]),
    "two of them": (b'{"b": 1, "a": 1, "a": 2, "b": 2, "c": 3}', ["a", "b"]),
    "within a list": (b'[{"a": {"b": 1, "b": 2}}]', ["b"]),
    "one without a name": (b'{"": 1, "": 2}', ["body"]),
    "no JSON": (b'{"a": 1, "a": 2', []),
    "no text": (b"\xff\xfe\xff", []),
    "too deep": (b"[" * 100_000, []),
}


@pytest.mark.parametrize(("text", "fields"), DOUBLED.values(), ids=DOUBLED)
def test_a_key_that_stands_twice_is_named(text: bytes, fields: list[str]) -> None:
    """By itself, since nobody can tell which of the two was meant."""
    assert [problem.field for problem in doubled_keys(text)] == fields
